#include "core/classify/gaps_internal.h"

#include <stdlib.h>

/* Which gap is told if several weigh the same: first those that customers see themselves. */
static const enum voc_gap precedence[] = { VOC_GAP_COMMUNICATION, VOC_GAP_DELIVERY, VOC_GAP_DESIGN, VOC_GAP_KNOWLEDGE,
	                                   VOC_GAP_PERCEPTION };
#define LEAD_OF_STRONG 2 /* over the next gap */

static const char *const gap_names[VOC_GAP_COUNT] = {
#define X(symbol, name, ...) name,
	VOC_GAPS(X)
#undef X
};
static const char *const strength_names[VOC_GAP_STRENGTH_COUNT] = {
#define X(symbol, name) name,
	VOC_GAP_STRENGTHS(X)
#undef X
};
static const char *const record_names[VOC_GAP_RECORD_COUNT] = {
#define X(symbol, name) name,
	VOC_GAP_RECORDS(X)
#undef X
};

/* What holds of one contact. */
struct holding {
	const struct voc_gaps *gaps;
	uint64_t cues;                      /* bit 1 << number */
	uint16_t phrases[VOC_GAP_CUES_MAX]; /* that held first, of a cue of phrases */
	int weights[VOC_GAP_COUNT];
};

_Static_assert(VOC_GAP_CUES_MAX <= 64, "a bit for each cue");

const char *voc_gap_name(enum voc_gap gap)
{
	return (unsigned)gap < VOC_GAP_COUNT ? gap_names[gap] : NULL;
}

const char *voc_gap_strength_name(enum voc_gap_strength strength)
{
	return (unsigned)strength < VOC_GAP_STRENGTH_COUNT ? strength_names[strength] : NULL;
}

bool voc_gap_strength_parse(struct voc_str name, enum voc_gap_strength *ret_strength)
{
	int found = voc_str_index(name, strength_names, VOC_GAP_STRENGTH_COUNT);
	if (found >= 0)
		*ret_strength = (enum voc_gap_strength)found;
	return found >= 0;
}

bool voc_gap_record_parse(struct voc_str name, enum voc_gap_record *ret_record)
{
	int found = voc_str_index(name, record_names, VOC_GAP_RECORD_COUNT);
	if (found >= 0)
		*ret_record = (enum voc_gap_record)found;
	return found >= 0;
}

void voc_gaps_free(struct voc_gaps *gaps)
{
	if (!gaps)
		return;
	voc_automaton_free(gaps->automaton);
	voc_automaton_free(gaps->need_automaton);
	free(gaps);
}

const char *voc_gaps_version(const struct voc_gaps *gaps)
{
	return gaps->version;
}

/* Which of an owner's and a step's two texts. */
static int place_of(const char *lang)
{
	return strcmp(lang, "ko") == 0 ? 0 : 1;
}

static bool is_foreign_letter(uint32_t c)
{
	return voc_char_is_word(c) && !voc_char_is_hangul(c);
}

/* Whether the phrase whose last character is at `end` stands by itself, as words in Latin letters must. */
static bool stands_alone(const struct voc_normal *text, size_t end, const struct voc_gap_phrase *phrase)
{
	size_t begin = end + 1;
	for (size_t left = phrase->length; left > 0; left -= !voc_gap_skips(text->chars[begin]))
		begin--;
	bool runs_on =
	        end + 1 < text->count && is_foreign_letter(text->chars[end]) && is_foreign_letter(text->chars[end + 1]);
	bool runs_in = begin > 0 && is_foreign_letter(text->chars[begin]) && is_foreign_letter(text->chars[begin - 1]);
	return !runs_on && !runs_in;
}

void voc_gap_phrases_each(const struct voc_gaps *gaps, const struct voc_automaton *automaton,
                          const struct voc_stream *stream, voc_gap_phrase_fn tell, void *context)
{
	struct voc_automaton_walk walk;
	size_t last;
	uint32_t match;
	if (!automaton)
		return;
	voc_automaton_begin(automaton, stream->symbols, stream->count, &walk);
	while ((match = voc_automaton_walk(&walk, &last)) != VOC_AUTOMATON_NONE) {
		for (; match != VOC_AUTOMATON_NONE; match = voc_automaton_next(automaton, match)) {
			uint32_t number = voc_automaton_value(automaton, match);
			const struct voc_gap_phrase *phrase = &gaps->phrases[number];
			if (stands_alone(stream->text, stream->places[last], phrase))
				tell(context, phrase, number);
		}
	}
}

static void hold(size_t cue, struct holding *holding)
{
	holding->cues |= UINT64_C(1) << cue;
	holding->weights[holding->gaps->cues[cue].gap] += holding->gaps->cues[cue].weight;
}

static void hold_phrase(void *context, const struct voc_gap_phrase *phrase, size_t number)
{
	struct holding *holding = context;
	if (holding->cues >> phrase->cue & 1)
		return;
	holding->phrases[phrase->cue] = (uint16_t)number;
	hold(phrase->cue, holding);
}

static bool holds(const struct voc_gap_cue *cue, const struct voc_gap_input *input)
{
	switch (cue->kind) {
	case VOC_CUE_SERVQUAL: return (int)input->labels->servqual == cue->value;
	case VOC_CUE_FACTOR: return input->labels->factors >> cue->value & 1;
	case VOC_CUE_RECORD: return input->record >> cue->value & 1;
	default: return false;
	}
}

