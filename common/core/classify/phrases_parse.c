#include "core/classify/phrases_rules.h"

#include "base/hash.h"

#include <stdio.h>
#include <stdlib.h>

#define ARENA_MAX_BYTES   (8 * 1024 * 1024)
#define STATES_MAX        (VOC_PHRASE_RULES_MAX * 12)
#define WEIGHT_MAX        4000
#define HASH_CHARS        9 /* "-1f3a09bc", behind the file's own word for its version */
#define VERSION_WORD_SIZE (VOC_PHRASES_VERSION_SIZE - HASH_CHARS)

struct parser {
	struct voc_phrases *phrases;
	uint32_t line;
	bool in_section, in_bridge;
	struct voc_rule section;
	struct voc_normal *normal; /* scratch */
	struct voc_error *error;
};

static enum voc_status refuse(struct parser *parser, const char *why, struct voc_str what)
{
	if (what.len > 60)
		what = voc_str_clip(what, 60);
	return voc_error_set(parser->error, VOC_FATAL, VOC_REASON_CONFIG, -1, "%s:%u: %s%s%.*s", parser->phrases->name,
	                     parser->line, why, what.len ? ": " : "", (int)what.len, what.len ? what.ptr : "");
}

static struct voc_str trim(struct voc_str s)
{
	while (s.len > 0 && (s.ptr[0] == ' ' || s.ptr[0] == '\t'))
		s = voc_str_of(s.ptr + 1, s.len - 1);
	while (s.len > 0 && (s.ptr[s.len - 1] == ' ' || s.ptr[s.len - 1] == '\t' || s.ptr[s.len - 1] == '\r'))
		s.len--;
	return s;
}

/* Takes what stands before `mark` off the front; all of it if there is no mark. */
static struct voc_str take(struct voc_str *rest, struct voc_str mark)
{
	const char *at = rest->len >= mark.len ? memmem(rest->ptr, rest->len, mark.ptr, mark.len) : NULL;
	size_t len = at ? (size_t)(at - rest->ptr) : rest->len;
	struct voc_str taken = voc_str_of(rest->ptr, len);
	size_t used = at ? len + mark.len : len;
	*rest = voc_str_of(rest->ptr + used, rest->len - used);
	return taken;
}

static bool parse_small(struct voc_str value, int64_t max, int64_t *ret_value)
{
	return voc_str_to_i64(value, ret_value) && *ret_value >= 0 && *ret_value <= max;
}

static bool parse_negation(struct voc_rule *rule, struct voc_str value)
{
	struct voc_str label = value;
	if (voc_str_is(value, "drop"))
		rule->negation = VOC_NEGATION_DROP;
	else if (voc_str_is(value, "against"))
		rule->negation = VOC_NEGATION_AGAINST;
	else if (voc_str_is(value, "ignore"))
		rule->negation = VOC_NEGATION_IGNORE;
	else if (voc_str_is(take(&label, VOC_STR(":")), "flip") &&
	         voc_head_label_parse(rule->head, label, &rule->flip_label) && rule->flip_label > 0)
		rule->negation = VOC_NEGATION_FLIP;
	else
		return false;
	return true;
}

static bool parse_when(struct voc_rule *rule, struct voc_str value)
{
	static const struct {
		const char *name;
		unsigned bit;
	} names[] = {
		{ "asked", VOC_WHEN_ASKED }, { "stated", VOC_WHEN_STATED }, { "end", VOC_WHEN_END },
		{ "start", VOC_WHEN_START }, { "denied", VOC_WHEN_DENIED },
	};
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		if (voc_str_is(value, names[i].name)) {
			rule->when |= names[i].bit;
			return true;
		}
	}
	return false;
}

