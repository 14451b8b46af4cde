/*
 * What would change if other classifier files came into force: counts by head, language and channel, and some examples.
 * Plain data; pure but for the terminal's width of characters.
 */
#ifndef VOC_VOCCTL_SHADOW_REPORT_H
#define VOC_VOCCTL_SHADOW_REPORT_H

#include "core/classify/classify.h"

#define SHADOW_LABELS_MAX   6   /* of one head */
#define SHADOW_EXAMPLES_MAX 100 /* of one head */
#define SHADOW_ID_SIZE      128
#define SHADOW_TEXT_SIZE    400 /* longer ones are cut */
#define SHADOW_NAME_SIZE    64

/* One utterance, labelled by both. All is borrowed. */
struct shadow_case {
	struct voc_str id, text;
	enum voc_channel channel;
	const struct voc_classification *live, *other;
};

struct shadow_example {
	char id[SHADOW_ID_SIZE], text[SHADOW_TEXT_SIZE];
	char from[SHADOW_NAME_SIZE], to[SHADOW_NAME_SIZE]; /* labels of its head; all factors, "emotion+equity" */
	char why_from[VOC_EVIDENCE_MAX_BYTES + 1], why_to[VOC_EVIDENCE_MAX_BYTES + 1]; /* the strongest evidence */
};

struct shadow_group {
	int64_t events, changed;
};

struct shadow_report {
	size_t examples_most; /* of a head */
	int64_t events, changed, unread;
	struct shadow_group groups[2][VOC_CHANNEL_COUNT]; /* ko, en */
	int64_t head_changes[VOC_HEAD_COUNT];
	int64_t confusion[VOC_HEAD_COUNT][SHADOW_LABELS_MAX][SHADOW_LABELS_MAX]; /* live, other */
	int64_t complaints_come, complaints_go, churn_come, churn_go, alarms;
	size_t example_count[VOC_HEAD_COUNT];
	struct shadow_example examples[VOC_HEAD_COUNT][SHADOW_EXAMPLES_MAX];
};

void shadow_report_add(struct shadow_report *report, const struct shadow_case *each);
/* For people; with `texts`, the examples' words. */
void shadow_report_show(struct voc_buf *page, const struct shadow_report *report, const char *live, const char *other,
                        bool texts);
/* One JSON object, one line. */
void shadow_report_json(struct voc_buf *page, const struct shadow_report *report, const char *live, const char *other,
                        bool texts);

#endif
