#include "core/classify/turns.h"

/* Of what was read of a call, the part that is one turn's. */
struct part {
	size_t start, end; /* characters */
};

/* Nothing was left out for want of room. */
static bool is_whole(const struct voc_reading *call)
{
	return call->normal.origin[call->normal.count] <= VOC_CLASSIFY_MAX_BYTES &&
	       call->tokens.word_count < VOC_WORDS_MAX && call->tokens.sentence_count < VOC_SENTENCES_MAX &&
	       !call->hits.full;
}

/* Marks in a row belong to the sentence before them, whichever turn they stand in. */
static bool begins_plainly(const struct voc_normal *normal, size_t at)
{
	return at == normal->count || !voc_char_is_stop(normal->chars[at]);
}

static size_t skip_to_byte(const struct voc_normal *normal, size_t at, size_t byte)
{
	while (at < normal->count && normal->origin[at] < byte)
		at++;
	return at;
}

/*
 * The turn's characters. Where a character of its edge came from another byte than its own, it was joined with what
 * stands beyond the edge (white space, or a mark behind a line end), which a turn alone is not.
 */
static bool find_part(struct voc_turns *turns, const struct voc_normal *normal, size_t start, size_t end,
                      struct part *ret_part)
{
	size_t first = skip_to_byte(normal, turns->character, start);
	size_t past = skip_to_byte(normal, first, end);
	turns->character = past;
	*ret_part = (struct part){ first, past };
	bool begins = normal->origin[first] == start && (first == 0 || normal->chars[first - 1] == '\n');
	bool ends = normal->origin[past] == end && (past == normal->count || normal->chars[past] == '\n');
	return begins && ends && first < past && begins_plainly(normal, first) &&
	       (past == normal->count || begins_plainly(normal, past + 1));
}

static void cut_characters(const struct voc_normal *normal, struct part part, struct voc_normal *ret_normal)
{
	size_t count = part.end - part.start;
	uint32_t before = normal->origin[part.start];
	memcpy(ret_normal->chars, normal->chars + part.start, count * sizeof ret_normal->chars[0]);
	for (size_t i = 0; i <= count; i++)
		ret_normal->origin[i] = normal->origin[part.start + i] - before;
	ret_normal->count = count;
}

static void cut_sentences(struct voc_turns *turns, const struct voc_tokens *tokens, struct part part,
                          struct voc_tokens *ret_tokens)
{
	ret_tokens->sentence_count = 0;
	for (; turns->sentence < tokens->sentence_count; turns->sentence++) {
		struct voc_sentence sentence = tokens->sentences[turns->sentence];
		if (sentence.start >= part.end)
			return;
		if (sentence.start < part.start)
			continue;
		sentence.start = (uint16_t)(sentence.start - part.start);
		sentence.end = (uint16_t)(sentence.end - part.start);
		ret_tokens->sentences[ret_tokens->sentence_count++] = sentence;
	}
}

/* `first_sentence` is the part's, among all of the call's. */
static void cut_words(struct voc_turns *turns, const struct voc_tokens *tokens, struct part part, size_t first_sentence,
                      struct voc_tokens *ret_tokens)
{
	ret_tokens->word_count = 0;
	for (; turns->word < tokens->word_count; turns->word++) {
		struct voc_word word = tokens->words[turns->word];
		if (word.start >= part.end)
			return;
		if (word.start < part.start)
			continue;
		word.start = (uint16_t)(word.start - part.start);
		word.end = (uint16_t)(word.end - part.start);
		word.sentence = (uint16_t)(word.sentence - first_sentence);
		ret_tokens->words[ret_tokens->word_count++] = word;
	}
}

/* None reaches over a line end, and they are in the order of their ends. */
static void cut_hits(struct voc_turns *turns, const struct voc_phrase_hits *hits, struct part part,
                     struct voc_phrase_hits *ret_hits)
{
	ret_hits->count = 0;
	ret_hits->full = false;
	for (; turns->hit < hits->count; turns->hit++) {
		struct voc_phrase_hit hit = hits->at[turns->hit];
		if (hit.start >= part.end)
			return;
		if (hit.start < part.start)
			continue;
		hit.start = (uint16_t)(hit.start - part.start);
		hit.end = (uint16_t)(hit.end - part.start);
		ret_hits->at[ret_hits->count++] = hit;
	}
}

bool voc_turns_cut(struct voc_turns *turns, const struct voc_reading *call, size_t start, size_t end,
                   struct voc_str hint, struct voc_reading *ret_turn)
{
	struct part part;
	if (!is_whole(call) || !find_part(turns, &call->normal, start, end, &part))
		return false;
	cut_characters(&call->normal, part, &ret_turn->normal);
	cut_sentences(turns, &call->tokens, part, &ret_turn->tokens);
	size_t first_sentence = turns->sentence - ret_turn->tokens.sentence_count;
	cut_words(turns, &call->tokens, part, first_sentence, &ret_turn->tokens);
	cut_hits(turns, &call->hits, part, &ret_turn->hits);
	ret_turn->tokens.lang = voc_tokens_lang(&ret_turn->normal, hint);
	return true;
}
