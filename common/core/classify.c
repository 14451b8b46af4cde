#include "core/classify.h"

#include "core/decide.h"
#include "core/evidence.h"
#include "core/features.h"
#include "core/phrases.h"

#include <stdio.h>
#include <stdlib.h>

struct voc_classifier {
	struct voc_model model;
	struct voc_phrases *phrases;
	char version[VOC_MODEL_VERSION_SIZE];
};

struct voc_classify_scratch {
	struct voc_normal normal;
	struct voc_tokens tokens;
	struct voc_features features;
	struct voc_phrase_hits hits;
	struct voc_heat heat;
	struct voc_phrase_matcher *matcher;
};

static enum voc_status open_phrases(const char *path, struct voc_phrases **ret_phrases, struct voc_error *error)
{
	struct voc_file_map map = { 0 };
	enum voc_status status = voc_file_map_open(path, VOC_PHRASES_MAX_BYTES, &map, error);
	if (status != VOC_OK)
		return status;
	status = voc_phrases_parse(map.bytes, path, ret_phrases, error);
	voc_file_map_close(&map);
	return status;
}

enum voc_status voc_classifier_open(const char *model_path, const char *rules_path,
                                    struct voc_classifier **ret_classifier, struct voc_error *error)
{
	struct voc_classifier *classifier = calloc(1, sizeof *classifier);
	if (!classifier)
		return voc_error_set(error, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1, "no memory for the classifier");
	enum voc_status status = voc_model_open(model_path, &classifier->model, error);
	if (status == VOC_OK)
		status = open_phrases(rules_path, &classifier->phrases, error);
	if (status != VOC_OK) {
		voc_classifier_free(classifier);
		return status;
	}
	snprintf(classifier->version, sizeof classifier->version, "%.22s+%.22s", classifier->model.header->version,
	         voc_phrases_version(classifier->phrases));
	*ret_classifier = classifier;
	return VOC_OK;
}

void voc_classifier_free(struct voc_classifier *classifier)
{
	if (!classifier)
		return;
	voc_model_close(&classifier->model);
	voc_phrases_free(classifier->phrases);
	free(classifier);
}

const char *voc_classifier_version(const struct voc_classifier *classifier)
{
	return classifier->version;
}

struct voc_classify_scratch *voc_classify_scratch_new(void)
{
	struct voc_classify_scratch *scratch = malloc(sizeof *scratch);
	if (!scratch)
		return NULL;
	scratch->matcher = voc_phrase_matcher_new();
	if (!scratch->matcher) {
		free(scratch);
		return NULL;
	}
	return scratch;
}

void voc_classify_scratch_free(struct voc_classify_scratch *scratch)
{
	if (!scratch)
		return;
	voc_phrase_matcher_free(scratch->matcher);
	free(scratch);
}

void voc_classify(const struct voc_classifier *classifier, struct voc_classify_scratch *scratch,
                  const struct voc_utterance *utterance, struct voc_classification *ret_classification)
{
	struct voc_scores scores;
	voc_normalize(utterance->text, &scratch->normal);
	voc_tokenize(&scratch->normal, utterance->lang, &scratch->tokens);
	voc_phrases_find(classifier->phrases, scratch->matcher, &scratch->normal, &scratch->tokens, &scratch->hits);
	voc_features_extract(&scratch->normal, &scratch->tokens, &scratch->features);
	voc_features_dense(&scratch->normal, &scratch->tokens, &scratch->hits, utterance, &scratch->features);
	voc_score(&classifier->model, scratch->tokens.lang, &scratch->features, &scores);

	memset(ret_classification, 0, sizeof *ret_classification);
	voc_decide(&classifier->model, scratch->tokens.lang, &scores, &ret_classification->labels);
	voc_str_copy(ret_classification->lang, sizeof ret_classification->lang,
	             voc_str_from(voc_lang_name(scratch->tokens.lang)));
	const struct voc_evidence_input input = {
		.model = &classifier->model,
		.normal = &scratch->normal,
		.tokens = &scratch->tokens,
		.features = &scratch->features,
		.hits = &scratch->hits,
		.scores = &scores,
	};
	voc_evidence_find(&input, &scratch->heat, ret_classification);
}