/* One "name=value" of a section's or a phrase's options. */
static enum voc_status parse_option(struct parser *parser, struct voc_rule *rule, struct voc_str option)
{
	struct voc_str value = option;
	struct voc_str name = take(&value, VOC_STR("="));
	int64_t number;
	bool good = false;
	if (voc_str_is(name, "weight") && parse_small(value, WEIGHT_MAX, &number)) {
		rule->weight = (int16_t)number;
		good = true;
	} else if (voc_str_is(name, "within") && parse_small(value, VOC_PHRASE_MAX_CHARS, &number)) {
		rule->within = (uint16_t)number;
		good = true;
	} else if (voc_str_is(name, "negation")) {
		good = parse_negation(rule, value);
	} else if (voc_str_is(name, "when")) {
		good = parse_when(rule, value);
	} else if (voc_str_is(option, "decides")) {
		good = rule->decides = true;
	}
	return good ? VOC_OK : refuse(parser, "not an option", option);
}

static enum voc_status parse_options(struct parser *parser, struct voc_rule *rule, struct voc_str options)
{
	while ((options = trim(options)).len > 0) {
		enum voc_status status = parse_option(parser, rule, trim(take(&options, VOC_STR(" "))));
		if (status != VOC_OK)
			return status;
	}
	return VOC_OK;
}

/* "complaint" or "not complaint" behind "feedback_type."; the churn head has one label and needs no name. */
static enum voc_status parse_target(struct parser *parser, struct voc_rule *rule, struct voc_str target)
{
	struct voc_str label = target;
	struct voc_str head = take(&label, VOC_STR("."));
	if (voc_str_is(target, "name")) {
		rule->kind = VOC_RULE_NAME;
		return VOC_OK;
	}
	if (voc_str_is(head, "negation")) {
		rule->kind = voc_str_is(label, "before") ? VOC_RULE_NEGATION_BEFORE : VOC_RULE_NEGATION_AFTER;
		parser->in_bridge = voc_str_is(label, "bridge");
		bool known = parser->in_bridge || voc_str_is(label, "before") || voc_str_is(label, "after");
		return known ? VOC_OK : refuse(parser, "not a kind of negation", label);
	}
	if (!voc_head_parse(head, &rule->head))
		return refuse(parser, "not a head", head);
	if (rule->head == VOC_HEAD_CHURN) {
		rule->label = 1;
		return label.len == 0 ? VOC_OK : refuse(parser, "this head has no labels", label);
	}
	if (!voc_head_label_parse(rule->head, label, &rule->label) || rule->label == 0)
		return refuse(parser, "not a label of this head", label);
	return VOC_OK;
}

/* [feedback_type.complaint weight=800], [not churn_intent], [negation.before within=3] */
static enum voc_status parse_section(struct parser *parser, struct voc_str line)
{
	struct voc_str rest = voc_str_of(line.ptr + 1, line.len - 1);
	struct voc_str inside = trim(take(&rest, VOC_STR("]")));
	if (line.ptr[line.len - 1] != ']')
		return refuse(parser, "a section must end in ]", line);
	parser->section = (struct voc_rule){ .weight = 1000, .gap = -1 };
	parser->in_section = true;
	parser->in_bridge = false;
	struct voc_str target = take(&inside, VOC_STR(" "));
	if (voc_str_is(target, "not")) {
		parser->section.kind = VOC_RULE_AGAINST;
		target = take(&inside, VOC_STR(" "));
	}
	enum voc_status status = parse_target(parser, &parser->section, target);
	return status == VOC_OK ? parse_options(parser, &parser->section, inside) : status;
}

