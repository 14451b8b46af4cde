#include "core/classify/tokens.h"

#include "base/vector.h"

/* One Hangul syllable says as much as about two Latin letters; a brand name in Latin letters must not tip a text. */
#define HANGUL_WEIGHT 3

static bool ends_sentence(const struct voc_normal *normal, size_t at)
{
	uint32_t c = normal->chars[at];
	if (!voc_char_is_stop(c))
		return false;
	/* 4.5, gmail.com: a point with a letter or digit right behind it ends nothing, except behind Hangul. */
	bool glued = c == '.' && at > 0 && at + 1 < normal->count && voc_char_is_word(normal->chars[at + 1]);
	return !glued || voc_char_is_hangul(normal->chars[at - 1]);
}

static void add_sentence(struct voc_tokens *tokens, size_t start, size_t end, bool asks)
{
	if (start == end || tokens->sentence_count == VOC_SENTENCES_MAX)
		return;
	tokens->sentences[tokens->sentence_count++] = (struct voc_sentence){ (uint16_t)start, (uint16_t)end, asks };
}

/* Closing marks in a row ("?!", "...") belong to one end; a question mark among them counts. */
static void find_sentences(const struct voc_normal *normal, struct voc_tokens *tokens)
{
	size_t start = 0, at = 0;
	while (at < normal->count) {
		if (!ends_sentence(normal, at)) {
			at++;
			continue;
		}
		size_t end = at;
		bool asks = false;
		while (at < normal->count && (voc_char_is_stop(normal->chars[at]) || normal->chars[at] == ' '))
			asks |= normal->chars[at++] == '?';
		add_sentence(tokens, start, end, asks);
		start = at;
	}
	add_sentence(tokens, start, normal->count, false);
}

static bool continues_word(const struct voc_normal *normal, size_t at, size_t end)
{
	if (voc_char_is_word(normal->chars[at]))
		return true;
	return normal->chars[at] == '\'' && at + 1 < end && voc_char_is_letter(normal->chars[at + 1]);
}

static void find_words(const struct voc_normal *normal, size_t sentence, struct voc_tokens *tokens)
{
	size_t end = tokens->sentences[sentence].end;
	for (size_t at = tokens->sentences[sentence].start; at < end;) {
		if (!voc_char_is_word(normal->chars[at])) {
			at++;
			continue;
		}
		size_t start = at;
		while (at < end && continues_word(normal, at, end))
			at++;
		if (tokens->word_count == VOC_WORDS_MAX)
			return;
		tokens->words[tokens->word_count++] =
		        (struct voc_word){ (uint16_t)start, (uint16_t)at, (uint16_t)sentence };
	}
}

/* How many letters of each there are. */
VOC_VECTORISED static void count_letters(const struct voc_normal *normal, uint32_t *ret_hangul, uint32_t *ret_latin)
{
	uint32_t hangul = 0, latin = 0;
	for (size_t i = 0; i < normal->count; i++) {
		uint32_t c = normal->chars[i];
		hangul += voc_char_is_hangul(c);
		latin += c >= 'a' && c <= 'z';
	}
	*ret_hangul = hangul;
	*ret_latin = latin;
}

enum voc_lang voc_tokens_lang(const struct voc_normal *normal, struct voc_str hint)
{
	uint32_t hangul, latin;
	count_letters(normal, &hangul, &latin);
	if (hangul == 0 && latin == 0)
		return voc_str_starts_with(hint, VOC_STR("en")) ? VOC_LANG_EN : VOC_LANG_KO;
	return hangul * HANGUL_WEIGHT >= latin ? VOC_LANG_KO : VOC_LANG_EN;
}

void voc_tokenize(const struct voc_normal *normal, struct voc_str hint, struct voc_tokens *tokens)
{
	tokens->word_count = 0;
	tokens->sentence_count = 0;
	find_sentences(normal, tokens);
	for (size_t i = 0; i < tokens->sentence_count; i++)
		find_words(normal, i, tokens);
	tokens->lang = voc_tokens_lang(normal, hint);
}

size_t voc_tokens_sentence_at(const struct voc_tokens *tokens, size_t at)
{
	size_t low = 0, high = tokens->sentence_count;
	while (high - low > 1) {
		size_t middle = (low + high) / 2;
		if (tokens->sentences[middle].start <= at)
			low = middle;
		else
			high = middle;
	}
	return low;
}

const char *voc_lang_name(enum voc_lang lang)
{
	return lang == VOC_LANG_KO ? "ko" : "en";
}
