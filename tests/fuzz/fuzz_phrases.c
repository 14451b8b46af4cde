/* core/phrases: any rule file is refused with its line or works on any text. The file ends at the first NUL, the text
 * follows. */
#undef NDEBUG /* every build must check */
#include <assert.h>
#include <stdlib.h>

#include "core/classify/phrases.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct voc_normal normal;
static struct voc_tokens tokens;
static struct voc_phrase_hits hits;

static void find(const struct voc_phrases *phrases, struct voc_str text)
{
	struct voc_phrase_matcher *matcher = voc_phrase_matcher_new();
	assert(matcher);
	voc_normalize(text, &normal);
	voc_tokenize(&normal, voc_str_of(NULL, 0), &tokens);
	voc_phrases_find(phrases, matcher, &normal, &tokens, &hits);
	for (size_t i = 0; i < hits.count; i++) {
		assert(hits.at[i].start < hits.at[i].end && hits.at[i].end <= normal.count);
		assert(hits.at[i].label > 0 && voc_head_label_name(hits.at[i].head, hits.at[i].label));
	}
	voc_phrase_matcher_free(matcher);
}

/* As its own additions: refused only where there is no more room. */
static void lay_over(const struct voc_phrases *base, struct voc_str rules, struct voc_str text)
{
	struct voc_phrases *phrases = NULL;
	struct voc_error error = { 0 };
	if (voc_phrases_parse_additions(rules, "additions", base, &phrases, &error) == VOC_OK)
		find(phrases, text);
	else
		assert(error.status == VOC_FATAL && error.text[0] != '\0');
	voc_phrases_free(phrases);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct voc_phrases *phrases = NULL;
	struct voc_error error = { 0 };
	size_t checked, len = strnlen((const char *)data, size);
	enum voc_status status = voc_phrases_parse(voc_str_of((const char *)data, len), "rules", &phrases, &error);
	assert((status == VOC_OK) == (phrases != NULL));
	if (status != VOC_OK) {
		assert(status == VOC_FATAL && error.text[0] != '\0');
		return 0;
	}
	find(phrases, voc_str_of((const char *)data + len, size - len));
	status = voc_phrases_check_examples(phrases, &checked, &error);
	assert(status == VOC_OK || status == VOC_INVALID);
	lay_over(phrases, voc_str_of((const char *)data, len), voc_str_of((const char *)data + len, size - len));
	voc_phrases_free(phrases);
	return 0;
}
