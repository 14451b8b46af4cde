#include "core/automaton.h"

#include <stdlib.h>

#define NONE VOC_AUTOMATON_NONE

/* What is known while it is built. */
struct state {
	uint32_t parent, symbol;
	uint32_t fail;
	uint32_t depth;
	uint32_t own;    /* first match that is this state's own */
	uint32_t suffix; /* nearest state along the failure links that has its own */
};

/* What a step looks at. */
struct node {
	uint32_t children; /* a bit for each symbol that leads on: mostly tells without a search that none does */
	uint32_t fail;
	uint32_t first; /* match */
};

struct match {
	uint32_t value;
	uint32_t next; /* of the same state; once it is finished, of those that it fails to, too */
	uint32_t state;
};

/* From a state, by a symbol, to a state: 21, 21 and 22 bits. 0: a free slot, since nothing leads to the root. */
typedef uint64_t edge;
#define STATES_MAX             (UINT32_C(1) << 21)
#define SYMBOL_BITS            21
#define TARGET_BITS            22
#define TARGET_MASK            ((UINT64_C(1) << TARGET_BITS) - 1)
#define EDGE_KEY(from, symbol) (((uint64_t)(from) << SYMBOL_BITS | (symbol)) << TARGET_BITS)

/* The root has an edge for nearly every symbol that a text is made of: looked up by the symbol itself. */
#define ASCII          0x80u
#define SYLLABLE_FIRST 0xAC00u
#define SYLLABLES      11172u

struct voc_automaton {
	struct state *states; /* NULL once it is finished */
	struct node *nodes;
	struct match *matches;
	edge *edges;
	uint32_t state_count, match_count, max_states;
	uint32_t edge_mask;
	uint32_t roots[ASCII + SYLLABLES];
};

static uint32_t slots_for(uint32_t edges)
{
	uint32_t slots = 16;
	while (slots < edges + edges / 2)
		slots *= 2;
	return slots;
}

struct voc_automaton *voc_automaton_new(uint32_t max_states)
{
	struct voc_automaton *automaton = calloc(1, sizeof *automaton);
	if (!automaton)
		return NULL;
	uint32_t slots = slots_for(max_states);
	automaton->max_states = max_states < STATES_MAX ? max_states : STATES_MAX;
	automaton->edge_mask = slots - 1;
	automaton->states = calloc(max_states, sizeof *automaton->states);
	automaton->matches = calloc(max_states, sizeof *automaton->matches);
	automaton->edges = calloc(slots, sizeof *automaton->edges);
	if (!automaton->states || !automaton->matches || !automaton->edges) {
		voc_automaton_free(automaton);
		return NULL;
	}
	automaton->state_count = 1;
	automaton->states[VOC_AUTOMATON_ROOT] = (struct state){ .own = NONE };
	return automaton;
}

void voc_automaton_free(struct voc_automaton *automaton)
{
	if (!automaton)
		return;
	free(automaton->states);
	free(automaton->nodes);
	free(automaton->matches);
	free(automaton->edges);
	free(automaton);
}

/* The slot of this edge, or the free one where it belongs. */
static edge *edge_at(edge *edges, uint32_t mask, uint64_t key)
{
	uint64_t hash = key * UINT64_C(0x9E3779B97F4A7C15);
	for (uint32_t at = (uint32_t)(hash >> 40);; at++) {
		edge *found = &edges[at & mask];
		if (*found == 0 || (*found & ~TARGET_MASK) == key)
			return found;
	}
}

static uint32_t target_of(const struct voc_automaton *automaton, uint32_t from, uint32_t symbol)
{
	return (uint32_t)(*edge_at(automaton->edges, automaton->edge_mask, EDGE_KEY(from, symbol)) & TARGET_MASK);
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
		.own = NONE,
	};
	uint64_t key = EDGE_KEY(parent, symbol);
	*edge_at(automaton->edges, automaton->edge_mask, key) = key | state;
	return state;
}

bool voc_automaton_add(struct voc_automaton *automaton, const uint32_t *symbols, size_t count, uint32_t value)
{
	uint32_t state = VOC_AUTOMATON_ROOT;
	if (count == 0 || automaton->match_count == automaton->max_states)
		return false;
	for (size_t i = 0; i < count; i++) {
		uint32_t next = target_of(automaton, state, symbols[i]);
		if (next == 0)
			next = add_state(automaton, state, symbols[i]);
		if (next == 0)
			return false;
		state = next;
	}
	automaton->matches[automaton->match_count] = (struct match){ value, automaton->states[state].own, state };
	automaton->states[state].own = automaton->match_count++;
	return true;
}