static struct voc_gap_told tell(const struct voc_gaps *gaps, size_t number, const struct holding *holding)
{
	const struct voc_gap_cue *cue = &gaps->cues[number];
	switch (cue->kind) {
	case VOC_CUE_SERVQUAL:
		return (struct voc_gap_told){ "servqual", voc_servqual_name((enum voc_servqual)cue->value) };
	case VOC_CUE_FACTOR: return (struct voc_gap_told){ "factor", voc_factor_name((enum voc_factor)cue->value) };
	case VOC_CUE_RECORD: return (struct voc_gap_told){ "record", record_names[cue->value] };
	default: return (struct voc_gap_told){ "phrase", gaps->phrases[holding->phrases[number]].text };
	}
}

/* The cues that held for the gap, heaviest first. */
static void tell_cues(const struct voc_gaps *gaps, const struct holding *holding, struct voc_gap_finding *finding)
{
	for (int weight = VOC_GAP_WEIGHT_MAX; weight > 0; weight--) {
		for (size_t cue = 0; cue < gaps->cue_count && finding->cue_count < VOC_GAP_TOLD_MAX; cue++) {
			if (holding->cues >> cue & 1 && gaps->cues[cue].gap == finding->gap &&
			    gaps->cues[cue].weight == weight)
				finding->cues[finding->cue_count++] = tell(gaps, cue, holding);
		}
	}
}

/* Labels alone are weak evidence whatever they weigh: they are the classifier's guess, and the gap is one on top. */
static enum voc_gap_strength strength_of(const struct voc_gaps *gaps, const struct holding *holding, enum voc_gap gap)
{
	int next = 0;
	bool is_said = false;
	for (int other = 0; other < VOC_GAP_COUNT; other++) {
		if (other != (int)gap && holding->weights[other] > next)
			next = holding->weights[other];
	}
	for (size_t cue = 0; cue < gaps->cue_count; cue++) {
		enum voc_gap_cue_kind kind = gaps->cues[cue].kind;
		is_said = is_said || ((holding->cues >> cue & 1) && gaps->cues[cue].gap == gap &&
		                      (kind == VOC_CUE_PHRASES || kind == VOC_CUE_RECORD));
	}
	int weight = holding->weights[gap];
	if (!is_said || weight < gaps->fair || weight == next)
		return VOC_GAP_WEAK;
	return weight >= gaps->strong && weight - next >= LEAD_OF_STRONG ? VOC_GAP_STRONG : VOC_GAP_FAIR;
}

void voc_gaps_find(const struct voc_gaps *gaps, const struct voc_gap_input *input, const char *lang,
                   struct voc_gap_finding *ret_finding)
{
	const struct voc_labels *labels = input->labels;
	struct holding holding;
	memset(&holding, 0, sizeof holding);
	holding.gaps = gaps;
	*ret_finding = (struct voc_gap_finding){ .gap = VOC_GAP_NONE };
	if (labels->feedback != VOC_FEEDBACK_COMPLAINT && labels->satisfaction != VOC_SATISFACTION_DISSATISFIED &&
	    !(input->record >> VOC_RECORD_BELOW_EXPECTATION & 1))
		return;
	voc_gap_phrases_each(gaps, gaps->automaton, input->text, hold_phrase, &holding);
	for (size_t cue = 0; cue < gaps->cue_count; cue++) {
		if (holds(&gaps->cues[cue], input))
			hold(cue, &holding);
	}
	for (size_t i = 0; i < sizeof precedence / sizeof *precedence; i++) {
		if (holding.weights[precedence[i]] > holding.weights[ret_finding->gap])
			ret_finding->gap = precedence[i];
	}
	if (ret_finding->gap == VOC_GAP_NONE)
		ret_finding->gap = VOC_GAP_PERCEPTION;
	ret_finding->strength = strength_of(gaps, &holding, ret_finding->gap);
	tell_cues(gaps, &holding, ret_finding);
	ret_finding->owner = gaps->owners[ret_finding->gap][place_of(lang)];
	ret_finding->step = gaps->steps[ret_finding->gap][place_of(lang)];
	ret_finding->version = gaps->version;
}

void voc_gap_write(struct voc_json_writer *json, const struct voc_gap_finding *finding)
{
	if (finding->gap == VOC_GAP_NONE)
		return;
	voc_json_key(json, "gap");
	voc_json_object(json);
	voc_json_member_i64(json, "number", finding->gap);
	voc_json_member_str(json, "name", voc_str_from(voc_gap_name(finding->gap)));
	voc_json_member_str(json, "strength", voc_str_from(voc_gap_strength_name(finding->strength)));
	voc_json_key(json, "cues");
	voc_json_array(json);
	for (size_t i = 0; i < finding->cue_count; i++) {
		voc_json_object(json);
		voc_json_member_str(json, finding->cues[i].kind, voc_str_from(finding->cues[i].name));
		voc_json_object_end(json);
	}
	voc_json_array_end(json);
	voc_json_member_str(json, "owner", voc_str_from(finding->owner));
	voc_json_member_str(json, "step", voc_str_from(finding->step));
	voc_json_member_str(json, "version", voc_str_from(finding->version));
	voc_json_object_end(json);
}
