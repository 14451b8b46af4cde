#include "core/classify/evidence.h"

#include "base/vector.h"

#define SPANS_PER_LABEL 2
#define HEAT_SHIFT      8 /* fixed point of the heat of a character */
#define TARGETS_MAX     (VOC_HEAD_COUNT - 1 + VOC_FACTOR_COUNT)
#define SHARE_LENGTHS   32 /* longer n-grams (of words) are treated as if they had this length */

typedef int64_t wide_vector __attribute__((vector_size(VOC_HEAT_WIDTH * sizeof(int64_t))));

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

/* One unit of weight on each character, by the length of the n-gram. The loop is unrolled: constants divide cheaply. */
VOC_VECTORISED static void find_shares(const struct voc_evidence_input *input, int block,
                                       const int columns[VOC_HEAT_WIDTH], voc_heat_vector shares[SHARE_LENGTHS])
{
	voc_heat_vector whole;
	for (int which = 0; which < VOC_HEAT_WIDTH; which++) {
		int64_t scale = (int64_t)input->model->scale[columns[which]] * input->scores->inverse_sqrt_q16[block];
		whole[which] = (int32_t)(scale >> (24 - HEAT_SHIFT));
	}
	shares[0] = (voc_heat_vector){ 0 };
#pragma GCC unroll 32
	for (int len = 1; len < SHARE_LENGTHS; len++)
		shares[len] = whole / len;
}

VOC_VECTORISED static void warm_ngrams(const struct voc_evidence_input *input, const int columns[VOC_HEAT_WIDTH],
                                       struct voc_heat *heat)
{
	const int a = columns[0], b = columns[1], c = columns[2], d = columns[3];
	for (int block = 0; block < VOC_BLOCK_COUNT; block++) {
		if (input->features->learnt_count[block] == 0)
			continue;
		voc_heat_vector shares[SHARE_LENGTHS];
		find_shares(input, block, columns, shares);
		const struct voc_learnt *feature = input->features->learnt[block];
		const struct voc_learnt *end = feature + input->features->learnt_count[block];
		for (; feature < end; feature++) {
			const int8_t *row = voc_model_bucket_row(input->model, feature->bucket);
			int len = feature->end - feature->start;
			voc_heat_vector weights = { row[a], row[b], row[c], row[d] };
			voc_heat_vector each = weights * shares[len < SHARE_LENGTHS ? len : SHARE_LENGTHS - 1];
			heat->at[feature->start] += each;
			heat->at[feature->end] -= each;
		}
	}
}

static void warm_rules(const struct voc_evidence_input *input, int column, size_t which, struct voc_heat *heat)
{
	int32_t decided = voc_score_decided(input->features->distinct_words);
	for (size_t i = 0; i < input->hits->count; i++) {
		const struct voc_phrase_hit *hit = &input->hits->at[i];
		int dense = voc_features_hit_dense(hit, input->tokens->lang);
		int64_t weight = input->model->dense[(size_t)dense * VOC_HEAD_COLUMNS + (size_t)column];
		weight = weight * hit->weight / 1000;
		if (hit->decides && voc_score_hit_column(hit) == column)
			weight += hit->against ? -decided : decided;
		int32_t each = (int32_t)(weight * (1 << HEAT_SHIFT) / (hit->end - hit->start));
		heat->at[hit->start][which] += each;
		heat->at[hit->end][which] -= each;
	}
}

/* Each label's hottest character, and the sum of all that is above zero. */
struct summary {
	voc_heat_vector hottest;
	int64_t sum[VOC_HEAT_WIDTH];
};

