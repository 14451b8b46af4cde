#include "core/classify/course.h"

#include "core/classify/classify.h"

#define HALF (VOC_COURSE_TURNS_MAX / 2)

/* Takes a line off the front; false at the end. Empty ones are no turns. */
static bool next_turn(struct voc_str *rest, struct voc_str *ret_turn)
{
	while (rest->len > 0) {
		*ret_turn = voc_str_take_until(rest, '\n');
		if (ret_turn->len > 0)
			return true;
	}
	return false;
}

static uint32_t count_turns(struct voc_str text)
{
	struct voc_str turn;
	uint32_t turns = 0;
	while (next_turn(&text, &turn))
		turns++;
	return turns;
}

/* 0 for what says nothing of it. */
static int level(enum voc_satisfaction satisfaction)
{
	switch (satisfaction) {
	case VOC_SATISFACTION_DISSATISFIED: return -1;
	case VOC_SATISFACTION_SATISFIED: return 1;
	case VOC_SATISFACTION_DELIGHTED: return 2;
	default: return 0;
	}
}

enum voc_trend voc_course_trend(const enum voc_satisfaction *satisfaction, size_t count)
{
	int first = 0, last = 0;
	for (size_t i = 0; i < count; i++) {
		int now = level(satisfaction[i]);
		first = first == 0 ? now : first;
		last = now != 0 ? now : last;
	}
	if (first == last)
		return VOC_TREND_STEADY;
	return last > first ? VOC_TREND_BETTER : VOC_TREND_WORSE;
}

void voc_course_find(const struct voc_classifier *classifier, struct voc_classify_scratch *scratch,
                     const struct voc_utterance *call, struct voc_course *ret_course)
{
	struct voc_utterance one = *call;
	struct voc_labels labels;
	struct voc_str rest = call->text;
	uint32_t turns = count_turns(call->text);
	memset(ret_course, 0, sizeof *ret_course);
	if (turns < 2)
		return;
	ret_course->turns = turns;
	one.rating = 0;
	for (uint32_t i = 0; next_turn(&rest, &one.text); i++) {
		if (i >= HALF && i + HALF < turns)
			continue;
		voc_classify_turn(classifier, scratch, &one, (size_t)(one.text.ptr - call->text.ptr), &labels);
		ret_course->satisfaction[ret_course->count++] = labels.satisfaction;
	}
	ret_course->trend = voc_course_trend(ret_course->satisfaction, ret_course->count);
}

void voc_course_write(struct voc_json_writer *json, const struct voc_course *course)
{
	if (course->turns == 0)
		return;
	voc_json_key(json, "course");
	voc_json_object(json);
	voc_json_member_i64(json, "turns", course->turns);
	voc_json_key(json, "satisfaction");
	voc_json_array(json);
	for (size_t i = 0; i < course->count; i++)
		voc_json_str(json, voc_str_from(voc_satisfaction_name(course->satisfaction[i])));
	voc_json_array_end(json);
	voc_json_member_str(json, "trend", voc_str_from(voc_trend_name(course->trend)));
	voc_json_object_end(json);
}