/* Adds one part of a phrase; its symbols are those of the normalised text without spaces and apostrophes. */
static enum voc_status add_part(struct parser *parser, struct voc_str part, uint32_t value, uint8_t *ret_symbols)
{
	uint32_t symbols[VOC_PHRASE_MAX_CHARS];
	size_t count = 0;
	voc_normalize(part, parser->normal);
	for (size_t i = 0; i < parser->normal->count; i++) {
		if (voc_phrase_skips(parser->normal->chars[i]))
			continue;
		if (count == VOC_PHRASE_MAX_CHARS)
			return refuse(parser, "the phrase is too long", part);
		symbols[count++] = parser->normal->chars[i];
	}
	if (count == 0)
		return refuse(parser, "the phrase is empty", voc_str_of(NULL, 0));
	if (!voc_automaton_add(parser->phrases->automaton, symbols, count, value))
		return refuse(parser, "the file has too many phrases", voc_str_of(NULL, 0));
	*ret_symbols = (uint8_t)count;
	return VOC_OK;
}

/* ^ and $: at a word's start and end. Latin letters at the edges mean the same, unless * stands there. */
static struct voc_str parse_edges(struct voc_rule *rule, struct voc_str phrase)
{
	bool open_start = false, open_end = false;
	if (phrase.len > 0 && (phrase.ptr[0] == '^' || phrase.ptr[0] == '*')) {
		rule->whole_start = phrase.ptr[0] == '^';
		open_start = !rule->whole_start;
		phrase = voc_str_of(phrase.ptr + 1, phrase.len - 1);
	}
	if (phrase.len > 0 && (phrase.ptr[phrase.len - 1] == '$' || phrase.ptr[phrase.len - 1] == '*')) {
		rule->whole_end = phrase.ptr[phrase.len - 1] == '$';
		open_end = !rule->whole_end;
		phrase.len--;
	}
	if (phrase.len > 0) {
		unsigned char first = (unsigned char)phrase.ptr[0], last = (unsigned char)phrase.ptr[phrase.len - 1];
		rule->whole_start |= !open_start && first < 0x80 && voc_char_is_word(first | 0x20u);
		rule->whole_end |= !open_end && last < 0x80 && voc_char_is_word(last | 0x20u);
	}
	return phrase;
}

static enum voc_status parse_phrase(struct parser *parser, struct voc_str line)
{
	struct voc_phrases *phrases = parser->phrases;
	if (phrases->rule_count == phrases->rule_max)
		return refuse(parser, "the file has too many phrases", voc_str_of(NULL, 0));
	uint32_t number = (uint32_t)phrases->rule_count;
	struct voc_rule *rule = &phrases->rules[number];
	*rule = parser->section;
	struct voc_str phrase = trim(take(&line, VOC_STR("::")));
	enum voc_status status = parse_options(parser, rule, line);
	if (status != VOC_OK)
		return status;
	struct voc_str second = parse_edges(rule, phrase);
	struct voc_str first = trim(take(&second, VOC_STR("..")));
	if (second.len == 0)
		return phrases->rule_count++, add_part(parser, first, number * 2, &rule->symbols);
	if (phrases->gap_count == VOC_PHRASE_GAPS_MAX)
		return refuse(parser, "the file has too many phrases with a gap", voc_str_of(NULL, 0));
	rule->gap = (int16_t)phrases->gap_count++;
	phrases->rule_count++;
	status = add_part(parser, first, number * 2 + 1, &rule->first_symbols);
	return status == VOC_OK ? add_part(parser, trim(second), number * 2, &rule->symbols) : status;
}

static enum voc_status out_of_memory(struct parser *parser)
{
	return voc_error_set(parser->error, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1, "no memory for the phrase rules");
}

/* "+ text" must hit its section, "- text" must not. */
static enum voc_status parse_example(struct parser *parser, struct voc_str line)
{
	struct voc_phrases *phrases = parser->phrases;
	if (parser->section.kind > VOC_RULE_AGAINST)
		return refuse(parser, "an example belongs to a label's section", voc_str_of(NULL, 0));
	if (phrases->example_count == VOC_PHRASE_EXAMPLES_MAX)
		return refuse(parser, "the file has too many examples", voc_str_of(NULL, 0));
	struct voc_str text = voc_arena_copy(phrases->arena, trim(voc_str_of(line.ptr + 1, line.len - 1)));
	if (!text.ptr)
		return out_of_memory(parser);
	phrases->examples[phrases->example_count++] = (struct voc_rule_example){
		.text = text,
		.rule_head = parser->section.head,
		.rule_label = (uint32_t)parser->section.label,
		.against = parser->section.kind == VOC_RULE_AGAINST,
		.expected = line.ptr[0] == '+',
		.line = parser->line,
	};
	return VOC_OK;
}

