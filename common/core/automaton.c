#include "core/automaton.h"

#include <stdlib.h>

#define FIRST_BITS 65536 /* code points told apart by `starts`; rarer ones share bits */

struct state {
	uint32_t parent, symbol;
	uint32_t fail;
	uint32_t depth;
	uint32_t own;    /* first match that is this state's own */
	uint32_t suffix; /* nearest state along the failure links that has its own */
};

struct match {
	uint32_t value;
	uint32_t next; /* of the same state */
	uint32_t state;
};

struct edge {
	uint32_t from, symbol, to; /* to 0: a free slot, since nothing leads to the root */
};

struct voc_automaton {
	struct state *states;
	struct match *matches;
	struct edge *edges;
	uint32_t state_count, match_count, max_states;
	uint32_t edge_mask;
	uint32_t starts[FIRST_BITS / 32];
};

struct voc_automaton *voc_automaton_new(uint32_t max_states)
{
	struct voc_automaton *automaton = calloc(1, sizeof *automaton);
	if (!automaton)
		return NULL;
	uint32_t slots = 16;
	while (slots < max_states * 2)
		slots *= 2;
	automaton->max_states = max_states;
	automaton->edge_mask = slots - 1;
	automaton->states = calloc(max_states, sizeof *automaton->states);
	automaton->matches = calloc(max_states, sizeof *automaton->matches);
	automaton->edges = calloc(slots, sizeof *automaton->edges);
	if (!automaton->states || !automaton->matches || !automaton->edges) {
		voc_automaton_free(automaton);
		return NULL;
	}
	automaton->state_count = 1;
	automaton->states[VOC_AUTOMATON_ROOT] = (struct state){ .own = VOC_AUTOMATON_NONE };
	return automaton;
}

void voc_automaton_free(struct voc_automaton *automaton)
{
	if (!automaton)
		return;
	free(automaton->states);
	free(automaton->matches);
	free(automaton->edges);
	free(automaton);
}

static bool may_start(const struct voc_automaton *automaton, uint32_t symbol)
{
	uint32_t bit = symbol % FIRST_BITS;
	return (automaton->starts[bit / 32] >> (bit % 32)) & 1;
}

/* The slot of this edge, or the free one where it belongs. */
static struct edge *edge_at(const struct voc_automaton *automaton, uint32_t from, uint32_t symbol)
{
	uint32_t at = (from * 0x9E3779B1u) ^ (symbol * 0x85EBCA77u);
	at ^= at >> 15;
	for (;; at++) {
		struct edge *edge = &automaton->edges[at & automaton->edge_mask];
		if (edge->to == 0 || (edge->from == from && edge->symbol == symbol))
			return edge;
	}
}

static uint32_t add_state(struct voc_automaton *automaton, uint32_t parent, uint32_t symbol)
{
	if (automaton->state_count == automaton->max_states)
		return 0;
	uint32_t state = automaton->state_count++;
	automaton->states[state] = (struct state){
		.parent = parent,
		.symbol = symbol,
		.depth = automaton->states[parent].depth + 1,
		.own = VOC_AUTOMATON_NONE,
	};
	*edge_at(automaton, parent, symbol) = (struct edge){ parent, symbol, state };
	return state;
}

bool voc_automaton_add(struct voc_automaton *automaton, const uint32_t *symbols, size_t count, uint32_t value)
{
	uint32_t state = VOC_AUTOMATON_ROOT;
	if (count == 0 || automaton->match_count == automaton->max_states)
		return false;
	for (size_t i = 0; i < count; i++) {
		uint32_t next = edge_at(automaton, state, symbols[i])->to;
		if (next == 0)
			next = add_state(automaton, state, symbols[i]);
		if (next == 0)
			return false;
		state = next;
	}
	uint32_t bit = symbols[0] % FIRST_BITS;
	automaton->starts[bit / 32] |= 1u << (bit % 32);
	automaton->matches[automaton->match_count] = (struct match){ value, automaton->states[state].own, state };
	automaton->states[state].own = automaton->match_count++;
	return true;
}

static void link_state(struct voc_automaton *automaton, uint32_t at)
{
	struct state *state = &automaton->states[at];
	if (state->depth > 1)
		state->fail = voc_automaton_step(automaton, automaton->states[state->parent].fail, state->symbol);
	const struct state *fail = &automaton->states[state->fail];
	state->suffix = fail->own != VOC_AUTOMATON_NONE ? state->fail : fail->suffix;
}

void voc_automaton_finish(struct voc_automaton *automaton)
{
	/* By depth, since a failure link leads to a shallower state; patterns are short. */
	uint32_t deepest = 0;
	for (uint32_t i = 1; i < automaton->state_count; i++)
		deepest = automaton->states[i].depth > deepest ? automaton->states[i].depth : deepest;
	for (uint32_t depth = 1; depth <= deepest; depth++) {
		for (uint32_t i = 1; i < automaton->state_count; i++) {
			if (automaton->states[i].depth == depth)
				link_state(automaton, i);
		}
	}
}

uint32_t voc_automaton_step(const struct voc_automaton *automaton, uint32_t state, uint32_t symbol)
{
	while (state != VOC_AUTOMATON_ROOT) {
		uint32_t next = edge_at(automaton, state, symbol)->to;
		if (next != 0)
			return next;
		state = automaton->states[state].fail;
	}
	return may_start(automaton, symbol) ? edge_at(automaton, VOC_AUTOMATON_ROOT, symbol)->to : VOC_AUTOMATON_ROOT;
}

uint32_t voc_automaton_first(const struct voc_automaton *automaton, uint32_t state)
{
	const struct state *at = &automaton->states[state];
	if (at->own != VOC_AUTOMATON_NONE)
		return at->own;
	return at->suffix ? automaton->states[at->suffix].own : VOC_AUTOMATON_NONE;
}

uint32_t voc_automaton_next(const struct voc_automaton *automaton, uint32_t match)
{
	const struct match *at = &automaton->matches[match];
	if (at->next != VOC_AUTOMATON_NONE)
		return at->next;
	uint32_t suffix = automaton->states[at->state].suffix;
	return suffix ? automaton->states[suffix].own : VOC_AUTOMATON_NONE;
}

uint32_t voc_automaton_value(const struct voc_automaton *automaton, uint32_t match)
{
	return automaton->matches[match].value;
}
