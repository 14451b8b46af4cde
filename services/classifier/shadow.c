#include "classifier/shadow.h"

#include "base/log.h"
#include "io/service/metrics.h"

#define QUIET_MS 10000

/* By the record's place: the same one is in the share at every reading. */
static bool is_in_share(const struct voc_shadow *shadow, const struct voc_message *message)
{
	uint64_t place = (uint64_t)message->offset * 0x9E3779B97F4A7C15u + (uint64_t)message->partition;
	return (int64_t)((place >> 32) % 100) < shadow->share_percent;
}

/* The first head that differs; vocctl shadow tells all. */
static void log_change(struct voc_shadow *shadow, const struct voc_message *message, uint32_t changes,
                       const struct voc_labels *live, const struct voc_labels *others, int64_t now_ms)
{
	enum voc_head head = (enum voc_head)__builtin_ctz(changes);
	shadow->unlogged++;
	if (now_ms < shadow->quiet_until_ms)
		return;
	VOC_LOG(VOC_LOG_INFO, "shadow differs", VOC_LOG_STR("head", voc_head_name(head)),
	        VOC_LOG_STR("live", voc_labels_name(head, voc_labels_get(live, head))),
	        VOC_LOG_STR("shadow", voc_labels_name(head, voc_labels_get(others, head))),
	        VOC_LOG_STR("topic", message->topic.ptr), VOC_LOG_INT("partition", message->partition),
	        VOC_LOG_INT("offset", message->offset), VOC_LOG_INT("count", shadow->unlogged));
	shadow->unlogged = 0;
	shadow->quiet_until_ms = now_ms + QUIET_MS;
}

void voc_shadow_look(struct voc_shadow *shadow, struct voc_step *step, const struct voc_message *message,
                     int64_t now_ms)
{
	struct voc_labels live, others;
	if (!shadow->classifier || !is_in_share(shadow, message))
		return;
	voc_step_compare(step, shadow->classifier, &live, &others);
	uint32_t changes = voc_labels_diff(&live, &others);
	voc_metric_add(VOC_METRIC_SHADOW_EVENTS, 1);
	voc_metric_add(VOC_METRIC_SHADOW_ALERTING, voc_labels_differ_in_alarm(&live, &others));
	for (int head = 0; head < VOC_HEAD_COUNT; head++)
		voc_metric_add_labelled(VOC_LABELLED_SHADOW_CHANGES, head, changes >> head & 1);
	if (changes != 0)
		log_change(shadow, message, changes, &live, &others, now_ms);
}
