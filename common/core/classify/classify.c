#include "core/classify/classify.h"

#include "base/files.h"
#include "base/hash.h"
#include "core/classify/decide.h"
#include "core/classify/evidence.h"
#include "core/classify/features.h"
#include "core/classify/stream.h"
#include "core/classify/tenants.h"
#include "core/classify/turns.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#define TENANT_SUFFIX      ".txt"
#define RULES_VERSION_SIZE 64 /* of the model's and the rules' together */

/* What a reload of the rules alone leaves as it is. */
struct shared_model {
	struct voc_model model;
	atomic_uint owners;
};

struct voc_classifier {
	struct shared_model *model;
	struct voc_phrases *phrases;
	struct voc_gaps *gaps; /* NULL: none */
	struct voc_tenants tenants;
	char version[RULES_VERSION_SIZE];
	char tenant_versions[VOC_TENANTS_MAX][VOC_MODEL_VERSION_SIZE];
};

struct voc_classify_scratch {
	struct voc_reading text; /* what voc_classify was last given */
	struct voc_reading part; /* what else is labelled */
	struct voc_turns turns;  /* of `text`: how far they were labelled */
	struct voc_features features;
	struct voc_heat heat;
	struct voc_phrase_matcher *matcher;
	struct voc_stream stream; /* for gaps and needs */
};

static enum voc_status no_memory(struct voc_error *error)
{
	return voc_error_set(error, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1, "no memory for the classifier");
}

static enum voc_status open_model(const char *path, struct shared_model **ret_model, struct voc_error *error)
{
	struct shared_model *shared = calloc(1, sizeof *shared);
	if (!shared)
		return no_memory(error);
	enum voc_status status = VOC_OK;
	if (strcmp(path, VOC_MODEL_OFF) == 0)
		voc_model_of_rules(&shared->model);
	else
		status = voc_model_open(path, &shared->model, error);
	if (status != VOC_OK) {
		free(shared);
		return status;
	}
	atomic_init(&shared->owners, 1);
	*ret_model = shared;
	return VOC_OK;
}

static void release_model(struct shared_model *shared)
{
	if (!shared || atomic_fetch_sub(&shared->owners, 1) > 1)
		return;
	voc_model_close(&shared->model);
	free(shared);
}

static enum voc_status open_phrases(const char *path, struct voc_phrases **ret_phrases, struct voc_error *error)
{
	struct voc_buf text;
	size_t checked;
	voc_buf_init(&text, VOC_PHRASES_MAX_BYTES);
	enum voc_status status = voc_file_read(path, &text, error);
	if (status == VOC_OK)
		status = voc_phrases_parse(voc_buf_str(&text), path, ret_phrases, error);
	if (status == VOC_OK && voc_phrases_check_examples(*ret_phrases, &checked, error) != VOC_OK)
		status = VOC_FATAL;
	voc_buf_free(&text);
	return status;
}

static enum voc_status open_tenant(struct voc_classifier *classifier, const char *folder, const char *file,
                                   struct voc_error *error)
{
	struct voc_buf path, text;
	voc_buf_init(&path, strlen(folder) + VOC_FILE_NAME_SIZE + 2);
	voc_buf_init(&text, VOC_TENANTS_MAX_BYTES);
	voc_buf_addf(&path, "%s/%s", folder, file);
	enum voc_status status = voc_file_read(voc_buf_c_str(&path), &text, error);
	struct voc_str name = voc_str_of(file, strlen(file) - strlen(TENANT_SUFFIX));
	if (status == VOC_OK)
		status = voc_tenants_add(&classifier->tenants, name, voc_buf_str(&text), voc_buf_c_str(&path),
		                         classifier->phrases, error);
	voc_buf_free(&path);
	voc_buf_free(&text);
	return status;
}

static enum voc_status open_tenants(struct voc_classifier *classifier, const char *folder, struct voc_error *error)
{
	struct voc_file_names files = { 0 };
	enum voc_status status = voc_file_names_list(folder, TENANT_SUFFIX, VOC_TENANTS_MAX, &files, error);
	for (size_t i = 0; status == VOC_OK && i < files.count; i++)
		status = open_tenant(classifier, folder, files.at[i], error);
	voc_file_names_free(&files);
	return status;
}

