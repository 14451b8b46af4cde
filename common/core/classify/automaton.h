/*
 * An Aho-Corasick automaton (Aho, Corasick 1975) over code points: finds all of many patterns in one pass.
 *
 * Built once (add, then finish), read only afterwards: any number of threads may step through it, each with its own
 * state number. Nearly every character of a text is a step, and each step that waits for memory costs more than all
 * else that is done with the character: so what steps look at is small and lies together once it is finished.
 */
#ifndef VOC_CORE_AUTOMATON_H
#define VOC_CORE_AUTOMATON_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VOC_AUTOMATON_ROOT 0u
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

/* The state after one more symbol. */
uint32_t voc_automaton_step(const struct voc_automaton *automaton, uint32_t state, uint32_t symbol);
/* Patterns that end in this state: for (m = _first(a, state); m != VOC_AUTOMATON_NONE; m = _next(a, m)). */
uint32_t voc_automaton_first(const struct voc_automaton *automaton, uint32_t state);
uint32_t voc_automaton_next(const struct voc_automaton *automaton, uint32_t match);
uint32_t voc_automaton_value(const struct voc_automaton *automaton, uint32_t match);

#endif
