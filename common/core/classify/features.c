#include "core/classify/features.h"

#include "base/vector.h"

/* Longest n-grams: of characters, of words. A Hangul syllable alone already says something; Latin letters don't. */
#define HANGUL_FROM   1
#define HANGUL_TO     4
#define LATIN_FROM    3
#define LATIN_TO      5
#define EDGE_TO       4 /* characters at a sentence's end, words at its beginning */
#define DENIED_SPAN   3 /* words that a negation reaches */
#define KINDS_OF_WORD 9 /* n-grams that a word adds, at most */
#define STEM_FROM     2 /* syllables of a Hangul word's beginning, and of its ending */
#define STEM_TO       3
#define MULTIPLIER    UINT64_C(0x9E3779B97F4A7C15)

/* Seeds keep the kinds apart. */
enum { SEED_CHARS = 1, SEED_WORDS, SEED_BEGIN, SEED_END, SEED_DENIED, SEED_STEM, SEED_ENDING, SEED_SKIP, SEED_LAST };

static uint64_t mix(uint64_t hash, uint64_t value)
{
	hash = (hash ^ value) * MULTIPLIER;
	return hash ^ (hash >> 29);
}

static uint32_t shorten(uint64_t hash)
{
	return (uint32_t)((hash * MULTIPLIER) >> 32);
}

/* Compiled once for each kind of gatherer. */
#define ALWAYS_INLINE static inline __attribute__((always_inline))

/* Takes the n-grams of a block, each once: all of them, or (with a model's owners) those alone that it has learnt. */
struct gatherer {
	struct voc_feature *all;
	struct voc_learnt *learnt;
	const uint8_t *owner; /* NULL: all */
	size_t count, learnt_count;
	uint32_t *seen; /* a table of hashes; 0: a free slot */
	uint32_t seen_mask;
};

ALWAYS_INLINE bool is_new(struct gatherer *gatherer, uint32_t hash)
{
	uint32_t key = hash ? hash : 1, slot = key & gatherer->seen_mask;
	while (gatherer->seen[slot] != 0) {
		if (gatherer->seen[slot] == key)
			return false;
		slot = (slot + 1) & gatherer->seen_mask;
	}
	gatherer->seen[slot] = key;
	return true;
}

/* Compared as voc_model_row does it, without a branch. */
ALWAYS_INLINE void take_learnt(struct gatherer *gatherer, uint32_t hash, size_t start, size_t end)
{
	uint32_t bucket = voc_model_bucket(hash);
	gatherer->learnt[gatherer->learnt_count] = (struct voc_learnt){ bucket, (uint16_t)start, (uint16_t)end };
	gatherer->learnt_count += gatherer->owner[bucket] == (uint8_t)hash;
}

/* False if it is there already. */
ALWAYS_INLINE bool add_named(struct gatherer *gatherer, uint32_t name, size_t start, size_t end)
{
	if (gatherer->count == VOC_FEATURES_MAX || !is_new(gatherer, name))
		return false;
	if (gatherer->owner)
		take_learnt(gatherer, name, start, end);
	else
		gatherer->all[gatherer->count] = (struct voc_feature){ name, (uint16_t)start, (uint16_t)end };
	gatherer->count++;
	return true;
}

ALWAYS_INLINE bool add(struct gatherer *gatherer, uint64_t hash, size_t start, size_t end)
{
	return add_named(gatherer, shorten(hash), start, end);
}

/* Digits are alike, so are line ends and spaces. */
static uint32_t plain(uint32_t c)
{
	if (voc_char_is_digit(c))
		return '0';
	return c == '\n' ? ' ' : c;
}

static void make_plain(const struct voc_normal *normal, struct voc_features *features)
{
	for (size_t i = 0; i < normal->count; i++)
		features->plain[i] = plain(normal->chars[i]);
}

/*
 * The n-grams that begin at `start`, of `from` to `to` characters; a space ends them. What goes on behind it are other
 * n-grams' words: as many again that say little, and take the place of those that say more.
 */
ALWAYS_INLINE void add_ngrams(struct gatherer *gatherer, const uint32_t *plain_chars, size_t start, size_t from,
                              size_t to)
{
	const uint32_t *chars = plain_chars + start;
	uint64_t hash = SEED_CHARS;
	size_t n = 1;
	for (; n < from && n <= to; n++)
		hash = mix(hash, chars[n - 1]);
	for (; n <= to; n++) {
		hash = mix(hash, chars[n - 1]);
		add(gatherer, hash, start, start + n);
		if (n > 1 && chars[n - 1] == ' ')
			break;
	}
}

