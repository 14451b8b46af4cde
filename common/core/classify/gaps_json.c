/* The gaps file: read whole, checked member by member, refused with the first member that is wrong. */
#include "base/hash.h"
#include "base/memory_json.h"
#include "core/classify/gaps_internal.h"
#include "core/classify/needs.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#define WORD_MAX       48 /* of the file's own version */
#define HASH_BYTES     4
#define THRESHOLD_MAX  99
#define PHRASE_CHARS   2     /* at least: shorter ones are found everywhere */
#define AUTOMATON_MOST 16384 /* states: a phrase has some ten characters */
#define PATH_SIZE      96

static const char *const langs[] = { "ko", "en" };
static const char *const kind_names[VOC_CUE_KIND_COUNT] = { "phrases", "servqual", "factor", "record" };

/* The file under reading; the first failure stays in `error`. */
struct reader {
	struct voc_gaps *gaps;
	struct voc_normal *normal; /* scratch */
	struct voc_error *error;
	bool failed;
};

static enum voc_status out_of_memory(struct voc_error *error)
{
	return voc_error_set(error, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1, "no memory to read the gaps");
}

static void fail(struct reader *reader, const char *path, const char *what)
{
	if (reader->failed)
		return;
	reader->failed = true;
	voc_error_set(reader->error, VOC_FATAL, VOC_REASON_CONFIG, -1, "%s: %s", path, what);
}

static void fail_member(struct reader *reader, const char *path, const char *name, const char *what)
{
	char whole[PATH_SIZE + 64];
	snprintf(whole, sizeof whole, "%s%s%s", path, *path ? "." : "", name);
	fail(reader, whole, what);
}

/* NULL, and failed, if the member is absent or of another type. */
static json_t *take(struct reader *reader, json_t *object, const char *path, const char *name, json_type type)
{
	json_t *value = json_object_get(object, name);
	if (value && json_typeof(value) == type)
		return value;
	fail_member(reader, path, name,
	            !value                 ? "missing"
	            : type == JSON_OBJECT  ? "expected an object"
	            : type == JSON_ARRAY   ? "expected an array"
	            : type == JSON_INTEGER ? "expected an integer"
	                                   : "expected a string");
	return NULL;
}

static void refuse_others(struct reader *reader, json_t *object, const char *path, const char *const *names,
                          size_t count)
{
	const char *key;
	json_t *value;
	json_object_foreach(object, key, value)
	{
		bool known = false;
		for (size_t i = 0; i < count && !known; i++)
			known = strcmp(key, names[i]) == 0;
		if (!known)
			fail_member(reader, path, key, "unknown member");
	}
}

static int take_count(struct reader *reader, json_t *object, const char *path, const char *name, int most)
{
	json_t *value = take(reader, object, path, name, JSON_INTEGER);
	json_int_t number = json_integer_value(value);
	char what[48];
	if (value && (number < 1 || number > most)) {
		snprintf(what, sizeof what, "expected 1 to %d", most);
		fail_member(reader, path, name, what);
	}
	return (int)number;
}

