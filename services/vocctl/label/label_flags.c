#include "label_flags.h"

static enum voc_status refuse(struct voc_error *error, const char *flag, enum voc_head head)
{
	char names[120] = "";
	struct voc_buf buf = { .ptr = names, .cap = sizeof names, .max = sizeof names - 1 };
	const char *name;
	for (int label = 0; label < 8 && (name = voc_head_label_name(head, label)) != NULL; label++) {
		if (strcmp(name, "unknown") != 0)
			voc_buf_addf(&buf, "%s%s", buf.len > 0 ? ", " : "", name);
	}
	return voc_error_set(error, VOC_INVALID, VOC_REASON_BAD_VALUE, -1, "--%s: no such label; there are %.*s", flag,
	                     (int)buf.len, names);
}

/* Takes a name off the front of a list with commas. */
static struct voc_str take_name(struct voc_str *list)
{
	const char *comma = memchr(list->ptr, ',', list->len);
	size_t len = comma ? (size_t)(comma - list->ptr) : list->len;
	struct voc_str name = voc_str_of(list->ptr, len);
	size_t used = comma ? len + 1 : len;
	*list = voc_str_of(list->ptr + used, list->len - used);
	return name;
}

static bool read_list(const char *text, uint32_t *ret_factors, enum voc_factor *ret_first)
{
	struct voc_str list = voc_str_from(text);
	uint32_t factors = 0;
	*ret_first = VOC_FACTOR_NONE;
	do {
		enum voc_factor factor;
		if (!voc_factor_parse(take_name(&list), &factor))
			return false;
		if (factor != VOC_FACTOR_NONE && factors == 0)
			*ret_first = factor;
		if (factor != VOC_FACTOR_NONE)
			factors |= 1U << factor;
		else if (factors != 0 || list.len > 0)
			return false; /* "none" stands alone */
	} while (list.len > 0);
	*ret_factors = factors;
	return true;
}

static enum voc_status read_factors(const struct label_flags *flags, struct voc_labels *labels, struct voc_error *error)
{
	enum voc_factor first = VOC_FACTOR_NONE;
	if (flags->factors && !read_list(flags->factors, &labels->factors, &first))
		return refuse(error, "factors", VOC_HEAD_FACTOR);
	labels->primary_factor = first;
	if (flags->primary_factor && !voc_factor_parse(voc_str_from(flags->primary_factor), &labels->primary_factor))
		return refuse(error, "primary-factor", VOC_HEAD_FACTOR);
	if (!flags->factors && labels->primary_factor != VOC_FACTOR_NONE)
		labels->factors = 1U << labels->primary_factor;
	bool several = (labels->factors & (labels->factors - 1)) != 0;
	if (several && !flags->primary_factor)
		return voc_error_set(error, VOC_INVALID, VOC_REASON_BAD_VALUE, -1,
		                     "several factors: --primary-factor tells which one leads");
	return VOC_OK;
}

static enum voc_status read_churn(const char *text, bool *ret_churn, struct voc_error *error)
{
	*ret_churn = strcmp(text, "yes") == 0;
	if (*ret_churn || strcmp(text, "no") == 0)
		return VOC_OK;
	return voc_error_set(error, VOC_INVALID, VOC_REASON_BAD_VALUE, -1, "--churn-intent: yes or no is wanted");
}

enum voc_status label_flags_read(const struct label_flags *flags, struct voc_correction *correction,
                                 struct voc_error *error)
{
	struct voc_labels *labels = &correction->labels;
	enum voc_status status = VOC_OK;
	const bool given[VOC_HEAD_COUNT] = {
		[VOC_HEAD_FEEDBACK] = flags->feedback,
		[VOC_HEAD_SATISFACTION] = flags->satisfaction,
		[VOC_HEAD_FACTOR] = flags->factors || flags->primary_factor,
		[VOC_HEAD_SERVQUAL] = flags->servqual,
		[VOC_HEAD_CHURN] = flags->churn,
	};
	for (int head = 0; head < VOC_HEAD_COUNT; head++)
		correction->heads |= (uint32_t)given[head] << head;
	if (flags->feedback && !voc_feedback_parse(voc_str_from(flags->feedback), &labels->feedback))
		return refuse(error, "feedback-type", VOC_HEAD_FEEDBACK);
	if (flags->satisfaction && !voc_satisfaction_parse(voc_str_from(flags->satisfaction), &labels->satisfaction))
		return refuse(error, "satisfaction", VOC_HEAD_SATISFACTION);
	if (flags->servqual && !voc_servqual_parse(voc_str_from(flags->servqual), &labels->servqual))
		return refuse(error, "servqual", VOC_HEAD_SERVQUAL);
	if (given[VOC_HEAD_FACTOR])
		status = read_factors(flags, labels, error);
	if (status == VOC_OK && flags->churn)
		status = read_churn(flags->churn, &labels->churn_intent, error);
	return status == VOC_OK ? voc_correction_check(correction, error) : status;
}