ALWAYS_INLINE void add_chars(const struct voc_normal *normal, const uint32_t *plain_chars, struct gatherer *gatherer)
{
	for (size_t start = 0; start < normal->count; start++) {
		size_t left = normal->count - start;
		size_t first = normal->chars[start] == ' ' && left > 1 ? start + 1 : start;
		bool hangul = voc_char_is_hangul(normal->chars[first]);
		size_t from = (size_t)(hangul ? HANGUL_FROM : LATIN_FROM) + (first > start);
		size_t to = hangul ? HANGUL_TO : LATIN_TO;
		add_ngrams(gatherer, plain_chars, start, from, to < left ? to : left);
	}
}

static uint64_t hash_word(const struct voc_normal *normal, const struct voc_word *word)
{
	uint64_t hash = SEED_WORDS;
	for (size_t i = word->start; i < word->end; i++) {
		if (normal->chars[i] != '\'')
			hash = mix(hash, plain(normal->chars[i]));
	}
	return hash;
}

static struct voc_feature stem_of(uint64_t hash, size_t start, size_t end)
{
	return (struct voc_feature){ shorten(hash), (uint16_t)start, (uint16_t)end };
}

size_t voc_features_stems(const struct voc_normal *normal, const struct voc_word *word,
                          struct voc_feature ret_stems[VOC_STEMS_MAX])
{
	size_t start = word->start, end = word->end, len = end - start, count = 0;
	if (!voc_char_is_hangul(normal->chars[start])) {
		ret_stems[0] = stem_of(hash_word(normal, word), start, end);
		return 1;
	}
	uint64_t hash = SEED_STEM;
	for (size_t n = 1; n <= STEM_TO && n <= len; n++) {
		hash = mix(hash, plain(normal->chars[start + n - 1]));
		if (n >= STEM_FROM || n == len)
			ret_stems[count++] = stem_of(hash, start, start + n);
	}
	if (len > STEM_TO) {
		hash = mix(mix(SEED_ENDING, plain(normal->chars[end - 2])), plain(normal->chars[end - 1]));
		ret_stems[count++] = stem_of(hash, end - STEM_FROM, end);
	}
	return count;
}

static void add_stems(const struct voc_normal *normal, const struct voc_word *word, struct gatherer *gatherer)
{
	struct voc_feature stems[VOC_STEMS_MAX];
	size_t count = voc_features_stems(normal, word, stems);
	for (size_t i = 0; i < count; i++)
		add_named(gatherer, stems[i].hash, stems[i].start, stems[i].end);
}

/* "don't", "cannot", "not", "never", "no", "without": compared by their letters. */
static bool denies(const struct voc_normal *normal, const struct voc_word *word)
{
	static const char *const words[] = { "not", "never", "no", "cannot", "without", "hardly", "nothing" };
	const uint32_t *chars = normal->chars + word->start;
	size_t len = (size_t)(word->end - word->start);
	if (len >= 4 && chars[len - 1] == 't' && chars[len - 2] == '\'' && chars[len - 3] == 'n')
		return true;
	for (size_t i = 0; chars[0] <= 'z' && i < sizeof words / sizeof words[0]; i++) {
		size_t at = 0;
		while (at < len && words[i][at] != '\0' && chars[at] == (uint32_t)words[i][at])
			at++;
		if (at == len && words[i][at] == '\0')
			return true;
	}
	return false;
}

