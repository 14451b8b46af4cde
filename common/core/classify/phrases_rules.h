/*
 * A parsed rule file, as shared by the parser (phrases_parse.c), the matcher (phrases.c, phrases_examples.c) and nobody
 * else.
 */
#ifndef VOC_CORE_PHRASES_RULES_H
#define VOC_CORE_PHRASES_RULES_H

#include "base/arena.h"
#include "core/classify/automaton.h"
#include "core/classify/phrases.h"

#define VOC_PHRASE_MAX_CHARS 64
#define VOC_PHRASE_GAP_CHARS 30 /* between the parts of "a .. b", spaces not counted */
#define VOC_PHRASE_GAPS_MAX  1024
#define VOC_BRIDGE_MAX       128

enum voc_rule_kind {
	VOC_RULE_FOR,
	VOC_RULE_AGAINST,
	VOC_RULE_NEGATION_BEFORE, /* "안", "not": denies what follows */
	VOC_RULE_NEGATION_AFTER,  /* "지 않", "없": denies what stands before */
	VOC_RULE_NAME,            /* a product's name: what stands within it says nothing */
};

/* What a denied phrase does. */
enum voc_rule_negation { VOC_NEGATION_DROP, VOC_NEGATION_FLIP, VOC_NEGATION_AGAINST, VOC_NEGATION_IGNORE };

enum voc_rule_when {
	VOC_WHEN_ASKED = 1,  /* only in a question */
	VOC_WHEN_STATED = 2, /* only in a sentence that asks nothing */
	VOC_WHEN_END = 4,    /* only as the last word of a sentence */
	VOC_WHEN_START = 8,  /* only as the first word of a sentence */
	VOC_WHEN_DENIED = 16,
};

/* What all phrases of a section share, and what a line may change for itself. */
struct voc_rule {
	enum voc_rule_kind kind;
	enum voc_head head;
	int label;
	int16_t weight;
	enum voc_rule_negation negation;
	int flip_label; /* VOC_NEGATION_FLIP: what the denied phrase speaks for, in the same head */
	bool decides;
	unsigned when;
	uint16_t within; /* negations: words that may stand between (before), characters of the bridge (after) */
	bool whole_start, whole_end;
	int16_t gap;     /* the number of this rule's gap, -1 without one */
	uint8_t symbols; /* of the last (or only) part, without spaces */
	uint8_t first_symbols;
};

struct voc_rule_example {
	struct voc_str text;
	uint32_t rule_head, rule_label;
	bool against, expected;
	uint32_t line;
};

struct voc_phrases {
	const struct voc_phrases *base; /* borrowed; NULL unless these are additions */
	struct voc_rule *rules;
	size_t rule_count, rule_max;
	size_t gap_count; /* the base's included */
	const char *sources[VOC_PHRASE_SOURCES_MAX];
	size_t source_count;
	struct voc_rule_example *examples;
	size_t example_count;
	uint32_t bridge[VOC_BRIDGE_MAX]; /* characters that may stand between a phrase and what denies it */
	size_t bridge_count;
	struct voc_automaton *automaton; /* value: 2 * rule + 1 for the first part of a gap, 2 * rule else */
	struct voc_arena *arena;         /* holds the rules and examples */
	char name[64];                   /* of the file, for errors; its end if it is long */
	char version[VOC_PHRASES_VERSION_SIZE];
};

/* Symbols that phrases and texts are compared by. */
static inline bool voc_phrase_skips(uint32_t c)
{
	return c == ' ' || c == '\'';
}

#endif
