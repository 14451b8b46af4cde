#include "tail.h"

#include "base/hash.h"

#include <stdlib.h>

/* Partitions of all the topics asked for. */
struct places {
	struct voc_position *from; /* owned, as the others */
	struct voc_watermarks *watermarks;
	int64_t *ends;
	size_t count;
};

static void places_free(struct places *places)
{
	free(places->from);
	free(places->watermarks);
	free(places->ends);
}

static bool places_grow(struct places *places, size_t more)
{
	size_t count = places->count + more;
	struct voc_position *from = realloc(places->from, (count + 1) * sizeof *from);
	if (from != NULL)
		places->from = from;
	struct voc_watermarks *watermarks = realloc(places->watermarks, (count + 1) * sizeof *watermarks);
	if (watermarks != NULL)
		places->watermarks = watermarks;
	int64_t *ends = realloc(places->ends, (count + 1) * sizeof *ends);
	if (ends != NULL)
		places->ends = ends;
	return from != NULL && watermarks != NULL && ends != NULL;
}

static enum voc_status add_topic(struct places *places, const struct voc_conf *conf, struct voc_admin *admin,
                                 const struct vocctl_tail *tail, struct voc_error *error)
{
	char name[VOC_TOPIC_NAME_SIZE];
	int32_t partitions = 0;
	if (!voc_topic_name(name, conf->topic_prefix, tail->topic))
		return voc_error_set(error, VOC_FATAL, VOC_REASON_CONFIG, -1, "the topic prefix is too long");
	enum voc_status status = voc_admin_partition_count(admin, name, VOCCTL_TAIL_TIMEOUT_MS, &partitions, error);
	if (status != VOC_OK)
		return status;
	bool one = tail->key.len > 0 && partitions > 0;
	size_t first = places->count, count = one ? 1 : (size_t)partitions;
	int32_t from_partition = one ? voc_partition_of(tail->key, partitions) : 0;
	if (!places_grow(places, count))
		return voc_error_set(error, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1, "out of memory");
	for (size_t i = 0; i < count; i++) {
		struct voc_position *position = &places->from[first + i];
		voc_str_copy(position->topic, sizeof position->topic, voc_str_from(name));
		position->partition = from_partition + (int32_t)i;
	}
	if (count > 0)
		status = voc_admin_watermarks(admin, places->from + first, count, places->watermarks + first,
		                              VOCCTL_TAIL_TIMEOUT_MS, error);
	for (size_t i = first; status == VOC_OK && i < first + count; i++) {
		struct voc_watermarks marks = places->watermarks[i];
		int64_t held = marks.high - marks.low;
		places->from[i].offset = held > tail->last ? marks.high - tail->last : marks.low;
		places->ends[i] = marks.high;
	}
	places->count += status == VOC_OK ? count : 0;
	return status;
}

enum voc_status vocctl_tail_open(const struct voc_kafka_settings *settings, struct voc_admin *admin,
                                 const struct vocctl_tail *tails, size_t count, bool follow,
                                 struct voc_reader **ret_reader, struct voc_error *error)
{
	struct places places = { 0 };
	enum voc_status status = VOC_OK;
	for (size_t i = 0; status == VOC_OK && i < count; i++)
		status = add_topic(&places, settings->conf, admin, &tails[i], error);
	if (status == VOC_OK)
		status = voc_reader_open(settings, places.from, follow ? NULL : places.ends, places.count, ret_reader,
		                         error);
	places_free(&places);
	return status;
}