/* Returns how many different words there are. */
static size_t add_words(const struct voc_normal *normal, const struct voc_tokens *tokens, struct gatherer *gatherer)
{
	uint64_t before = 0, before_last = 0, begin = 0;
	size_t in_sentence = 0, denied = 0, distinct = 0;
	for (size_t i = 0; i < tokens->word_count; i++) {
		const struct voc_word *word = &tokens->words[i];
		const struct voc_word *last = i > 0 ? word - 1 : word;
		if (i == 0 || last->sentence != word->sentence) {
			in_sentence = denied = 0;
			begin = SEED_BEGIN;
		}
		uint64_t hash = hash_word(normal, word);
		distinct += add(gatherer, hash, word->start, word->end);
		if (in_sentence > 0)
			add(gatherer, mix(before, hash), last->start, word->end);
		if (in_sentence > 1)
			add(gatherer, mix(mix(SEED_SKIP, before_last), hash), last[-1].start, word->end);
		if (word->sentence > 0 && word->sentence + 1U == tokens->sentence_count)
			add(gatherer, mix(SEED_LAST, hash), word->start, word->end);
		if (in_sentence < EDGE_TO - 1) {
			begin = mix(begin, hash);
			add(gatherer, begin, word->start, word->end);
		}
		if (denied > 0)
			add(gatherer, mix(SEED_DENIED, hash), word->start, word->end);
		if (voc_char_is_hangul(normal->chars[word->start]))
			add_stems(normal, word, gatherer);
		denied = denies(normal, word) ? DENIED_SPAN : denied > 0 ? denied - 1 : 0;
		before_last = before;
		before = hash;
		in_sentence++;
	}
	return distinct;
}

/* How a sentence ends tells Korean questions, requests and statements apart. */
static void add_ends(const struct voc_normal *normal, const struct voc_tokens *tokens, struct gatherer *gatherer)
{
	for (size_t i = 0; i < tokens->sentence_count; i++) {
		const struct voc_sentence *sentence = &tokens->sentences[i];
		size_t end = sentence->end;
		while (end > sentence->start && !voc_char_is_word(normal->chars[end - 1]))
			end--;
		uint64_t hash = mix(SEED_END, sentence->asks);
		for (size_t n = 1; n <= EDGE_TO && end >= sentence->start + n; n++) {
			hash = mix(hash, plain(normal->chars[end - n]));
			if (n >= 2)
				add(gatherer, hash, end - n, end);
		}
	}
}

/* What a gatherer of the block begins with. Three quarters of its table stay free unless it is the largest: each slot
 * that is taken already is a branch that can't be foretold. */
static struct gatherer begin(struct voc_features *features, enum voc_block block, const uint8_t *owner, size_t most)
{
	size_t slots = 64;
	while (slots < VOC_FEATURES_SEEN && slots < most * 4)
		slots *= 2;
	memset(features->seen, 0, slots * sizeof features->seen[0]);
	return (struct gatherer){
		.all = features->at[block],
		.learnt = features->learnt[block],
		.owner = owner,
		.seen = features->seen,
		.seen_mask = (uint32_t)slots - 1,
	};
}

static void end(struct voc_features *features, enum voc_block block, const struct gatherer *gatherer)
{
	features->count[block] = gatherer->count;
	features->learnt_count[block] = gatherer->learnt_count;
}

static void extract_words(const struct voc_normal *normal, const struct voc_tokens *tokens, const uint8_t *owner,
                          struct voc_features *features)
{
	size_t most = tokens->word_count * KINDS_OF_WORD + tokens->sentence_count * EDGE_TO;
	struct gatherer words = begin(features, VOC_BLOCK_WORDS, owner, most);
	features->distinct_words = add_words(normal, tokens, &words);
	add_ends(normal, tokens, &words);
	end(features, VOC_BLOCK_WORDS, &words);
}

void voc_features_extract(const struct voc_normal *normal, const struct voc_tokens *tokens,
                          struct voc_features *features)
{
	struct gatherer chars = begin(features, VOC_BLOCK_CHARS, NULL, normal->count * HANGUL_TO);
	make_plain(normal, features);
	add_chars(normal, features->plain, &chars);
	end(features, VOC_BLOCK_CHARS, &chars);
	extract_words(normal, tokens, NULL, features);
}

void voc_features_extract_learnt(const struct voc_model *model, const struct voc_normal *normal,
                                 const struct voc_tokens *tokens, struct voc_features *features)
{
	struct gatherer chars = begin(features, VOC_BLOCK_CHARS, model->owner, normal->count * HANGUL_TO);
	make_plain(normal, features);
	if (chars.owner) /* as always: told to the compiler */
		add_chars(normal, features->plain, &chars);
	end(features, VOC_BLOCK_CHARS, &chars);
	extract_words(normal, tokens, model->owner, features);
}

void voc_features_look_up(const struct voc_model *model, struct voc_features *features)
{
	for (int b = 0; b < VOC_BLOCK_COUNT; b++) {
		struct gatherer block = begin(features, (enum voc_block)b, model->owner, 0);
		for (; block.count < features->count[b]; block.count++) {
			const struct voc_feature *at = &block.all[block.count];
			take_learnt(&block, at->hash, at->start, at->end);
		}
		end(features, (enum voc_block)b, &block);
	}
}

