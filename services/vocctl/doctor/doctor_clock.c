/* Whether Kafka's clock goes as this one does, by the stamps of records: see doctor.h. */
#include "base/clock.h"
#include "doctor.h"

#include <stdlib.h>

#define TIMEOUT_MS 5000
#define SLACK_MS   30000 /* also what a record may wait between its stamp and its being seen */

/* Keeps the positions of topics that are stamped on arrival. */
static size_t keep_stamped(const struct doctor *doctor, struct voc_position *positions)
{
	size_t kept = 0, at = 0;
	for (int topic = 0; topic < VOC_INPUT_TOPIC_COUNT; topic++) {
		for (int32_t p = 0; p < doctor->topics[topic].partitions; p++, at++) {
			if (doctor->stamped_on_arrival[topic])
				positions[kept++] = positions[at];
		}
	}
	return kept;
}

void doctor_clock_begin(struct doctor_clock *clock, const struct doctor *doctor)
{
	*clock = (struct doctor_clock){ .began_ms = voc_clock_wall_ms() };
	clock->positions = doctor_positions(doctor, 0, VOC_INPUT_TOPIC_COUNT - 1, &clock->count);
	if (clock->positions)
		clock->count = keep_stamped(doctor, clock->positions);
	clock->marks = calloc(clock->count + 1, sizeof *clock->marks);
	if (!clock->positions || !clock->marks || clock->count == 0 ||
	    voc_admin_watermarks(doctor->admin, clock->positions, clock->count, clock->marks, TIMEOUT_MS, NULL) !=
	            VOC_OK)
		clock->count = 0;
}

/* Those to which a record came since; the others are dropped. */
static size_t keep_grown(struct doctor_clock *clock, struct doctor *doctor)
{
	struct voc_watermarks *now = calloc(clock->count + 1, sizeof *now);
	size_t grown = 0;
	if (now && clock->count > 0 &&
	    voc_admin_watermarks(doctor->admin, clock->positions, clock->count, now, TIMEOUT_MS, NULL) == VOC_OK) {
		for (size_t i = 0; i < clock->count; i++) {
			if (now[i].high > clock->marks[i].high)
				clock->positions[grown++] = clock->positions[i];
		}
	}
	free(now);
	return grown;
}

static void judge_ahead(struct doctor *doctor)
{
	size_t count;
	struct voc_since since;
	struct voc_position *positions = doctor_positions(doctor, 0, VOC_INPUT_TOPIC_COUNT - 1, &count);
	if (positions && count > 0 &&
	    voc_admin_since(doctor->admin, positions, count, voc_clock_wall_ms() + SLACK_MS, TIMEOUT_MS, &since,
	                    NULL) == VOC_OK)
		doctor_tell(doctor, DOCTOR_KAFKA_CLOCK, since.some > 0 ? DOCTOR_WARN : DOCTOR_OK, "%s",
		            since.some > 0 ? "records are stamped more than 30 s later than it is here"
		                           : "no record is from the future");
	free(positions);
}

static void judge_behind(struct doctor_clock *clock, struct doctor *doctor)
{
	struct voc_since since;
	size_t grown = keep_grown(clock, doctor);
	if (grown == 0)
		doctor_tell(doctor, DOCTOR_KAFKA_CLOCK, DOCTOR_OK,
		            "no record came meanwhile, by which a clock that is behind would show");
	else if (voc_admin_since(doctor->admin, clock->positions, grown, clock->began_ms - SLACK_MS, TIMEOUT_MS, &since,
	                         NULL) == VOC_OK)
		doctor_tell(doctor, DOCTOR_KAFKA_CLOCK, since.none > 0 ? DOCTOR_WARN : DOCTOR_OK, "%s",
		            since.none > 0
		                    ? "records that came just now are stamped more than 30 s earlier than it is here"
		                    : "records that came just now are stamped as of now");
}

void doctor_clock_end(struct doctor_clock *clock, struct doctor *doctor)
{
	judge_ahead(doctor);
	judge_behind(clock, doctor);
	free(clock->positions);
	free(clock->marks);
}
