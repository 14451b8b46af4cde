/*
 * The classifier: a customer's words in, labels with confidences and evidence out.
 *
 * Normalises (NFC, case folded), detects the language, finds rule phrases with negation scope, scores hashed n-grams
 * by the linear model, and combines them. Deterministic: same text, rating, rules and model give the same result.
 * A voc_classifier is immutable after it is opened and may be shared by threads; a voc_classify_scratch belongs to one.
 * Everything that decides is in files (the model, the rules, the tenants' additions to these); this code only executes
 * them.
 */
#ifndef VOC_CORE_CLASSIFY_H
#define VOC_CORE_CLASSIFY_H

#include "base/err.h"
#include "core/classify/course.h"
#include "core/classify/gaps.h"
#include "core/classify/needs.h"
#include "core/record/labels.h"

#define VOC_EVIDENCE_MAX       12   /* spans kept for one utterance */
#define VOC_EVIDENCE_MAX_BYTES 120  /* of one span's text, cut at a character boundary */
#define VOC_CLASSIFY_MAX_BYTES 8192 /* of a text looked at; the head and the tail of longer ones */
#define VOC_MODEL_VERSION_SIZE 128

struct voc_evidence {
	enum voc_head head;
	int label;           /* within the head: enum voc_feedback, ... */
	uint32_t start, end; /* bytes of the original text */
	int16_t weight;      /* how much it carried, in thousandths of the label's score */
};

struct voc_classification {
	struct voc_labels labels;
	char lang[3];                                   /* "ko" or "en": as detected */
	struct voc_evidence evidence[VOC_EVIDENCE_MAX]; /* strongest first */
	size_t evidence_count;
	struct voc_gap_finding gap; /* VOC_GAP_NONE also where the classifier has no gaps */
	struct voc_need_finding needs;
	struct voc_course course; /* left alone by voc_classify but for turns, which is 0: see voc_course_find */
	/* What decided, for voc.classified's `model`: "<model>+<rules>", with "+<tenant>:<its rules>" where additions
	 * hold. The same text and version give the same labels. Borrowed from the classifier. */
	const char *version;
};

struct voc_utterance {
	struct voc_str text; /* well-formed UTF-8 */
	struct voc_str lang; /* a hint, or empty */
	int rating;          /* 1..5, or 0 */
	uint32_t record;     /* what else is known of the contact: bits 1 << VOC_RECORD_x */
	enum voc_channel channel;
	struct voc_str tenant; /* the event's attribute, or empty: see core/classify/tenants.h */
	struct voc_str source; /* the event's; may be empty */
};

struct voc_classifier;
struct voc_classify_scratch;

/* Opens and checks both files; VOC_FATAL with VOC_REASON_CONFIG and the place if one is wrong. Free with _free. */
VOC_MUST_CHECK enum voc_status voc_classifier_open(const char *model_path, const char *rules_path,
                                                   struct voc_classifier **ret_classifier, struct voc_error *error);
struct voc_classifier_files {
	const char *model; /* or VOC_MODEL_OFF: phrase rules alone */
	const char *rules;
	const char *tenants; /* a folder with a file <tenant>.txt for each; NULL or empty: none */
	const char *gaps;    /* see core/classify/gaps.h; NULL or empty: none */
};
/*
 * The same with tenants. With `model_of` its model is shared, and files->model not looked at. A rule file whose own
 * examples fail is refused.
 */
VOC_MUST_CHECK enum voc_status voc_classifier_open_files(const struct voc_classifier_files *files,
                                                         const struct voc_classifier *model_of,
                                                         struct voc_classifier **ret_classifier,
                                                         struct voc_error *error);
/* NULL is fine. */
void voc_classifier_free(struct voc_classifier *classifier);
/* "<model version>+<rules version>": static for the classifier's life. */
const char *voc_classifier_version(const struct voc_classifier *classifier);
/* A number for all that decides, tenants included: two classifiers that have it in common label alike. */
uint32_t voc_classifier_fingerprint(const struct voc_classifier *classifier);
bool voc_classifier_has_tenant(const struct voc_classifier *classifier, struct voc_str name);

struct voc_classify_scratch *voc_classify_scratch_new(void);
void voc_classify_scratch_free(struct voc_classify_scratch *scratch);

/* Labels alone, without evidence. */
void voc_classify_labels(const struct voc_classifier *classifier, struct voc_classify_scratch *scratch,
                         const struct voc_utterance *utterance, struct voc_labels *ret_labels);
/* Never fails: what can't be told is "unknown" (or none/false) with a low confidence. */
void voc_classify(const struct voc_classifier *classifier, struct voc_classify_scratch *scratch,
                  const struct voc_utterance *utterance, struct voc_classification *ret_classification);
/*
 * The same labels as voc_classify_labels gives, in less time, for a line of the text that voc_classify was last given
 * with this scratch: the one that begins at byte `start`. The tenant is the text's. Lines in their order.
 */
void voc_classify_turn(const struct voc_classifier *classifier, struct voc_classify_scratch *scratch,
                       const struct voc_utterance *turn, size_t start, struct voc_labels *ret_labels);

#endif
