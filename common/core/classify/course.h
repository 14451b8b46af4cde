/*
 * The course of a call: how satisfied the customer was, turn by turn, and where that led.
 *
 * Each line of a call's text is a turn of the customer (core/record/event.h joins them so; a turn with line breaks of
 * its own counts as several). Pure; the scratch belongs to the calling thread.
 */
#ifndef VOC_CORE_COURSE_H
#define VOC_CORE_COURSE_H

#include "base/json_write.h"
#include "core/record/labels.h"

#define VOC_COURSE_TURNS_MAX 32 /* kept of a call: half of them from its beginning, half from its end */

struct voc_course {
	uint32_t turns; /* of the call; 0: no call of several turns, and nothing else here means anything */
	size_t count;
	enum voc_satisfaction satisfaction[VOC_COURSE_TURNS_MAX];
	/* From the first kept turn that says how satisfied the customer is to the last one that does. */
	enum voc_trend trend;
};

struct voc_classifier;
struct voc_classify_scratch;
struct voc_utterance;

/*
 * Labels each turn by itself; the rating, which is of the whole call, is not looked at. `call` is what voc_classify was
 * last given with this scratch.
 */
void voc_course_find(const struct voc_classifier *classifier, struct voc_classify_scratch *scratch,
                     const struct voc_utterance *call, struct voc_course *ret_course);
enum voc_trend voc_course_trend(const enum voc_satisfaction *satisfaction, size_t count);
/* The member "course", if there is one. */
void voc_course_write(struct voc_json_writer *json, const struct voc_course *course);

#endif
