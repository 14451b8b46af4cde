/*
 * Phrase rules: what words mean for the labels, as a file that people can read and change.
 *
 * services/classifier/phrases.txt explains the language at its top. Rules are parsed once into an automaton and are
 * read only afterwards: threads may share a voc_phrases, each with its own voc_phrase_matcher. Additions (a tenant's
 * own phrases and names) are a file of their own that is laid over another one's rules, which are shared, not copied.
 * Spaces and apostrophes don't count when phrases are compared ("안 돼요" finds "안돼요", "don't" finds "dont"); words
 * in Latin letters match as whole words.
 */
#ifndef VOC_CORE_PHRASES_H
#define VOC_CORE_PHRASES_H

#include "base/err.h"
#include "core/classify/tokens.h"
#include "core/record/labels.h"

#define VOC_PHRASES_MAX_BYTES    (1024 * 1024) /* of a rule file */
#define VOC_PHRASE_RULES_MAX     8192
#define VOC_PHRASE_EXAMPLES_MAX  4096
#define VOC_PHRASE_HITS_MAX      192 /* in one utterance; later ones are not seen */
#define VOC_PHRASES_VERSION_SIZE 24
#define VOC_PHRASE_SOURCES_MAX   16 /* of additions */

struct voc_phrase_hit {
	uint16_t start, end; /* characters */
	enum voc_head head;
	int label;      /* within the head */
	bool against;   /* speaks against the label */
	bool decides;   /* outweighs the model in a short text */
	int16_t weight; /* thousandths */
};

struct voc_phrase_hits {
	struct voc_phrase_hit at[VOC_PHRASE_HITS_MAX]; /* in the order of their ends */
	size_t count;
	bool full; /* later ones may not have been seen */
};

struct voc_phrases;
struct voc_phrase_matcher;

/* `text` is only read during the call; `name` stands in errors: "name:12: ...". VOC_FATAL, VOC_REASON_CONFIG. */
VOC_MUST_CHECK enum voc_status voc_phrases_parse(struct voc_str text, const char *name,
                                                 struct voc_phrases **ret_phrases, struct voc_error *error);
/* Additions to `base`, which is borrowed and must outlive them. */
VOC_MUST_CHECK enum voc_status voc_phrases_parse_additions(struct voc_str text, const char *name,
                                                           const struct voc_phrases *base,
                                                           struct voc_phrases **ret_phrases, struct voc_error *error);
void voc_phrases_free(struct voc_phrases *phrases);
/* The file's own word for it and a hash of its bytes, "7-1f3a09bc": another content has another version. */
const char *voc_phrases_version(const struct voc_phrases *phrases);
size_t voc_phrases_count(const struct voc_phrases *phrases);
/* What additions name as the sources of their events, NULL at the end. Borrowed. */
const char *voc_phrases_source(const struct voc_phrases *phrases, size_t index);

struct voc_phrase_matcher *voc_phrase_matcher_new(void);
void voc_phrase_matcher_free(struct voc_phrase_matcher *matcher);

/* All hits that their guards let pass. Marks sentences that end like a question as asking. Never allocates. */
void voc_phrases_find(const struct voc_phrases *phrases, struct voc_phrase_matcher *matcher,
                      const struct voc_normal *normal, struct voc_tokens *tokens, struct voc_phrase_hits *ret_hits);

/* One of the file's own examples, tried. */
struct voc_phrase_trial {
	uint32_t line;
	struct voc_str text; /* borrowed */
	enum voc_head head;  /* its section */
	int label;
	bool against;
	bool expected; /* it should hit its section */
	bool good;     /* it does what it says */
};
typedef void voc_phrase_trial_fn(void *context, const struct voc_phrase_trial *trial);

/* Tries the file's own examples one by one. Fails only when memory runs out. */
VOC_MUST_CHECK enum voc_status voc_phrases_try_examples(const struct voc_phrases *phrases, voc_phrase_trial_fn *each,
                                                        void *context, struct voc_error *error);
/* VOC_OK if each does what it says, else VOC_INVALID naming the line of the first that doesn't. */
VOC_MUST_CHECK enum voc_status voc_phrases_check_examples(const struct voc_phrases *phrases, size_t *ret_checked,
                                                          struct voc_error *error);

#endif