static void link_state(struct voc_automaton *automaton, uint32_t at)
{
	struct state *states = automaton->states, *state = &states[at];
	uint32_t from = states[state->parent].fail, next = 0;
	if (state->depth > 1) {
		while ((next = target_of(automaton, from, state->symbol)) == 0 && from != VOC_AUTOMATON_ROOT)
			from = states[from].fail;
	}
	state->fail = next;
	state->suffix = states[next].own != NONE ? next : states[next].suffix;
}

static void link_states(struct voc_automaton *automaton)
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

static uint32_t bit_of(uint32_t symbol)
{
	return UINT32_C(1) << (symbol * 0x9E3779B1u >> 27);
}

/* Its place in `roots`; beyond them for all other symbols. */
static uint32_t root_index(uint32_t symbol)
{
	return symbol < ASCII                        ? symbol
	       : symbol - SYLLABLE_FIRST < SYLLABLES ? symbol - SYLLABLE_FIRST + ASCII
	                                             : UINT32_MAX;
}

static uint32_t first_match(const struct voc_automaton *automaton, const struct state *state)
{
	if (state->own != NONE)
		return state->own;
	return state->suffix ? automaton->states[state->suffix].own : NONE;
}

static void fill_nodes(struct voc_automaton *automaton, edge *edges, uint32_t mask)
{
	automaton->nodes[VOC_AUTOMATON_ROOT].first = NONE;
	for (uint32_t i = 1; i < automaton->state_count; i++) {
		const struct state *state = &automaton->states[i];
		uint64_t key = EDGE_KEY(state->parent, state->symbol);
		*edge_at(edges, mask, key) = key | i;
		automaton->nodes[i].fail = state->fail;
		automaton->nodes[i].first = first_match(automaton, state);
		automaton->nodes[state->parent].children |= bit_of(state->symbol);
		if (state->depth == 1 && root_index(state->symbol) != UINT32_MAX)
			automaton->roots[root_index(state->symbol)] = i;
	}
	for (uint32_t i = 0; i < automaton->match_count; i++) {
		struct match *match = &automaton->matches[i];
		uint32_t suffix = automaton->states[match->state].suffix;
		if (match->next == NONE && suffix)
			match->next = automaton->states[suffix].own;
	}
}

bool voc_automaton_finish(struct voc_automaton *automaton)
{
	uint32_t slots = slots_for(automaton->state_count);
	edge *edges = calloc(slots, sizeof *edges);
	automaton->nodes = calloc(automaton->state_count, sizeof *automaton->nodes);
	if (!edges || !automaton->nodes) {
		free(edges);
		return false;
	}
	link_states(automaton);
	fill_nodes(automaton, edges, slots - 1);
	free(automaton->edges);
	free(automaton->states);
	automaton->edges = edges;
	automaton->edge_mask = slots - 1;
	automaton->states = NULL;
	return true;
}

static uint32_t from_root(const struct voc_automaton *automaton, uint32_t symbol)
{
	uint32_t index = root_index(symbol);
	if (index != UINT32_MAX)
		return automaton->roots[index];
	bool may = automaton->nodes[VOC_AUTOMATON_ROOT].children & bit_of(symbol);
	return may ? target_of(automaton, VOC_AUTOMATON_ROOT, symbol) : VOC_AUTOMATON_ROOT;
}

uint32_t voc_automaton_step(const struct voc_automaton *automaton, uint32_t state, uint32_t symbol)
{
	while (state != VOC_AUTOMATON_ROOT) {
		const struct node *node = &automaton->nodes[state];
		uint32_t next = node->children & bit_of(symbol) ? target_of(automaton, state, symbol) : 0;
		if (next != 0)
			return next;
		state = node->fail;
	}
	return from_root(automaton, symbol);
}

uint32_t voc_automaton_first(const struct voc_automaton *automaton, uint32_t state)
{
	return automaton->nodes[state].first;
}

uint32_t voc_automaton_next(const struct voc_automaton *automaton, uint32_t match)
{
	return automaton->matches[match].next;
}

uint32_t voc_automaton_value(const struct voc_automaton *automaton, uint32_t match)
{
	return automaton->matches[match].value;
}