static enum voc_status open_gaps(const char *path, struct voc_gaps **ret_gaps, struct voc_error *error)
{
	struct voc_buf text;
	struct voc_error why = { .position = -1 };
	voc_buf_init(&text, VOC_GAPS_MAX_BYTES + 1);
	enum voc_status status = voc_file_read(path, &text, error);
	if (status == VOC_OK) {
		status = voc_gaps_parse(voc_buf_str(&text), ret_gaps, &why);
		if (status != VOC_OK)
			voc_error_set(error, status, why.reason, -1, "%s: %s", path, why.text);
	}
	voc_buf_free(&text);
	return status;
}

static void name_versions(struct voc_classifier *classifier)
{
	snprintf(classifier->version, sizeof classifier->version, "%s+%s", classifier->model->model.header->version,
	         voc_phrases_version(classifier->phrases));
	for (size_t i = 0; i < classifier->tenants.count; i++) {
		const struct voc_tenant *tenant = &classifier->tenants.at[i];
		snprintf(classifier->tenant_versions[i], sizeof classifier->tenant_versions[i], "%s+%s:%s",
		         classifier->version, tenant->name, voc_phrases_version(tenant->phrases));
	}
}

enum voc_status voc_classifier_open_files(const struct voc_classifier_files *files,
                                          const struct voc_classifier *model_of, struct voc_classifier **ret_classifier,
                                          struct voc_error *error)
{
	struct voc_classifier *classifier = calloc(1, sizeof *classifier);
	if (!classifier)
		return no_memory(error);
	enum voc_status status = VOC_OK;
	if (model_of) {
		classifier->model = model_of->model;
		atomic_fetch_add(&classifier->model->owners, 1);
	} else {
		status = open_model(files->model, &classifier->model, error);
	}
	if (status == VOC_OK)
		status = open_phrases(files->rules, &classifier->phrases, error);
	if (status == VOC_OK && files->tenants && files->tenants[0])
		status = open_tenants(classifier, files->tenants, error);
	if (status == VOC_OK && files->gaps && files->gaps[0])
		status = open_gaps(files->gaps, &classifier->gaps, error);
	if (status != VOC_OK) {
		voc_classifier_free(classifier);
		return status;
	}
	name_versions(classifier);
	*ret_classifier = classifier;
	return VOC_OK;
}

enum voc_status voc_classifier_open(const char *model_path, const char *rules_path,
                                    struct voc_classifier **ret_classifier, struct voc_error *error)
{
	const struct voc_classifier_files files = { .model = model_path, .rules = rules_path };
	return voc_classifier_open_files(&files, NULL, ret_classifier, error);
}

void voc_classifier_free(struct voc_classifier *classifier)
{
	if (!classifier)
		return;
	voc_tenants_free(&classifier->tenants);
	voc_phrases_free(classifier->phrases);
	voc_gaps_free(classifier->gaps);
	release_model(classifier->model);
	free(classifier);
}

const char *voc_classifier_version(const struct voc_classifier *classifier)
{
	return classifier->version;
}

uint32_t voc_classifier_fingerprint(const struct voc_classifier *classifier)
{
	uint64_t mixed = voc_hash64(voc_str_from(classifier->version));
	for (size_t i = 0; i < classifier->tenants.count; i++)
		mixed = mixed * 31 + voc_hash64(voc_str_from(classifier->tenant_versions[i]));
	return (uint32_t)mixed;
}

