#include "core/record/labels_write.h"

static void write_factors(struct voc_json_writer *json, const struct voc_labels *labels)
{
	voc_json_member_str(json, "primary_factor", voc_str_from(voc_factor_name(labels->primary_factor)));
	voc_json_key(json, "factors");
	voc_json_array(json);
	for (int factor = VOC_FACTOR_NONE + 1; factor < VOC_FACTOR_COUNT; factor++) {
		if (labels->factors >> factor & 1)
			voc_json_str(json, voc_str_from(voc_factor_name((enum voc_factor)factor)));
	}
	voc_json_array_end(json);
}

void voc_labels_write(struct voc_json_writer *json, const struct voc_labels *labels, uint32_t heads)
{
	if (heads >> VOC_HEAD_FEEDBACK & 1)
		voc_json_member_str(json, "feedback_type", voc_str_from(voc_feedback_name(labels->feedback)));
	if (heads >> VOC_HEAD_SATISFACTION & 1)
		voc_json_member_str(json, "satisfaction", voc_str_from(voc_satisfaction_name(labels->satisfaction)));
	if (heads >> VOC_HEAD_FACTOR & 1)
		write_factors(json, labels);
	if (heads >> VOC_HEAD_SERVQUAL & 1)
		voc_json_member_str(json, "servqual", voc_str_from(voc_servqual_name(labels->servqual)));
	if (heads >> VOC_HEAD_CHURN & 1)
		voc_json_member_bool(json, "churn_intent", labels->churn_intent);
}
