/*
 * The linear model: weights of all heads side by side, in one mapped file.
 *
 * Two stages in one table. Every bucket has a row of VOC_COLUMNS int8 weights: first those of the heads, then those of
 * the signals (sentiment, question, ...), which are learnt from large sets and feed the heads as dense values. A bucket
 * belongs to one n-gram, told by eight more bits of its hash: what was never learnt weighs nothing, where it would
 * otherwise weigh what its neighbours do, and short texts have too few n-grams for that to even out. Scores are logits
 * in thousandths and all arithmetic is integer, so every machine gets the same.
 *
 * The file (little endian; made by services/classifier/train/pack.py): struct voc_model_header; then the tables of
 * voc_model in the order of its members; then, from the next multiple of 64, the rows, and their owners. The checksum
 * covers all that follows it. A voc_model is read only after it is opened: any thread.
 */
#ifndef VOC_CORE_MODEL_H
#define VOC_CORE_MODEL_H

#include "base/file_map.h"
#include "core/classify/classify.h"
#include "core/classify/tokens.h"

#define VOC_BUCKETS         229376u /* 7 times 2^15: a model of 7.6 MB */
#define VOC_MODEL_FORMAT    2
#define VOC_MODEL_MAX_BYTES (64u * 1024 * 1024)

/* Columns of a row: where each head's labels begin. "unknown" and "none" of the factors have no column. */
enum {
	VOC_COLUMN_FEEDBACK = 0,
	VOC_COLUMN_SATISFACTION = 3,
	VOC_COLUMN_FACTOR = 7,    /* does the factor occur? */
	VOC_COLUMN_PRIMARY = 12,  /* is it the primary one? the first is "none" */
	VOC_COLUMN_SERVQUAL = 18, /* the first is "none" */
	VOC_COLUMN_CHURN = 24,
	VOC_HEAD_COLUMNS = 25,
	VOC_SIGNALS = 7,
	VOC_COLUMNS = VOC_HEAD_COLUMNS + VOC_SIGNALS,
};

/* Labels that rules can speak of: 3 feedback types, 4 satisfactions, 5 factors, 5 SERVQUAL dimensions, churn. */
#define VOC_RULE_TARGETS 18

/* Dense values, in thousandths. Each language has its own first-stage and rule values, hence weights. */
enum {
	VOC_DENSE_SIGNAL = 0,
	VOC_DENSE_RULE = VOC_DENSE_SIGNAL + VOC_LANG_COUNT * VOC_SIGNALS,
	VOC_DENSE_LANG = VOC_DENSE_RULE + VOC_LANG_COUNT * 2 * VOC_RULE_TARGETS,
	VOC_DENSE_CHANNEL = VOC_DENSE_LANG + VOC_LANG_COUNT,
	VOC_DENSE_ASKS = VOC_DENSE_CHANNEL + VOC_CHANNEL_COUNT, /* share of sentences that ask */
	VOC_DENSE_ASKS_LAST,
	VOC_DENSE_EXCLAIMS,
	VOC_DENSE_WEEPS,  /* ㅠㅠ, ㅜㅜ */
	VOC_DENSE_LAUGHS, /* ㅋㅋ, ㅎㅎ */
	VOC_DENSE_LENGTH, /* log2 of the words */
	VOC_DENSE_SHORT,
	VOC_DENSE_RATING,
	VOC_DENSE_COUNT,
};

/* Confidences: which share of decisions with this margin was right. Churn has one curve for true, one for false. */
enum { VOC_CURVE_CHURN_FALSE = VOC_HEAD_COUNT, VOC_CURVES };
#define VOC_CURVE_KNOTS 17
#define VOC_CURVE_STEP  500 /* thousandths of margin from knot to knot */

struct voc_model_header {
	char magic[8];     /* "VOCMODEL" */
	uint64_t checksum; /* XXH64 of all that follows */
	uint32_t format;
	uint32_t buckets, columns, head_columns, dense_count, curves, knots;
	uint32_t reserved;
	char version[32]; /* ends in NUL */
};

struct voc_model {
	const struct voc_model_header *header;
	const int32_t *scale;     /* [VOC_COLUMNS]: thousandths of a logit in one unit of weight, times 256 */
	const int32_t *bias;      /* [VOC_LANG_COUNT][VOC_COLUMNS], thousandths */
	const int32_t *dense;     /* [VOC_DENSE_COUNT][VOC_HEAD_COLUMNS], thousandths at a value of 1000 */
	const int32_t *threshold; /* [VOC_LANG_COUNT][VOC_HEAD_COUNT]: least confidence, below it "unknown" */
	const int32_t *curve;     /* [VOC_LANG_COUNT][VOC_CURVES][VOC_CURVE_KNOTS] */
	const int8_t *rows;       /* [VOC_BUCKETS][VOC_COLUMNS]; NULL if only rules speak */
	const uint8_t *owner;     /* [VOC_BUCKETS]: low bits of the hash that the row is for */
	struct voc_file_map map;  /* owned */
};

/* Instead of a file's path: phrase rules alone. */
#define VOC_MODEL_OFF "off"
/*
 * The model of VOC_MODEL_OFF, in model_rules.c: what a phrase says counts as its weight in the rule file has it, and
 * n-grams count for nothing. Nothing is mapped; its version changes with its table.
 */
void voc_model_of_rules(struct voc_model *ret_model);

/* VOC_FATAL with VOC_REASON_CONFIG if the file can't be read or is no model of this format, whole and unharmed. */
VOC_MUST_CHECK enum voc_status voc_model_open(const char *path, struct voc_model *ret_model, struct voc_error *error);
/* The same over bytes that outlive the model (8-byte aligned). */
VOC_MUST_CHECK enum voc_status voc_model_from_bytes(struct voc_str bytes, const char *name, struct voc_model *ret_model,
                                                    struct voc_error *error);
void voc_model_close(struct voc_model *model);

static inline uint32_t voc_model_bucket(uint32_t hash)
{
	return (uint32_t)(((uint64_t)hash * VOC_BUCKETS) >> 32);
}

static inline const int8_t *voc_model_bucket_row(const struct voc_model *model, uint32_t bucket)
{
	return model->rows + (size_t)bucket * VOC_COLUMNS;
}

/* The weights of the n-gram with this hash: a row of zeros if it was never learnt. */
static inline const int8_t *voc_model_row(const struct voc_model *model, uint32_t hash)
{
	static const _Alignas(VOC_COLUMNS) int8_t never_learnt[VOC_COLUMNS]; /* in one cache line, as the others */
	size_t bucket = voc_model_bucket(hash);
	return model->owner[bucket] == (uint8_t)hash ? model->rows + bucket * VOC_COLUMNS : never_learnt;
}

/* False for that of rules: it has no use for n-grams. */
static inline bool voc_model_has_rows(const struct voc_model *model)
{
	return model->rows != NULL;
}

/* The confidence that a decision with this margin (thousandths) deserves, 0 to 1000. */
int16_t voc_model_confidence(const struct voc_model *model, enum voc_lang lang, int curve, int32_t margin);

#endif
