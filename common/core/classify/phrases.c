#include "core/classify/phrases_rules.h"
#include "core/classify/stream.h"

#include <stdlib.h>

struct raw_hit {
	const struct voc_rule *rule;
	uint16_t start, end; /* characters */
	uint16_t sentence;
	bool dropped;
};

struct voc_phrase_matcher {
	struct voc_stream stream;
	uint16_t gap_starts[VOC_PHRASE_GAPS_MAX]; /* stream position behind the gap's first part, plus 1; 0: not seen */
	uint16_t gap_origins[VOC_PHRASE_GAPS_MAX]; /* stream position where that part began */
	struct raw_hit hits[VOC_PHRASE_HITS_MAX];
	size_t hit_count;
};

/* What one call looks at. */
struct search {
	const struct voc_phrases *phrases;
	struct voc_phrase_matcher *matcher;
	const struct voc_normal *normal;
	struct voc_tokens *tokens;
};

struct voc_phrase_matcher *voc_phrase_matcher_new(void)
{
	return calloc(1, sizeof(struct voc_phrase_matcher));
}

void voc_phrase_matcher_free(struct voc_phrase_matcher *matcher)
{
	free(matcher);
}

static bool starts_word(const struct voc_normal *normal, size_t at)
{
	return at == 0 || !voc_char_is_word(normal->chars[at - 1]);
}

/* `end` is behind the last character; 'phone's' and 'phone' end alike. */
static bool ends_word(const struct voc_normal *normal, size_t end)
{
	return end >= normal->count || !voc_char_is_word(normal->chars[end]);
}

static void add_hit(struct search *search, const struct voc_rule *rule, size_t first, size_t last)
{
	struct voc_phrase_matcher *matcher = search->matcher;
	size_t start = matcher->stream.places[first], end = matcher->stream.places[last] + 1u;
	if ((rule->whole_start && !starts_word(search->normal, start)) ||
	    (rule->whole_end && !ends_word(search->normal, end)) || matcher->hit_count == VOC_PHRASE_HITS_MAX)
		return;
	matcher->hits[matcher->hit_count++] = (struct raw_hit){
		.rule = rule,
		.start = (uint16_t)start,
		.end = (uint16_t)end,
		.sentence = (uint16_t)voc_tokens_sentence_at(search->tokens, start),
	};
}

/* The last part of "a .. b" counts if a stood a little way before it in the same sentence. */
static void close_gap(struct search *search, const struct voc_rule *rule, size_t first, size_t last)
{
	struct voc_phrase_matcher *matcher = search->matcher;
	size_t gap = (size_t)rule->gap;
	size_t open_end = matcher->gap_starts[gap];
	if (open_end == 0 || open_end - 1 > first || first - (open_end - 1) > VOC_PHRASE_GAP_CHARS)
		return;
	size_t origin = matcher->gap_origins[gap];
	if (voc_tokens_sentence_at(search->tokens, matcher->stream.places[origin]) ==
	    voc_tokens_sentence_at(search->tokens, matcher->stream.places[first]))
		add_hit(search, rule, origin, last);
}

static void take_match(struct search *search, const struct voc_phrases *phrases, uint32_t value, size_t at)
{
	const struct voc_rule *rule = &phrases->rules[value / 2];
	if (value % 2 == 1) {
		size_t origin = at + 1 - rule->first_symbols;
		if (rule->whole_start && !starts_word(search->normal, search->matcher->stream.places[origin]))
			return;
		search->matcher->gap_starts[rule->gap] = (uint16_t)(at + 2);
		search->matcher->gap_origins[rule->gap] = (uint16_t)origin;
	} else if (rule->gap >= 0) {
		close_gap(search, rule, at + 1 - rule->symbols, at);
	} else {
		add_hit(search, rule, at + 1 - rule->symbols, at);
	}
}

/* One rule file's automaton on its way through the text. */
struct walker {
	const struct voc_phrases *phrases;
	struct voc_automaton_walk walk;
	uint32_t match; /* the first of those that end next; NONE: there are no more */
	size_t last;    /* where they end */
};

static void walk_on(struct walker *walker)
{
	walker->match = voc_automaton_walk(&walker->walk, &walker->last);
	if (walker->match == VOC_AUTOMATON_NONE)
		walker->last = SIZE_MAX;
}

static void set_out(const struct voc_phrases *phrases, const struct voc_stream *stream, struct walker *ret_walker)
{
	ret_walker->phrases = phrases;
	voc_automaton_begin(phrases->automaton, stream->symbols, stream->count, &ret_walker->walk);
	walk_on(ret_walker);
}

