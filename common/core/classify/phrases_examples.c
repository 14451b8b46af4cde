#include "core/classify/phrases_rules.h"

#include <stdlib.h>

struct scratch {
	struct voc_normal normal;
	struct voc_tokens tokens;
	struct voc_phrase_hits hits;
	struct voc_phrase_matcher *matcher;
};

static bool hits_section(const struct voc_rule_example *example, const struct voc_phrase_hits *hits)
{
	for (size_t i = 0; i < hits->count; i++) {
		const struct voc_phrase_hit *hit = &hits->at[i];
		if (hit->head == (enum voc_head)example->rule_head && hit->label == (int)example->rule_label &&
		    hit->against == example->against)
			return true;
	}
	return false;
}

static struct voc_phrase_trial try_one(const struct voc_phrases *phrases, const struct voc_rule_example *example,
                                       struct scratch *scratch)
{
	voc_normalize(example->text, &scratch->normal);
	voc_tokenize(&scratch->normal, voc_str_of(NULL, 0), &scratch->tokens);
	voc_phrases_find(phrases, scratch->matcher, &scratch->normal, &scratch->tokens, &scratch->hits);
	return (struct voc_phrase_trial){
		.line = example->line,
		.text = example->text,
		.head = (enum voc_head)example->rule_head,
		.label = (int)example->rule_label,
		.against = example->against,
		.expected = example->expected,
		.good = hits_section(example, &scratch->hits) == example->expected,
	};
}

enum voc_status voc_phrases_try_examples(const struct voc_phrases *phrases, voc_phrase_trial_fn *each, void *context,
                                         struct voc_error *error)
{
	enum voc_status status = VOC_OK;
	struct scratch *scratch = calloc(1, sizeof *scratch);
	if (scratch)
		scratch->matcher = voc_phrase_matcher_new();
	if (!scratch || !scratch->matcher)
		status = voc_error_set(error, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1, "no memory for the examples");
	for (size_t i = 0; status == VOC_OK && i < phrases->example_count; i++) {
		struct voc_phrase_trial trial = try_one(phrases, &phrases->examples[i], scratch);
		each(context, &trial);
	}
	if (scratch)
		voc_phrase_matcher_free(scratch->matcher);
	free(scratch);
	return status;
}

struct check {
	const struct voc_phrases *phrases;
	size_t checked;
	struct voc_error *error;
	enum voc_status status;
};

static void check_one(void *context, const struct voc_phrase_trial *trial)
{
	struct check *check = context;
	check->checked++;
	if (!trial->good && check->status == VOC_OK)
		check->status = voc_error_set(check->error, VOC_INVALID, VOC_REASON_CONFIG, -1,
		                              "%s:%u: the example %s its section", check->phrases->name, trial->line,
		                              trial->expected ? "misses" : "hits");
}

enum voc_status voc_phrases_check_examples(const struct voc_phrases *phrases, size_t *ret_checked,
                                           struct voc_error *error)
{
	struct check check = { phrases, 0, error, VOC_OK };
	enum voc_status status = voc_phrases_try_examples(phrases, check_one, &check, error);
	if (status == VOC_OK)
		status = check.status;
	if (status == VOC_OK)
		*ret_checked = check.checked;
	return status;
}
