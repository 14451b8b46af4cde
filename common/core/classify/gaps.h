/*
 * Quality gaps: which of the five gaps of service quality (Parasuraman, Zeithaml, Berry 1985, Journal of Marketing 49)
 * a dissatisfied contact speaks of, who owns it, and what to do first.
 *
 * The cues are data (deploy/gaps.json, in Korean and English): words, labels, and what the record says. Those that hold
 * add their weights up for their gap; the heaviest gap is told, with the cues that held and how strong the evidence is.
 * A voc_gaps is immutable after it is parsed; any thread may read it.
 */
#ifndef VOC_CORE_GAPS_H
#define VOC_CORE_GAPS_H

#include "base/err.h"
#include "base/json_write.h"
#include "core/record/labels.h"

#define VOC_GAPS_MAX_BYTES    65536 /* of the file */
#define VOC_GAPS_VERSION_SIZE 64    /* with the NUL: "<the file's>-<8 hex digits of its SHA-256>" */
#define VOC_GAP_CUES_MAX      64
#define VOC_GAP_PHRASES_MAX   2048 /* in all */
#define VOC_GAP_TOLD_MAX      6    /* cues that a finding names */

/* By the numbers of the source. X(symbol, name, what lies apart, in Korean) */
#define VOC_GAPS(X)                                                                                                   \
	X(VOC_GAP_NONE, "none", "", "")                                                                               \
	X(VOC_GAP_KNOWLEDGE, "knowledge", "what customers expect, and what we believe they do",                       \
	  "고객 기대와 우리의 이해")                                                                                  \
	X(VOC_GAP_DESIGN, "design", "what we know, and the rules and designs we made of it", "이해한 것과 설계·기준") \
	X(VOC_GAP_DELIVERY, "delivery", "the rules, and what we do", "기준과 실제 응대")                              \
	X(VOC_GAP_COMMUNICATION, "communication", "what we do, and what we promised", "약속과 실제 제공")             \
	X(VOC_GAP_PERCEPTION, "perception", "what was expected, and what was perceived", "기대와 지각")

/* How far the evidence carries. "weak": from labels alone, or from little; a person should look before acting on it. */
#define VOC_GAP_STRENGTHS(X)    \
	X(VOC_GAP_WEAK, "weak") \
	X(VOC_GAP_FAIR, "fair") \
	X(VOC_GAP_STRONG, "strong")

/* What a record may say beside the words. X(symbol, name) */
#define VOC_GAP_RECORDS(X)                                                           \
	X(VOC_RECORD_BELOW_EXPECTATION, "below_expectation") /* rating < expected */ \
	X(VOC_RECORD_PROMISE_PASSED, "promise_passed")       /* promised_at is before the contact */

#define X(symbol, ...) symbol,
enum voc_gap { VOC_GAPS(X) VOC_GAP_COUNT };
enum voc_gap_strength { VOC_GAP_STRENGTHS(X) VOC_GAP_STRENGTH_COUNT };
enum voc_gap_record { VOC_GAP_RECORDS(X) VOC_GAP_RECORD_COUNT };
#undef X

/* NULL for a value outside of its enum. Static strings. */
const char *voc_gap_name(enum voc_gap gap);
const char *voc_gap_strength_name(enum voc_gap_strength strength);
bool voc_gap_strength_parse(struct voc_str name, enum voc_gap_strength *ret_strength);

struct voc_gaps;
struct voc_json_reader;
struct voc_stream;

/*
 * Reads the file's bytes. VOC_FATAL with VOC_REASON_CONFIG and the member's path ("cues[3].weight: ...") for whatever
 * is missing, unknown or out of its range. Free with voc_gaps_free (NULL is fine).
 */
VOC_MUST_CHECK enum voc_status voc_gaps_parse(struct voc_str json, struct voc_gaps **ret_gaps, struct voc_error *error);
void voc_gaps_free(struct voc_gaps *gaps);
const char *voc_gaps_version(const struct voc_gaps *gaps);

/* What is known of a contact. Borrowed. */
struct voc_gap_input {
	const struct voc_stream *text; /* across lines */
	const struct voc_labels *labels;
	uint32_t record; /* bits 1 << VOC_RECORD_x */
};

/* A cue that held: a label or a record by its name, or a phrase, which is the file's and not the customer's. */
struct voc_gap_told {
	const char *kind, *name;
};

struct voc_gap_finding {
	enum voc_gap gap; /* VOC_GAP_NONE: the contact is no complaint, nor dissatisfied, nor below what was expected */
	enum voc_gap_strength strength;
	struct voc_gap_told cues[VOC_GAP_TOLD_MAX]; /* heaviest first */
	size_t cue_count;
	const char *owner, *step; /* in the contact's language; borrowed from the gaps */
	const char *version;
};

/* Where nothing speaks for any gap it is the fifth, which dissatisfaction is by definition: weak, without a cue. */
void voc_gaps_find(const struct voc_gaps *gaps, const struct voc_gap_input *input, const char *lang,
                   struct voc_gap_finding *ret_finding);
/* The member `gap` of an object; nothing where there is none. */
void voc_gap_write(struct voc_json_writer *json, const struct voc_gap_finding *finding);

/* What such a member says. Strings are borrowed from the record's bytes or the arena. */
struct voc_gap_said {
	enum voc_gap gap; /* VOC_GAP_NONE: there is none */
	enum voc_gap_strength strength;
	struct voc_str owner, step;
};

/*
 * Reads it, and gives the object as it stands, for it goes on into alerts. Fails the reader for any that voc_gap_write
 * would not write, and for one of more than VOC_GAP_MEMBER_MAX_BYTES, which is more than it ever writes.
 */
#define VOC_GAP_MEMBER_MAX_BYTES 8192
void voc_gap_read_member(struct voc_json_reader *json, struct voc_str *ret_json, struct voc_gap_said *ret_said);

#endif