/* What ends where the walker stands; then on. */
static void take_matches(struct search *search, struct walker *walker)
{
	const struct voc_automaton *automaton = walker->phrases->automaton;
	for (uint32_t match = walker->match; match != VOC_AUTOMATON_NONE; match = voc_automaton_next(automaton, match))
		take_match(search, walker->phrases, voc_automaton_value(automaton, match), walker->last);
	walk_on(walker);
}

/* Where phrases of both files end, the base's come first. */
static void scan(struct search *search)
{
	struct voc_phrase_matcher *matcher = search->matcher;
	const struct voc_phrases *base = search->phrases->base;
	struct walker rules, additions = { .match = VOC_AUTOMATON_NONE, .last = SIZE_MAX };
	matcher->hit_count = 0;
	memset(matcher->gap_starts, 0, search->phrases->gap_count * sizeof matcher->gap_starts[0]);
	voc_stream_make(search->normal, false, &matcher->stream);
	set_out(base ? base : search->phrases, &matcher->stream, &rules);
	if (base)
		set_out(search->phrases, &matcher->stream, &additions);
	while (rules.match != VOC_AUTOMATON_NONE || additions.match != VOC_AUTOMATON_NONE)
		take_matches(search, rules.last <= additions.last ? &rules : &additions);
}

static bool is_within(const struct raw_hit *inner, const struct raw_hit *outer)
{
	return outer->start <= inner->start && outer->end >= inner->end;
}

static bool is_named(const struct raw_hit *inner, const struct raw_hit *outer)
{
	return outer->rule->kind == VOC_RULE_NAME && inner->rule->kind != VOC_RULE_NAME && is_within(inner, outer);
}

static void drop_named(struct search *search)
{
	struct voc_phrase_matcher *matcher = search->matcher;
	for (size_t j = 0; j < matcher->hit_count; j++) {
		const struct raw_hit *outer = &matcher->hits[j];
		for (size_t i = 0; i < matcher->hit_count && outer->rule->kind == VOC_RULE_NAME; i++)
			matcher->hits[i].dropped |= is_named(&matcher->hits[i], outer);
	}
}

static bool only_marks_between(const struct voc_normal *normal, size_t start, size_t end)
{
	for (size_t i = start; i < end; i++) {
		if (voc_char_is_word(normal->chars[i]))
			return false;
	}
	return true;
}

static bool position_fits(const struct search *search, const struct raw_hit *hit)
{
	const struct voc_rule *rule = hit->rule;
	const struct voc_sentence *sentence = &search->tokens->sentences[hit->sentence];
	if ((rule->when & VOC_WHEN_END) && !only_marks_between(search->normal, hit->end, sentence->end))
		return false;
	return !(rule->when & VOC_WHEN_START) || only_marks_between(search->normal, sentence->start, hit->start);
}

static void drop_misplaced(struct search *search)
{
	for (size_t i = 0; i < search->matcher->hit_count; i++)
		search->matcher->hits[i].dropped = !position_fits(search, &search->matcher->hits[i]);
}

static bool mood_fits(const struct search *search, const struct raw_hit *hit)
{
	unsigned when = hit->rule->when;
	bool asks = search->tokens->sentences[hit->sentence].asks;
	return !((when & VOC_WHEN_ASKED) && !asks) && !((when & VOC_WHEN_STATED) && asks);
}

static bool in_bridge(const struct voc_phrases *phrases, uint32_t c)
{
	for (size_t i = 0; i < phrases->bridge_count; i++) {
		if (phrases->bridge[i] == c)
			return true;
	}
	return c == ' ';
}

/* "문제" + "가 전혀" + "없": only particles and adverbs may stand between. */
static bool denied_after(const struct search *search, const struct raw_hit *hit, const struct raw_hit *negation)
{
	if (negation->start < hit->end || negation->start - hit->end > negation->rule->within)
		return false;
	for (size_t i = hit->end; i < negation->start; i++) {
		if (!in_bridge(search->phrases, search->normal->chars[i]))
			return false;
	}
	return true;
}

/* "not a good": a few words may stand between, no comma. */
static bool denied_before(const struct search *search, const struct raw_hit *hit, const struct raw_hit *negation)
{
	if (negation->end > hit->start)
		return false;
	unsigned words = 0;
	for (size_t i = negation->end; i < hit->start; i++) {
		if (search->normal->chars[i] == ',' || search->normal->chars[i] == ';')
			return false;
		bool begins = i == negation->end || starts_word(search->normal, i); /* "안내": no "안" of its own */
		words += begins && voc_char_is_word(search->normal->chars[i]);
		if (words > negation->rule->within) /* or a long text of many negations would be walked for each */
			return false;
	}
	return true;
}