/* Turns changes into heat. */
VOC_VECTORISED static void settle(struct voc_heat *heat, size_t count, struct summary *ret_summary)
{
	voc_heat_vector now = { 0 }, hottest = { 0 };
	wide_vector sum = { 0 };
	for (size_t i = 0; i < count; i++) {
		now += heat->at[i];
		heat->at[i] = now;
		voc_heat_vector warm = now & (now > 0);
		sum += __builtin_convertvector(warm, wide_vector);
		voc_heat_vector hotter = warm > hottest;
		hottest = (warm & hotter) | (hottest & ~hotter);
	}
	ret_summary->hottest = hottest;
	memcpy(ret_summary->sum, &sum, sizeof ret_summary->sum);
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
static size_t find_spans(const struct voc_normal *normal, const struct voc_heat *heat, size_t which, int32_t hottest,
                         struct span spans[SPANS_PER_LABEL])
{
	size_t count = 0, at = 0;
	while (at < normal->count) {
		if (heat->at[at][which] <= hottest / 2 || !is_word_char(normal, at)) {
			at++;
			continue;
		}
		struct span span = { at, at, 0 };
		while (span.end < normal->count && heat->at[span.end][which] > hottest / 2)
			span.end++;
		snap(normal, &span);
		for (size_t i = span.start; i < span.end; i++)
			span.heat += heat->at[i][which];
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

static void explain(const struct voc_evidence_input *input, struct target target, size_t which,
                    const struct voc_heat *heat, const struct summary *summary, struct voc_classification *result)
{
	int64_t sum = summary->sum[which];
	int32_t hottest = summary->hottest[which];
	if (hottest == 0)
		return;
	struct span spans[SPANS_PER_LABEL];
	size_t span_count = find_spans(input->normal, heat, which, hottest, spans);
	for (size_t i = 0; i < span_count; i++) {
		struct voc_evidence evidence = { .head = target.head, .label = target.label };
		voc_normal_bytes(input->normal, spans[i].start, spans[i].end, &evidence.start, &evidence.end);
		int64_t weight = spans[i].heat * 1000 / sum;
		evidence.weight = (int16_t)(weight > 1000 ? 1000 : weight);
		insert(result, evidence);
	}
}

/* Every label that says something. */
static size_t list_targets(const struct voc_labels *labels, struct target targets[TARGETS_MAX])
{
	size_t count = 0;
	if (labels->feedback != VOC_FEEDBACK_UNKNOWN)
		targets[count++] = (struct target){ VOC_HEAD_FEEDBACK, (int)labels->feedback,
			                            VOC_COLUMN_FEEDBACK + (int)labels->feedback - 1 };
	if (labels->satisfaction != VOC_SATISFACTION_UNKNOWN && labels->satisfaction != VOC_SATISFACTION_NEUTRAL)
		targets[count++] = (struct target){ VOC_HEAD_SATISFACTION, (int)labels->satisfaction,
			                            VOC_COLUMN_SATISFACTION + (int)labels->satisfaction - 1 };
	for (int f = VOC_FACTOR_PRODUCT_SERVICE; f < VOC_FACTOR_COUNT; f++) {
		if (labels->factors & (1u << f))
			targets[count++] = (struct target){ VOC_HEAD_FACTOR, f, VOC_COLUMN_FACTOR + f - 1 };
	}
	if (labels->servqual != VOC_SERVQUAL_NONE)
		targets[count++] = (struct target){ VOC_HEAD_SERVQUAL, (int)labels->servqual,
			                            VOC_COLUMN_SERVQUAL + (int)labels->servqual };
	if (labels->churn_intent)
		targets[count++] = (struct target){ VOC_HEAD_CHURN, 1, VOC_COLUMN_CHURN };
	return count;
}

void voc_evidence_find(const struct voc_evidence_input *input, struct voc_heat *heat, struct voc_classification *result)
{
	struct target targets[TARGETS_MAX];
	size_t count = list_targets(&result->labels, targets);
	result->evidence_count = 0;
	for (size_t first = 0; first < count; first += VOC_HEAT_WIDTH) {
		size_t some = count - first < VOC_HEAT_WIDTH ? count - first : VOC_HEAT_WIDTH;
		int columns[VOC_HEAT_WIDTH] = { 0 };
		struct summary summary;
		for (size_t i = 0; i < some; i++)
			columns[i] = targets[first + i].column;
		memset(heat->at, 0, (input->normal->count + 1) * sizeof heat->at[0]);
		warm_ngrams(input, columns, heat);
		for (size_t i = 0; i < some; i++)
			warm_rules(input, columns[i], i, heat);
		settle(heat, input->normal->count, &summary);
		for (size_t i = 0; i < some; i++)
			explain(input, targets[first + i], i, heat, &summary, result);
	}
}