static enum voc_status parse_bridge(struct parser *parser, struct voc_str line)
{
	struct voc_phrases *phrases = parser->phrases;
	voc_normalize(line, parser->normal);
	for (size_t i = 0; i < parser->normal->count; i++) {
		if (parser->normal->chars[i] == ' ')
			continue;
		if (phrases->bridge_count == VOC_BRIDGE_MAX)
			return refuse(parser, "the bridge has too many characters", voc_str_of(NULL, 0));
		phrases->bridge[phrases->bridge_count++] = parser->normal->chars[i];
	}
	return VOC_OK;
}

/* Additions say whose events they are for: those whose source begins like this. */
static enum voc_status parse_source(struct parser *parser, struct voc_str source)
{
	struct voc_phrases *phrases = parser->phrases;
	if (!phrases->base)
		return refuse(parser, "only a tenant's file names sources", voc_str_of(NULL, 0));
	if (source.len == 0 || phrases->source_count == VOC_PHRASE_SOURCES_MAX)
		return refuse(parser, "an empty source, or one too many", voc_str_of(NULL, 0));
	struct voc_str copy = voc_arena_copy(phrases->arena, source);
	if (!copy.ptr)
		return out_of_memory(parser);
	phrases->sources[phrases->source_count++] = copy.ptr;
	return VOC_OK;
}

/* What stands before the first section. */
static enum voc_status parse_preamble(struct parser *parser, struct voc_str line)
{
	struct voc_str rest = line;
	struct voc_str word = take(&rest, VOC_STR(" "));
	rest = trim(rest);
	if (voc_str_is(word, "version") && rest.len > 0)
		voc_str_copy(parser->phrases->version, VERSION_WORD_SIZE, rest);
	else if (voc_str_is(word, "source"))
		return parse_source(parser, rest);
	else
		return refuse(parser, "a phrase outside of any section", line);
	return VOC_OK;
}

static enum voc_status parse_line(struct parser *parser, struct voc_str line)
{
	line = trim(line);
	if (line.len == 0 || line.ptr[0] == '#')
		return VOC_OK;
	if (line.ptr[0] == '[')
		return parse_section(parser, line);
	if (!parser->in_section)
		return parse_preamble(parser, line);
	if (parser->in_bridge)
		return parse_bridge(parser, line);
	if (voc_str_starts_with(line, VOC_STR("+ ")) || voc_str_starts_with(line, VOC_STR("- ")))
		return parse_example(parser, line);
	return parse_phrase(parser, line);
}

/* A phrase has no more symbols than bytes, so `len` bounds the states. */
static struct voc_phrases *phrases_new(size_t len)
{
	struct voc_phrases *phrases = calloc(1, sizeof *phrases);
	if (!phrases)
		return NULL;
	phrases->rule_max = len / 2 < VOC_PHRASE_RULES_MAX ? len / 2 + 1 : VOC_PHRASE_RULES_MAX;
	size_t examples = len / 4 < VOC_PHRASE_EXAMPLES_MAX ? len / 4 + 1 : VOC_PHRASE_EXAMPLES_MAX;
	phrases->arena = voc_arena_new(ARENA_MAX_BYTES);
	phrases->automaton = voc_automaton_new(len < STATES_MAX ? (uint32_t)len + 2 : STATES_MAX);
	if (phrases->arena) {
		phrases->rules = voc_arena_alloc(phrases->arena, phrases->rule_max * sizeof *phrases->rules);
		phrases->examples = voc_arena_alloc(phrases->arena, examples * sizeof *phrases->examples);
	}
	if (phrases->automaton && phrases->rules && phrases->examples)
		return phrases;
	voc_phrases_free(phrases);
	return NULL;
}

