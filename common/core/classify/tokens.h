/*
 * Words and sentences of a normalised text, and its language.
 *
 * A word is a run of letters and digits, with apostrophes inside. A sentence ends at '.', '?', '!' (not inside a
 * number) or a line end. Pure.
 */
#ifndef VOC_CORE_TOKENS_H
#define VOC_CORE_TOKENS_H

#include "core/classify/normalize.h"

#define VOC_WORDS_MAX     4096
#define VOC_SENTENCES_MAX 1024

struct voc_word {
	uint16_t start, end; /* characters */
	uint16_t sentence;
};

struct voc_sentence {
	uint16_t start, end; /* characters, the closing mark not included */
	bool asks;           /* closed by a question mark */
};

enum voc_lang { VOC_LANG_KO, VOC_LANG_EN, VOC_LANG_COUNT };

struct voc_tokens {
	struct voc_word words[VOC_WORDS_MAX];
	size_t word_count;
	struct voc_sentence sentences[VOC_SENTENCES_MAX];
	size_t sentence_count;
	enum voc_lang lang;
};

/* `hint` (a language tag, or empty) decides only where the letters don't. */
void voc_tokenize(const struct voc_normal *normal, struct voc_str hint, struct voc_tokens *tokens);
/* The language alone. */
enum voc_lang voc_tokens_lang(const struct voc_normal *normal, struct voc_str hint);
/* The index of the sentence that holds this character; the last one if it lies between two. */
size_t voc_tokens_sentence_at(const struct voc_tokens *tokens, size_t at);

const char *voc_lang_name(enum voc_lang lang);

#endif
