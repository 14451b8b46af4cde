#include "core/evidence.h"

#define SPANS_PER_LABEL 2
#define HEAT_SHIFT      8  /* fixed point of the heat of a character */
#define SHARE_LENGTHS   32 /* longer n-grams (of words) are treated as if they had this length */

struct span {
	size_t start, end; /* characters */
	int64_t heat;
};

/* One label's column of the model. */
struct target {
	enum voc_head head;
	int label;
	int column;
};

static void warm(struct voc_heat *heat, size_t start, size_t end, int64_t weight)
{
	int32_t each = (int32_t)(weight / (int64_t)(end - start));
	heat->at[start] += each;
	heat->at[end] -= each;
}

static void warm_ngrams(const struct voc_evidence_input *input, int column, struct voc_heat *heat)
{
	for (int b = 0; b < VOC_BLOCK_COUNT; b++) {
		int64_t scale = (int64_t)input->model->scale[column] * input->scores->inverse_sqrt_q16[b];
		/* One unit of weight on each character, by the length of the n-gram. */
		int32_t share[SHARE_LENGTHS] = { 0 };
		for (int len = 1; len < SHARE_LENGTHS; len++)
			share[len] = (int32_t)((scale >> (24 - HEAT_SHIFT)) / len);
		const struct voc_feature *feature = input->features->at[b];
		for (size_t i = 0; i < input->features->count[b]; i++, feature++) {
			int32_t weight = voc_model_row(input->model, feature->bucket)[column];
			int len = feature->end - feature->start;
			int32_t each = weight * share[len < SHARE_LENGTHS ? len : SHARE_LENGTHS - 1];
			heat->at[feature->start] += each;
			heat->at[feature->end] -= each;
		}
	}
}

static void warm_rules(const struct voc_evidence_input *input, int column, struct voc_heat *heat)
{
	int32_t decided = voc_score_decided(input->tokens->word_count);
	for (size_t i = 0; i < input->hits->count; i++) {
		const struct voc_phrase_hit *hit = &input->hits->at[i];
		int dense = voc_features_hit_dense(hit, input->tokens->lang);
		int64_t weight = input->model->dense[(size_t)dense * VOC_HEAD_COLUMNS + (size_t)column];
		weight = weight * hit->weight / 1000;
		if (hit->decides && voc_score_hit_column(hit) == column)
			weight += hit->against ? -decided : decided;
		warm(heat, hit->start, hit->end, weight * (1 << HEAT_SHIFT));
	}
}

/* Turns differences into heat; returns the hottest character's, and the sum of all that is above zero. */
static int32_t settle(struct voc_heat *heat, size_t count, int64_t *ret_sum)
{
	int32_t now = 0, hottest = 0;
	int64_t sum = 0;
	for (size_t i = 0; i < count; i++) {
		now += heat->at[i];
		heat->at[i] = now;
		sum += now > 0 ? now : 0;
		hottest = now > hottest ? now : hottest;
	}
	*ret_sum = sum;
	return hottest;
}

static bool is_word_char(const struct voc_normal *normal, size_t at)
{
	return voc_char_is_word(normal->chars[at]) || normal->chars[at] == '\'';
}

/* Out to the edges of the words it touches, and not beyond VOC_EVIDENCE_MAX_BYTES. */
static void snap(const struct voc_normal *normal, struct span *span)
{
	while (span->start < span->end && !is_word_char(normal, span->start))
		span->start++;
	while (span->start > 0 && is_word_char(normal, span->start) && is_word_char(normal, span->start - 1))
		span->start--;
	while (span->end < normal->count && is_word_char(normal, span->end) && is_word_char(normal, span->end - 1))
		span->end++;
	while (span->end > span->start && normal->chars[span->end - 1] == ' ')
		span->end--;
	uint32_t start, end;
	while (span->end > span->start + 1) {
		voc_normal_bytes(normal, span->start, span->end, &start, &end);
		if (end - start <= VOC_EVIDENCE_MAX_BYTES)
			break;
		span->end--;
	}
}

static void keep_span(struct span *spans, size_t *count, struct span span)
{
	size_t at = *count;
	while (at > 0 && spans[at - 1].heat < span.heat)
		at--;
	if (at == SPANS_PER_LABEL)
		return;
	if (*count < SPANS_PER_LABEL)
		(*count)++;
	for (size_t i = *count - 1; i > at; i--)
		spans[i] = spans[i - 1];
	spans[at] = span;
}