bool voc_classifier_has_tenant(const struct voc_classifier *classifier, struct voc_str name)
{
	return voc_tenants_named(&classifier->tenants, name) != NULL;
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

static const struct voc_tenant *tenant_of(const struct voc_classifier *classifier,
                                          const struct voc_utterance *utterance)
{
	return voc_tenants_find(&classifier->tenants, utterance->tenant, utterance->source);
}

static void read_text(const struct voc_classifier *classifier, const struct voc_tenant *tenant,
                      struct voc_phrase_matcher *matcher, const struct voc_utterance *utterance,
                      struct voc_reading *ret_reading)
{
	const struct voc_phrases *phrases = tenant ? tenant->phrases : classifier->phrases;
	voc_normalize(utterance->text, &ret_reading->normal);
	voc_tokenize(&ret_reading->normal, utterance->lang, &ret_reading->tokens);
	voc_phrases_find(phrases, matcher, &ret_reading->normal, &ret_reading->tokens, &ret_reading->hits);
}

/* The features stay in `scratch`. */
static void decide(const struct voc_classifier *classifier, struct voc_classify_scratch *scratch,
                   const struct voc_reading *text, const struct voc_utterance *utterance, struct voc_scores *ret_scores,
                   struct voc_labels *ret_labels)
{
	const struct voc_model *model = &classifier->model->model;
	struct voc_features *features = &scratch->features;
	if (voc_model_has_rows(model))
		voc_features_extract_learnt(model, &text->normal, &text->tokens, features);
	else
		voc_features_extract_none(&text->tokens, features);
	voc_features_dense(&text->normal, &text->tokens, &text->hits, utterance, features);
	voc_score(model, text->tokens.lang, features, ret_scores);
	voc_score_decide(&text->hits, features->distinct_words, ret_scores);
	voc_decide(model, text->tokens.lang, ret_scores, ret_labels);
}

void voc_classify_labels(const struct voc_classifier *classifier, struct voc_classify_scratch *scratch,
                         const struct voc_utterance *utterance, struct voc_labels *ret_labels)
{
	struct voc_scores scores;
	memset(ret_labels, 0, sizeof *ret_labels);
	read_text(classifier, tenant_of(classifier, utterance), scratch->matcher, utterance, &scratch->part);
	decide(classifier, scratch, &scratch->part, utterance, &scores, ret_labels);
}

void voc_classify_turn(const struct voc_classifier *classifier, struct voc_classify_scratch *scratch,
                       const struct voc_utterance *turn, size_t start, struct voc_labels *ret_labels)
{
	struct voc_scores scores;
	if (!voc_turns_cut(&scratch->turns, &scratch->text, start, start + turn->text.len, turn->lang,
	                   &scratch->part)) {
		voc_classify_labels(classifier, scratch, turn, ret_labels);
		return;
	}
	memset(ret_labels, 0, sizeof *ret_labels);
	decide(classifier, scratch, &scratch->part, turn, &scores, ret_labels);
}

void voc_classify(const struct voc_classifier *classifier, struct voc_classify_scratch *scratch,
                  const struct voc_utterance *utterance, struct voc_classification *ret_classification)
{
	struct voc_scores scores;
	const struct voc_tenant *tenant = tenant_of(classifier, utterance);
	struct voc_reading *text = &scratch->text;
	memset(ret_classification, 0, sizeof *ret_classification);
	read_text(classifier, tenant, scratch->matcher, utterance, text);
	scratch->turns = (struct voc_turns){ 0 };
	decide(classifier, scratch, text, utterance, &scores, &ret_classification->labels);
	ret_classification->version =
	        tenant ? classifier->tenant_versions[tenant - classifier->tenants.at] : classifier->version;
	voc_str_copy(ret_classification->lang, sizeof ret_classification->lang,
	             voc_str_from(voc_lang_name(text->tokens.lang)));
	const struct voc_evidence_input input = {
		.model = &classifier->model->model,
		.normal = &text->normal,
		.tokens = &text->tokens,
		.features = &scratch->features,
		.hits = &text->hits,
		.scores = &scores,
	};
	voc_evidence_find(&input, &scratch->heat, ret_classification);
	if (classifier->gaps) {
		voc_stream_make(&text->normal, true, &scratch->stream);
		const struct voc_gap_input about = { &scratch->stream, &ret_classification->labels, utterance->record };
		voc_gaps_find(classifier->gaps, &about, ret_classification->lang, &ret_classification->gap);
		voc_needs_find(classifier->gaps, &scratch->stream, &ret_classification->needs);
	}
}