static bool is_denied(const struct search *search, const struct raw_hit *hit)
{
	for (size_t i = 0; i < search->matcher->hit_count; i++) {
		const struct raw_hit *negation = &search->matcher->hits[i];
		enum voc_rule_kind kind = negation->rule->kind;
		bool denies = kind == VOC_RULE_NEGATION_BEFORE || kind == VOC_RULE_NEGATION_AFTER;
		if (!denies || negation->dropped || negation->sentence != hit->sentence)
			continue;
		if (kind == VOC_RULE_NEGATION_AFTER ? denied_after(search, hit, negation)
		                                    : denied_before(search, hit, negation))
			return true;
	}
	return false;
}

/* What only counts when it is denied, and is not. */
static void drop_undenied(struct search *search)
{
	for (size_t i = 0; i < search->matcher->hit_count; i++) {
		struct raw_hit *hit = &search->matcher->hits[i];
		if ((hit->rule->when & VOC_WHEN_DENIED) && !hit->dropped)
			hit->dropped = !is_denied(search, hit);
	}
}

static bool is_undenied(const struct raw_hit *hit)
{
	return (hit->rule->when & VOC_WHEN_DENIED) && hit->dropped;
}

/* A phrase inside a longer one of the same head says nothing of its own. */
static void drop_contained(struct search *search)
{
	struct voc_phrase_matcher *matcher = search->matcher;
	for (size_t i = 0; i < matcher->hit_count; i++) {
		struct raw_hit *inner = &matcher->hits[i];
		for (size_t j = 0; j < matcher->hit_count && !inner->dropped; j++) {
			const struct raw_hit *outer = &matcher->hits[j];
			bool longer = outer->end - outer->start > inner->end - inner->start;
			inner->dropped = longer && !is_undenied(outer) && is_within(inner, outer) &&
			                 outer->rule->head == inner->rule->head &&
			                 inner->rule->kind <= VOC_RULE_AGAINST && outer->rule->kind <= VOC_RULE_AGAINST;
		}
	}
}

/* After the longer phrases have won: "오류가 나요" holds the ending "나요" and asks nothing. */
static void mark_questions(struct search *search)
{
	for (size_t i = 0; i < search->matcher->hit_count; i++) {
		const struct raw_hit *hit = &search->matcher->hits[i];
		const struct voc_rule *rule = hit->rule;
		if (!hit->dropped && rule->kind == VOC_RULE_FOR && rule->head == VOC_HEAD_FEEDBACK &&
		    rule->label == VOC_FEEDBACK_QUESTION && (rule->when & VOC_WHEN_END))
			search->tokens->sentences[hit->sentence].asks = true;
	}
}

static void deliver(const struct search *search, const struct raw_hit *hit, struct voc_phrase_hits *ret_hits)
{
	const struct voc_rule *rule = hit->rule;
	if (hit->dropped || rule->kind > VOC_RULE_AGAINST || !mood_fits(search, hit))
		return;
	int label = rule->label;
	bool against = rule->kind == VOC_RULE_AGAINST;
	bool denial_known = (rule->when & VOC_WHEN_DENIED) || rule->negation == VOC_NEGATION_IGNORE;
	if (!denial_known && is_denied(search, hit)) {
		if (rule->negation == VOC_NEGATION_DROP)
			return;
		label = rule->negation == VOC_NEGATION_FLIP ? rule->flip_label : label;
		against ^= rule->negation == VOC_NEGATION_AGAINST;
	}
	ret_hits->at[ret_hits->count++] = (struct voc_phrase_hit){
		.start = hit->start,
		.end = hit->end,
		.head = rule->head,
		.label = label,
		.against = against,
		.decides = rule->decides,
		.weight = rule->weight,
	};
}

void voc_phrases_find(const struct voc_phrases *phrases, struct voc_phrase_matcher *matcher,
                      const struct voc_normal *normal, struct voc_tokens *tokens, struct voc_phrase_hits *ret_hits)
{
	struct search search = { phrases, matcher, normal, tokens };
	ret_hits->count = 0;
	ret_hits->full = false;
	if (tokens->sentence_count == 0)
		return;
	scan(&search);
	ret_hits->full = matcher->hit_count == VOC_PHRASE_HITS_MAX;
	drop_misplaced(&search);
	drop_named(&search);
	drop_undenied(&search);
	drop_contained(&search);
	mark_questions(&search);
	for (size_t i = 0; i < matcher->hit_count; i++)
		deliver(&search, &matcher->hits[i], ret_hits);
}
