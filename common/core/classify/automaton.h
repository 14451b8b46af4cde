/*
 * An Aho-Corasick automaton (Aho, Corasick 1975) over code points: finds all of many patterns in one pass.
 *
 * Built once (add, then finish), read only afterwards: any number of threads may walk it, each with a walk of its own.
 * Nearly every character of a text would be a step, and each step waits for memory and for branches that nobody can
 * foretell, which costs more than all else that is done with the character. So a walk begins with pairs of symbols that
 * no pattern begins with, which are most: they are passed over without a step. What steps look at is small and lies
 * together once it is finished.
 */
#ifndef VOC_CORE_AUTOMATON_H
#define VOC_CORE_AUTOMATON_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VOC_AUTOMATON_NONE UINT32_MAX

struct voc_automaton;

/* NULL when memory runs out. At most `max_states` states and as many patterns. */
struct voc_automaton *voc_automaton_new(uint32_t max_states);
void voc_automaton_free(struct voc_automaton *automaton);
/* False if it is full. Patterns may repeat, with other values. */
bool voc_automaton_add(struct voc_automaton *automaton, const uint32_t *symbols, size_t count, uint32_t value);
/* Makes the failure links; no pattern may be added afterwards, and the functions below are for then. False when memory
 * runs out. */
VOC_MUST_CHECK bool voc_automaton_finish(struct voc_automaton *automaton);

/* How far a text was walked. */
struct voc_automaton_walk {
	const struct voc_automaton *automaton;
	const uint32_t *symbols;
	size_t count, at; /* of them, and the next one */
	uint32_t state;   /* after those before it */
	size_t block;     /* `starts` has a bit for each symbol from this one on: a pattern may begin with it */
	uint64_t starts;
};

/* Both are borrowed. One symbol more than `count` is read, and means nothing. */
void voc_automaton_begin(const struct voc_automaton *automaton, const uint32_t *symbols, size_t count,
                         struct voc_automaton_walk *ret_walk);
/* The next place where patterns end: *ret_last is their last symbol. VOC_AUTOMATON_NONE: there are no more. For (m =
 * _walk(w, &last); m != VOC_AUTOMATON_NONE; m = _next(a, m)): all that end there, the longest first. */
uint32_t voc_automaton_walk(struct voc_automaton_walk *walk, size_t *ret_last);
uint32_t voc_automaton_next(const struct voc_automaton *automaton, uint32_t match);
uint32_t voc_automaton_value(const struct voc_automaton *automaton, uint32_t match);

#endif