static void take_version(struct reader *reader, json_t *top, struct voc_str text)
{
	json_t *value = take(reader, top, "", "version", JSON_STRING);
	const char *word = value ? json_string_value(value) : "";
	size_t len = strspn(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-");
	if (value && (len == 0 || len > WORD_MAX || len != json_string_length(value)))
		fail(reader, "version", "expected 1 to 48 letters, digits, dots, dashes or underscores");
	unsigned char digest[VOC_SHA256_BYTES];
	char hex[2 * HASH_BYTES + 1];
	voc_sha256(text, digest);
	voc_hex(digest, HASH_BYTES, hex);
	snprintf(reader->gaps->version, sizeof reader->gaps->version, "%.*s-%s", WORD_MAX, word, hex);
}

static bool has_control(const char *text)
{
	for (; *text; text++) {
		if ((unsigned char)*text < ' ')
			return true;
	}
	return false;
}

/* A text in both languages. */
static void take_texts(struct reader *reader, json_t *object, const char *path, const char *name,
                       char to[2][VOC_GAP_TEXT_SIZE])
{
	char inner[PATH_SIZE];
	snprintf(inner, sizeof inner, "%s.%s", path, name);
	json_t *texts = take(reader, object, path, name, JSON_OBJECT);
	for (int i = 0; texts && i < 2; i++) {
		json_t *text = take(reader, texts, inner, langs[i], JSON_STRING);
		if (!text)
			return;
		size_t len = json_string_length(text);
		if (len == 0 || len >= VOC_GAP_TEXT_SIZE || has_control(json_string_value(text)))
			fail_member(reader, inner, langs[i], "expected 1 to 399 bytes without control characters");
		else
			memcpy(to[i], json_string_value(text), len + 1);
	}
	refuse_others(reader, texts, inner, langs, 2);
}

static void take_gaps(struct reader *reader, json_t *top)
{
	static const char *const numbers[] = { "1", "2", "3", "4", "5" }, *const members[] = { "owner", "step" };
	json_t *gaps = take(reader, top, "", "gaps", JSON_OBJECT);
	for (int gap = VOC_GAP_KNOWLEDGE; gaps && gap < VOC_GAP_COUNT; gap++) {
		char path[PATH_SIZE];
		json_t *object = take(reader, gaps, "gaps", numbers[gap - 1], JSON_OBJECT);
		snprintf(path, sizeof path, "gaps.%s", numbers[gap - 1]);
		if (!object)
			return;
		take_texts(reader, object, path, "owner", reader->gaps->owners[gap]);
		take_texts(reader, object, path, "step", reader->gaps->steps[gap]);
		refuse_others(reader, object, path, members, 2);
	}
	refuse_others(reader, gaps, "gaps", numbers, 5);
}

static void take_strength(struct reader *reader, json_t *top)
{
	static const char *const members[] = { "fair", "strong" };
	json_t *object = take(reader, top, "", "strength", JSON_OBJECT);
	if (!object)
		return;
	reader->gaps->fair = take_count(reader, object, "strength", "fair", THRESHOLD_MAX);
	reader->gaps->strong = take_count(reader, object, "strength", "strong", THRESHOLD_MAX);
	if (reader->gaps->strong < reader->gaps->fair)
		fail(reader, "strength.strong", "expected no less than strength.fair");
	refuse_others(reader, object, "strength", members, 2);
}

/* What a list of phrases tells: the cue of this number, or the need. */
struct told {
	size_t number;
	bool is_need;
};

/* A phrase may tell of two needs, but of one gap only. */
static bool is_known(const struct voc_gaps *gaps, const char *text, const struct told *told)
{
	for (size_t i = 0; i < gaps->phrase_count; i++) {
		const struct voc_gap_phrase *phrase = &gaps->phrases[i];
		bool meets = phrase->tells_need == told->is_need && (!told->is_need || phrase->cue == told->number);
		if (meets && strcmp(phrase->text, text) == 0)
			return true;
	}
	return false;
}

/* What goes into the automaton is normalised as texts are. */
static void add_phrase(struct reader *reader, const char *path, json_t *value, const struct told *told)
{
	struct voc_gaps *gaps = reader->gaps;
	const struct voc_normal *normal = reader->normal;
	const char *text = json_string_value(value);
	if (!text || json_string_length(value) >= VOC_GAP_PHRASE_SIZE || has_control(text)) {
		fail(reader, path, "expected a text of 1 to 120 bytes without control characters");
		return;
	}
	bool known = is_known(gaps, text, told);
	if (gaps->phrase_count == VOC_GAP_PHRASES_MAX || known) {
		fail(reader, path, known ? "the phrase is there already" : "too many phrases");
		return;
	}
	uint32_t symbols[VOC_GAP_PHRASE_SIZE * 3];
	size_t count = 0;
	voc_normalize(voc_str_from(text), reader->normal);
	for (size_t i = 0; i < normal->count && count < sizeof symbols / sizeof *symbols; i++) {
		if (!voc_gap_skips(normal->chars[i]))
			symbols[count++] = normal->chars[i];
	}
	if (count < PHRASE_CHARS) {
		fail(reader, path, "expected at least two characters beside spaces");
		return;
	}
	struct voc_gap_phrase *phrase = &gaps->phrases[gaps->phrase_count];
	*phrase = (struct voc_gap_phrase){ .length = (uint16_t)count,
		                           .cue = (uint16_t)told->number,
		                           .tells_need = told->is_need };
	memcpy(phrase->text, text, json_string_length(value) + 1);
	struct voc_automaton *automaton = told->is_need ? gaps->need_automaton : gaps->automaton;
	if (!voc_automaton_add(automaton, symbols, count, (uint32_t)gaps->phrase_count++))
		fail(reader, path, "too many phrases");
}

static void take_phrases(struct reader *reader, const char *path, json_t *lists, const struct told *told)
{
	char inner[PATH_SIZE];
	for (int lang = 0; lang < 2; lang++) {
		json_t *list = take(reader, lists, path, langs[lang], JSON_ARRAY), *value;
		size_t i;
		if (list && json_array_size(list) == 0)
			fail_member(reader, path, langs[lang], "expected at least one phrase");
		json_array_foreach(list, i, value)
		{
			snprintf(inner, sizeof inner, "%.64s.%s[%zu]", path, langs[lang], i);
			add_phrase(reader, inner, value, told);
		}
	}
	refuse_others(reader, lists, path, langs, 2);
}

static bool label_parse(enum voc_gap_cue_kind kind, struct voc_str name, int *ret_value)
{
	enum voc_servqual servqual;
	enum voc_factor factor;
	enum voc_gap_record record;
	if (kind == VOC_CUE_SERVQUAL && voc_servqual_parse(name, &servqual) && servqual != VOC_SERVQUAL_NONE)
		*ret_value = (int)servqual;
	else if (kind == VOC_CUE_FACTOR && voc_factor_parse(name, &factor) && factor != VOC_FACTOR_NONE)
		*ret_value = (int)factor;
	else if (kind == VOC_CUE_RECORD && voc_gap_record_parse(name, &record))
		*ret_value = (int)record;
	else
		return false;
	return true;
}

static void take_cue(struct reader *reader, const char *path, json_t *object)
{
	static const char *const members[] = { "gap", "weight", "phrases", "servqual", "factor", "record" };
	struct voc_gaps *gaps = reader->gaps;
	struct voc_gap_cue *cue = &gaps->cues[gaps->cue_count];
	int kinds = 0;
	cue->gap = (enum voc_gap)take_count(reader, object, path, "gap", VOC_GAP_COUNT - 1);
	cue->weight = take_count(reader, object, path, "weight", VOC_GAP_WEIGHT_MAX);
	for (int kind = 0; kind < VOC_CUE_KIND_COUNT && !reader->failed; kind++) {
		const char *name = kind_names[kind];
		if (!json_object_get(object, name))
			continue;
		kinds++;
		cue->kind = (enum voc_gap_cue_kind)kind;
		char inner[PATH_SIZE];
		snprintf(inner, sizeof inner, "%.60s.%s", path, name);
		json_t *value = take(reader, object, path, name, kind == VOC_CUE_PHRASES ? JSON_OBJECT : JSON_STRING);
		if (value && kind == VOC_CUE_PHRASES)
			take_phrases(reader, inner, value, &(struct told){ gaps->cue_count, false });
		else if (value && !label_parse(cue->kind, voc_str_from(json_string_value(value)), &cue->value))
			fail(reader, inner, "no such label");
	}
	if (kinds != 1)
		fail(reader, path, "expected one of phrases, servqual, factor and record");
	refuse_others(reader, object, path, members, sizeof members / sizeof *members);
	gaps->cue_count++;
}

static void take_cues(struct reader *reader, json_t *top)
{
	json_t *cues = take(reader, top, "", "cues", JSON_ARRAY), *object;
	char path[PATH_SIZE];
	unsigned seen = 0;
	size_t i;
	json_array_foreach(cues, i, object)
	{
		snprintf(path, sizeof path, "cues[%zu]", i);
		if (i == VOC_GAP_CUES_MAX)
			fail(reader, path, "more than 64 cues");
		else if (!json_is_object(object))
			fail(reader, path, "expected an object");
		else
			take_cue(reader, path, object);
		if (reader->failed)
			return;
		seen |= 1U << reader->gaps->cues[i].gap;
	}
	for (int gap = VOC_GAP_KNOWLEDGE; cues && gap < VOC_GAP_COUNT; gap++) {
		snprintf(path, sizeof path, "gap %d has no cue", gap);
		if (!(seen >> gap & 1))
			fail(reader, "cues", path);
	}
}

/* A file without this member knows no needs. */
static void take_needs(struct reader *reader, json_t *top)
{
	static const char *const members[] = {
#define X(symbol, name, ...) name,
		VOC_NEEDS(X)
#undef X
	};
	char path[PATH_SIZE];
	if (reader->failed || !json_object_get(top, "needs"))
		return;
	reader->gaps->need_automaton = voc_automaton_new(AUTOMATON_MOST);
	if (!reader->gaps->need_automaton) {
		reader->failed = true;
		out_of_memory(reader->error);
		return;
	}
	json_t *needs = take(reader, top, "", "needs", JSON_OBJECT);
	for (size_t need = 0; needs && need < VOC_NEED_COUNT; need++) {
		json_t *lists = take(reader, needs, "needs", members[need], JSON_OBJECT);
		snprintf(path, sizeof path, "needs.%s", members[need]);
		if (lists)
			take_phrases(reader, path, lists, &(struct told){ need, true });
	}
	refuse_others(reader, needs, "needs", members, VOC_NEED_COUNT);
}

static void take_all(struct reader *reader, json_t *top, struct voc_str text)
{
	static const char *const members[] = { "version", "strength", "gaps", "cues", "needs" };
	if (!json_is_object(top)) {
		fail(reader, "gaps", "expected an object");
		return;
	}
	refuse_others(reader, top, "", members, sizeof members / sizeof *members);
	take_version(reader, top, text);
	take_strength(reader, top);
	take_gaps(reader, top);
	take_cues(reader, top);
	take_needs(reader, top);
}

static enum voc_status read_gaps(struct voc_str text, struct reader *reader)
{
	json_error_t where;
	json_t *top = json_loadb(text.len > 0 ? text.ptr : "", text.len, JSON_REJECT_DUPLICATES, &where);
	if (!top)
		return voc_error_set(reader->error, VOC_FATAL, VOC_REASON_CONFIG, where.position,
		                     "line %d, column %d: %s", where.line, where.column, where.text);
	take_all(reader, top, text);
	json_decref(top);
	if (reader->failed)
		return VOC_FATAL;
	struct voc_gaps *gaps = reader->gaps;
	bool finished = voc_automaton_finish(gaps->automaton) &&
	                (!gaps->need_automaton || voc_automaton_finish(gaps->need_automaton));
	return finished ? VOC_OK : out_of_memory(reader->error);
}

enum voc_status voc_gaps_parse(struct voc_str json, struct voc_gaps **ret_gaps, struct voc_error *error)
{
	if (json.len > VOC_GAPS_MAX_BYTES)
		return voc_error_set(error, VOC_FATAL, VOC_REASON_CONFIG, -1, "longer than %d bytes",
		                     VOC_GAPS_MAX_BYTES);
	struct reader reader = { .gaps = calloc(1, sizeof *reader.gaps),
		                 .normal = malloc(sizeof *reader.normal),
		                 .error = error };
	if (reader.gaps)
		reader.gaps->automaton = voc_automaton_new(AUTOMATON_MOST);
	enum voc_status status = VOC_OK;
	if (!reader.normal || !reader.gaps || !reader.gaps->automaton || !voc_json_memory_begin(json.len)) {
		status = out_of_memory(error);
	} else {
		status = read_gaps(json, &reader);
		voc_json_memory_end();
	}
	free(reader.normal);
	if (status == VOC_OK)
		*ret_gaps = reader.gaps;
	else
		voc_gaps_free(reader.gaps);
	return status;
}