void voc_features_extract_none(const struct voc_tokens *tokens, struct voc_features *features)
{
	features->distinct_words = tokens->word_count;
	memset(features->count, 0, sizeof features->count);
	memset(features->learnt_count, 0, sizeof features->learnt_count);
}

static int16_t share(size_t part, size_t whole)
{
	/* gcc with UBSan takes a conditional between the two for an int. */
	if (whole == 0)
		return 0;
	return (int16_t)(part * 1000 / whole);
}

static int16_t log2_milli(size_t count)
{
	int16_t bits = 0;
	while (count > 1) {
		bits = (int16_t)(bits + 125);
		count /= 2;
	}
	return bits;
}

VOC_VECTORISED static void dense_marks(const struct voc_normal *normal, int16_t *dense)
{
	uint32_t exclaims = 0, weeps = 0, laughs = 0;
	for (size_t i = 0; i < normal->count; i++) {
		uint32_t c = normal->chars[i];
		exclaims |= c == '!';
		weeps |= (c == 0x3160) | (c == 0x315C);
		laughs |= (c == 0x314B) | (c == 0x314E);
	}
	dense[VOC_DENSE_EXCLAIMS] = exclaims ? 1000 : 0;
	dense[VOC_DENSE_WEEPS] = weeps ? 1000 : 0;
	dense[VOC_DENSE_LAUGHS] = laughs ? 1000 : 0;
}

/* The order of labels is that of the columns without the two "none". */
int voc_features_hit_dense(const struct voc_phrase_hit *hit, enum voc_lang lang)
{
	static const int first_target[VOC_HEAD_COUNT] = { 0, 3, 7, 12, 17 };
	int target = first_target[hit->head] + hit->label - 1;
	return VOC_DENSE_RULE + ((int)lang * 2 + hit->against) * VOC_RULE_TARGETS + target;
}

static void dense_rules(const struct voc_tokens *tokens, const struct voc_phrase_hits *hits, int16_t *dense)
{
	for (size_t i = 0; i < hits->count; i++) {
		int16_t *value = &dense[voc_features_hit_dense(&hits->at[i], tokens->lang)];
		/* A second hit of the same label adds half of its weight, and 2 is the most. */
		int sum = *value == 0 ? hits->at[i].weight : *value + hits->at[i].weight / 2;
		*value = (int16_t)(sum > 2000 ? 2000 : sum);
	}
}

void voc_features_dense(const struct voc_normal *normal, const struct voc_tokens *tokens,
                        const struct voc_phrase_hits *hits, const struct voc_utterance *utterance,
                        struct voc_features *features)
{
	int16_t *dense = features->dense;
	memset(dense, 0, sizeof features->dense);
	dense[VOC_DENSE_LANG + (int)tokens->lang] = 1000;
	if ((unsigned)utterance->channel < VOC_CHANNEL_COUNT)
		dense[VOC_DENSE_CHANNEL + (int)utterance->channel] = 1000;
	size_t asking = 0;
	for (size_t i = 0; i < tokens->sentence_count; i++)
		asking += tokens->sentences[i].asks;
	dense[VOC_DENSE_ASKS] = share(asking, tokens->sentence_count);
	if (tokens->sentence_count > 0 && tokens->sentences[tokens->sentence_count - 1].asks)
		dense[VOC_DENSE_ASKS_LAST] = 1000;
	dense[VOC_DENSE_LENGTH] = log2_milli(features->distinct_words);
	dense[VOC_DENSE_SHORT] = features->distinct_words <= 4 ? 1000 : 0;
	if (utterance->rating >= 1 && utterance->rating <= 5)
		dense[VOC_DENSE_RATING] = (int16_t)((utterance->rating - 3) * 500);
	dense_marks(normal, dense);
	dense_rules(tokens, hits, dense);
}

uint32_t voc_inverse_sqrt_q16(size_t count)
{
	if (count == 0)
		return 0;
	/* The integer root of 2^32 / count, by bisection over its bits. */
	uint64_t square = (UINT64_C(1) << 32) / count, root = 0;
	for (int bit = 16; bit >= 0; bit--) {
		uint64_t next = root | (UINT64_C(1) << bit);
		if (next * next <= square)
			root = next;
	}
	return (uint32_t)root;
}