void voc_phrases_free(struct voc_phrases *phrases)
{
	if (!phrases)
		return;
	voc_automaton_free(phrases->automaton);
	voc_arena_free(phrases->arena);
	free(phrases);
}

static enum voc_status parse_all(struct parser *parser, struct voc_str text)
{
	if (text.len > VOC_PHRASES_MAX_BYTES)
		return refuse(parser, "the file is too large", voc_str_of(NULL, 0));
	while (text.len > 0) {
		parser->line++;
		enum voc_status status = parse_line(parser, take(&text, VOC_STR("\n")));
		if (status != VOC_OK)
			return status;
	}
	if (parser->phrases->version[0] == '\0')
		return refuse(parser, "the file names no version", voc_str_of(NULL, 0));
	return voc_automaton_finish(parser->phrases->automaton) ? VOC_OK : out_of_memory(parser);
}

/* Gaps are numbered on behind the base's: one matcher keeps track of both. */
static void lay_over(struct voc_phrases *phrases, const struct voc_phrases *base)
{
	phrases->base = base;
	phrases->gap_count = base->gap_count;
	phrases->bridge_count = base->bridge_count;
	memcpy(phrases->bridge, base->bridge, sizeof phrases->bridge);
}

/* The end of a long path says more than its beginning. */
static void keep_name(struct voc_phrases *phrases, const char *name)
{
	size_t len = strlen(name), most = sizeof phrases->name - 1;
	const char *from = len > most ? name + len - most : name;
	while ((*from & 0xC0) == 0x80) /* not in the middle of a character */
		from++;
	voc_str_copy(phrases->name, sizeof phrases->name, voc_str_from(from));
}

static void add_hash(struct voc_phrases *phrases, struct voc_str text)
{
	size_t len = strlen(phrases->version);
	snprintf(phrases->version + len, sizeof phrases->version - len, "-%08x", (unsigned)voc_hash64(text));
}

static enum voc_status parse(struct voc_str text, const char *name, const struct voc_phrases *base,
                             struct voc_phrases **ret_phrases, struct voc_error *error)
{
	struct parser parser = { .phrases = phrases_new(text.len), .error = error };
	parser.normal = malloc(sizeof *parser.normal);
	enum voc_status status = VOC_FATAL;
	if (!parser.phrases || !parser.normal) {
		(void)out_of_memory(&parser);
	} else {
		keep_name(parser.phrases, name);
		if (base)
			lay_over(parser.phrases, base);
		status = parse_all(&parser, text);
	}
	if (status == VOC_OK)
		add_hash(parser.phrases, text);
	free(parser.normal);
	if (status == VOC_OK)
		*ret_phrases = parser.phrases;
	else
		voc_phrases_free(parser.phrases);
	return status;
}

const char *voc_phrases_version(const struct voc_phrases *phrases)
{
	return phrases->version;
}

enum voc_status voc_phrases_parse(struct voc_str text, const char *name, struct voc_phrases **ret_phrases,
                                  struct voc_error *error)
{
	return parse(text, name, NULL, ret_phrases, error);
}

enum voc_status voc_phrases_parse_additions(struct voc_str text, const char *name, const struct voc_phrases *base,
                                            struct voc_phrases **ret_phrases, struct voc_error *error)
{
	return parse(text, name, base, ret_phrases, error);
}

size_t voc_phrases_count(const struct voc_phrases *phrases)
{
	return phrases->rule_count;
}

const char *voc_phrases_source(const struct voc_phrases *phrases, size_t index)
{
	return index < phrases->source_count ? phrases->sources[index] : NULL;
}