/* Runs of characters that are at least half as hot as the hottest, widened to words. */
static size_t find_spans(const struct voc_normal *normal, const struct voc_heat *heat, int32_t hottest,
                         struct span spans[SPANS_PER_LABEL])
{
	size_t count = 0, at = 0;
	while (at < normal->count) {
		if (heat->at[at] <= hottest / 2 || !is_word_char(normal, at)) {
			at++;
			continue;
		}
		struct span span = { at, at, 0 };
		while (span.end < normal->count && heat->at[span.end] > hottest / 2)
			span.end++;
		snap(normal, &span);
		for (size_t i = span.start; i < span.end; i++)
			span.heat += heat->at[i];
		at = span.end > at ? span.end : at + 1;
		if (span.end > span.start && span.heat > 0)
			keep_span(spans, &count, span);
	}
	return count;
}

static void insert(struct voc_classification *result, struct voc_evidence evidence)
{
	size_t at = result->evidence_count;
	while (at > 0 && result->evidence[at - 1].weight < evidence.weight)
		at--;
	if (at == VOC_EVIDENCE_MAX)
		return;
	if (result->evidence_count < VOC_EVIDENCE_MAX)
		result->evidence_count++;
	for (size_t i = result->evidence_count - 1; i > at; i--)
		result->evidence[i] = result->evidence[i - 1];
	result->evidence[at] = evidence;
}

static void explain(const struct voc_evidence_input *input, struct target target, struct voc_heat *heat,
                    struct voc_classification *result)
{
	size_t count = input->normal->count;
	memset(heat->at, 0, (count + 1) * sizeof heat->at[0]);
	warm_ngrams(input, target.column, heat);
	warm_rules(input, target.column, heat);
	int64_t sum;
	int32_t hottest = settle(heat, count, &sum);
	if (hottest <= 0)
		return;
	struct span spans[SPANS_PER_LABEL];
	size_t span_count = find_spans(input->normal, heat, hottest, spans);
	for (size_t i = 0; i < span_count; i++) {
		struct voc_evidence evidence = { .head = target.head, .label = target.label };
		voc_normal_bytes(input->normal, spans[i].start, spans[i].end, &evidence.start, &evidence.end);
		int64_t weight = spans[i].heat * 1000 / sum;
		evidence.weight = (int16_t)(weight > 1000 ? 1000 : weight);
		insert(result, evidence);
	}
}

void voc_evidence_find(const struct voc_evidence_input *input, struct voc_heat *heat, struct voc_classification *result)
{
	const struct voc_labels *labels = &result->labels;
	result->evidence_count = 0;
	if (labels->feedback != VOC_FEEDBACK_UNKNOWN)
		explain(input,
		        (struct target){ VOC_HEAD_FEEDBACK, (int)labels->feedback,
		                         VOC_COLUMN_FEEDBACK + (int)labels->feedback - 1 },
		        heat, result);
	if (labels->satisfaction != VOC_SATISFACTION_UNKNOWN && labels->satisfaction != VOC_SATISFACTION_NEUTRAL)
		explain(input,
		        (struct target){ VOC_HEAD_SATISFACTION, (int)labels->satisfaction,
		                         VOC_COLUMN_SATISFACTION + (int)labels->satisfaction - 1 },
		        heat, result);
	for (int f = VOC_FACTOR_PRODUCT_SERVICE; f < VOC_FACTOR_COUNT; f++) {
		if (labels->factors & (1u << f))
			explain(input, (struct target){ VOC_HEAD_FACTOR, f, VOC_COLUMN_FACTOR + f - 1 }, heat, result);
	}
	if (labels->servqual != VOC_SERVQUAL_NONE)
		explain(input,
		        (struct target){ VOC_HEAD_SERVQUAL, (int)labels->servqual,
		                         VOC_COLUMN_SERVQUAL + (int)labels->servqual },
		        heat, result);
	if (labels->churn_intent)
		explain(input, (struct target){ VOC_HEAD_CHURN, 1, VOC_COLUMN_CHURN }, heat, result);
}
