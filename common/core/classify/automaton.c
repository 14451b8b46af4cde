#include "core/classify/automaton.h"

#include "base/vector.h"

#include <stdlib.h>

#define NONE VOC_AUTOMATON_NONE
#define ROOT 0u

/* What is known while it is built. */
struct state {
	uint32_t parent, symbol;
	uint32_t child, sibling; /* first child, next one of the same parent; 0: none */
	uint32_t number;         /* once it is finished */
	uint32_t fail;
	uint32_t own;    /* first match that is this state's own */
	uint32_t suffix; /* nearest state along the failure links that has its own */
};

/* What a step looks at. Its children stand side by side, up to where those of the next node begin. */
struct node {
	uint32_t symbols; /* a bit for each symbol that leads on: mostly tells without a search that none does */
	uint32_t first_child;
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

/*
 * A bit for each pair of symbols that patterns begin with, by a hash, and for each symbol that is a pattern by itself.
 * Other pairs that share the bit are looked at for nothing; that is a few in a hundred.
 */
#define BLOCK         64 /* symbols looked up at a time */
#define PAIR_BITS_MAX 16
#define PAIR_BITS_MIN 9
#define PAIRS_SPARSE  4 /* two to the power of that many bits for each pair */
#define SINGLE_BITS   10

struct voc_automaton {
	struct state *states; /* NULL once it is finished, as the edges */
	edge *edges;
	struct match *matches;
	struct node *nodes; /* one more than there are states */
	uint32_t *symbols;  /* that lead to them */
	uint32_t state_count, match_count, max_states;
	uint32_t edge_mask;
	uint32_t others, others_end;       /* the root's children that `roots` does not know */
	uint16_t roots[ASCII + SYLLABLES]; /* those come first */
	unsigned pair_bits;                /* of the hash */
	uint64_t pairs[(1 << PAIR_BITS_MAX) / BLOCK];
	uint64_t singles[(1 << SINGLE_BITS) / BLOCK];
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
	automaton->states[ROOT] = (struct state){ .own = NONE };
	return automaton;
}

void voc_automaton_free(struct voc_automaton *automaton)
{
	if (!automaton)
		return;
	free(automaton->states);
	free(automaton->edges);
	free(automaton->matches);
	free(automaton->nodes);
	free(automaton->symbols);
	free(automaton);
}

/* The slot of this edge, or the free one where it belongs. */
static edge *edge_at(const struct voc_automaton *automaton, uint64_t key)
{
	uint64_t hash = key * UINT64_C(0x9E3779B97F4A7C15);
	for (uint32_t at = (uint32_t)(hash >> 40);; at++) {
		edge *found = &automaton->edges[at & automaton->edge_mask];
		if (*found == 0 || (*found & ~TARGET_MASK) == key)
			return found;
	}
}

static uint32_t target_of(const struct voc_automaton *automaton, uint32_t from, uint32_t symbol)
{
	return (uint32_t)(*edge_at(automaton, EDGE_KEY(from, symbol)) & TARGET_MASK);
}

static uint32_t add_state(struct voc_automaton *automaton, uint32_t parent, uint32_t symbol)
{
	if (automaton->state_count == automaton->max_states)
		return 0;
	uint32_t state = automaton->state_count++;
	automaton->states[state] = (struct state){
		.parent = parent,
		.symbol = symbol,
		.sibling = automaton->states[parent].child,
		.own = NONE,
	};
	automaton->states[parent].child = state;
	uint64_t key = EDGE_KEY(parent, symbol);
	*edge_at(automaton, key) = key | state;
	return state;
}

bool voc_automaton_add(struct voc_automaton *automaton, const uint32_t *symbols, size_t count, uint32_t value)
{
	uint32_t state = ROOT;
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

/* The root's children, those that `roots` knows or the others. Returns the next number. */
static uint32_t number_of_root(struct voc_automaton *automaton, uint32_t *order, uint32_t next, bool known)
{
	struct state *states = automaton->states;
	for (uint32_t at = states[ROOT].child; at != 0; at = states[at].sibling) {
		uint32_t index = root_index(states[at].symbol);
		if ((index != UINT32_MAX) != known)
			continue;
		if (known)
			automaton->roots[index] = (uint16_t)next;
		states[at].number = next;
		order[next++] = at;
	}
	return next;
}

/* In the order of their bits, which voc_automaton_step relies on, and numbered. */
static void number_children(struct state *states, uint32_t *order, uint32_t first, uint32_t end)
{
	for (uint32_t i = first + 1; i < end; i++) {
		uint32_t moved = order[i], bit = bit_of(states[moved].symbol), at = i;
		for (; at > first && bit_of(states[order[at - 1]].symbol) > bit; at--)
			order[at] = order[at - 1];
		order[at] = moved;
	}
	for (uint32_t i = first; i < end; i++)
		states[order[i]].number = i;
}

/* Level by level: the few states that texts step on most lie together, and the children of each side by side. */
static void number_states(struct voc_automaton *automaton, uint32_t *order)
{
	struct state *states = automaton->states;
	automaton->others = number_of_root(automaton, order, 1, true);
	automaton->others_end = number_of_root(automaton, order, automaton->others, false);
	uint32_t next = automaton->others_end;
	for (uint32_t i = 1; i < automaton->state_count; i++) {
		automaton->nodes[i].first_child = next;
		for (uint32_t at = states[order[i]].child; at != 0; at = states[at].sibling)
			order[next++] = at;
		number_children(states, order, automaton->nodes[i].first_child, next);
	}
	automaton->nodes[automaton->state_count].first_child = next;
}

static void link_state(struct voc_automaton *automaton, uint32_t at)
{
	struct state *states = automaton->states, *state = &states[at];
	uint32_t from = states[state->parent].fail, next = 0;
	if (state->parent != ROOT) {
		while ((next = target_of(automaton, from, state->symbol)) == 0 && from != ROOT)
			from = states[from].fail;
	}
	state->fail = next;
	state->suffix = states[next].own != NONE ? next : states[next].suffix;
}

static uint32_t first_match(const struct voc_automaton *automaton, const struct state *state)
{
	if (state->own != NONE)
		return state->own;
	return state->suffix ? automaton->states[state->suffix].own : NONE;
}

static void fill_nodes(struct voc_automaton *automaton, const uint32_t *order)
{
	const struct state *states = automaton->states;
	automaton->nodes[ROOT].first = NONE;
	for (uint32_t i = 1; i < automaton->state_count; i++) {
		const struct state *state = &states[order[i]];
		automaton->symbols[i] = state->symbol;
		automaton->nodes[i].fail = states[state->fail].number;
		automaton->nodes[i].first = first_match(automaton, state);
		automaton->nodes[states[state->parent].number].symbols |= bit_of(state->symbol);
	}
	for (uint32_t i = 0; i < automaton->match_count; i++) {
		struct match *match = &automaton->matches[i];
		uint32_t suffix = states[match->state].suffix;
		if (match->next == NONE && suffix)
			match->next = states[suffix].own;
	}
}

static uint32_t single_slot(uint32_t symbol)
{
	return symbol * 0x9E3779B1u >> (32 - SINGLE_BITS);
}

static uint32_t pair_slot(const struct voc_automaton *automaton, uint32_t first, uint32_t second)
{
	return (first * 0x9E3779B1u + second) * 0x85EBCA77u >> (32 - automaton->pair_bits);
}

static void set_bit(uint64_t *bits, uint32_t at)
{
	bits[at / BLOCK] |= UINT64_C(1) << at % BLOCK;
}

static uint64_t bit_at(const uint64_t *bits, uint32_t at)
{
	return bits[at / BLOCK] >> at % BLOCK & 1;
}

/* What patterns begin with: the nodes behind the root's children are the pairs. */
static void note_starts(struct voc_automaton *automaton)
{
	const struct node *nodes = automaton->nodes;
	uint32_t last = automaton->others_end, pairs = nodes[last].first_child - last;
	automaton->pair_bits = PAIR_BITS_MIN;
	while (automaton->pair_bits < PAIR_BITS_MAX && (pairs << PAIRS_SPARSE) >> automaton->pair_bits)
		automaton->pair_bits++;
	for (uint32_t i = 1; i < last; i++) {
		uint32_t symbol = automaton->symbols[i];
		if (nodes[i].first != NONE)
			set_bit(automaton->singles, single_slot(symbol));
		for (uint32_t child = nodes[i].first_child; child < nodes[i + 1].first_child; child++)
			set_bit(automaton->pairs, pair_slot(automaton, symbol, automaton->symbols[child]));
	}
}

bool voc_automaton_finish(struct voc_automaton *automaton)
{
	uint32_t count = automaton->state_count;
	uint32_t *order = calloc(count, sizeof *order);
	automaton->nodes = calloc((size_t)count + 1, sizeof *automaton->nodes);
	automaton->symbols = calloc(count, sizeof *automaton->symbols);
	bool good = order && automaton->nodes && automaton->symbols;
	if (good) {
		number_states(automaton, order);
		/* a failure link leads to a shallower state, which was linked before */
		for (uint32_t i = 1; i < count; i++)
			link_state(automaton, order[i]);
		fill_nodes(automaton, order);
		note_starts(automaton);
		free(automaton->edges);
		free(automaton->states);
		automaton->edges = NULL;
		automaton->states = NULL;
	}
	free(order);
	return good;
}

/* Among so many nodes, the one that the symbol leads to; the root if there is none. */
static uint32_t find_child(const struct voc_automaton *automaton, uint32_t first, uint32_t end, uint32_t symbol)
{
	for (uint32_t at = first; at < end; at++) {
		if (automaton->symbols[at] == symbol)
			return at;
	}
	return ROOT;
}

static inline uint32_t step_from_root(const struct voc_automaton *automaton, uint32_t symbol)
{
	uint32_t index = root_index(symbol);
	return index != UINT32_MAX ? automaton->roots[index]
	                           : find_child(automaton, automaton->others, automaton->others_end, symbol);
}

static inline uint32_t step(const struct voc_automaton *automaton, uint32_t state, uint32_t symbol)
{
	while (state != ROOT) {
		const struct node *node = &automaton->nodes[state];
		uint32_t next = ROOT, bit = bit_of(symbol);
		if (node->symbols & bit) {
			/* each bit below stands for a child or more */
			uint32_t first = node->first_child + (uint32_t)__builtin_popcount(node->symbols & (bit - 1));
			next = find_child(automaton, first, node[1].first_child, symbol);
		}
		if (next != ROOT)
			return next;
		state = node->fail;
	}
	return step_from_root(automaton, symbol);
}

/* Without a branch for each symbol. */
static inline void look_up_block(struct voc_automaton_walk *walk, size_t block)
{
	const struct voc_automaton *automaton = walk->automaton;
	const uint32_t *symbols = walk->symbols + block;
	size_t count = walk->count - block < BLOCK ? walk->count - block : BLOCK;
	uint64_t starts = 0;
	for (size_t i = 0; i < count; i++) {
		uint64_t begins = bit_at(automaton->pairs, pair_slot(automaton, symbols[i], symbols[i + 1])) |
		                  bit_at(automaton->singles, single_slot(symbols[i]));
		starts |= begins << i;
	}
	walk->block = block;
	walk->starts = starts;
}

/* The first symbol from `from` on that a pattern may begin with; `count` if there is none. */
static inline size_t find_start(struct voc_automaton_walk *walk, size_t from)
{
	while (from < walk->count) {
		if (from - walk->block >= BLOCK)
			look_up_block(walk, from - from % BLOCK);
		uint64_t left = walk->starts >> from % BLOCK;
		if (left)
			return from + (size_t)__builtin_ctzll(left);
		from += BLOCK - from % BLOCK;
	}
	return walk->count;
}

void voc_automaton_begin(const struct voc_automaton *automaton, const uint32_t *symbols, size_t count,
                         struct voc_automaton_walk *ret_walk)
{
	*ret_walk = (struct voc_automaton_walk){
		.automaton = automaton, .symbols = symbols, .count = count, .state = ROOT, .block = SIZE_MAX / 2
	};
}

/* The root's children are the first nodes: in one of them, or in the root, nothing is known but the last symbol. */
static inline bool is_shallow(const struct voc_automaton_walk *walk)
{
	return walk->state < walk->automaton->others_end;
}

/* Compiled twice for the counting of bits, which is one instruction where there is AVX2. */
VOC_VECTORISED uint32_t voc_automaton_walk(struct voc_automaton_walk *walk, size_t *ret_last)
{
	const struct voc_automaton *automaton = walk->automaton;
	while (walk->at < walk->count) {
		size_t start = walk->at;
		if (is_shallow(walk))
			start = find_start(walk, walk->at - (walk->at > 0));
		if (start == walk->count)
			break;
		if (start > walk->at || walk->at == 0) {
			walk->at = start;
			walk->state = step_from_root(automaton, walk->symbols[start]);
		} else {
			walk->state = step(automaton, walk->state, walk->symbols[walk->at]);
		}
		uint32_t match = automaton->nodes[walk->state].first;
		*ret_last = walk->at++;
		if (match != NONE)
			return match;
	}
	walk->at = walk->count;
	return NONE;
}

uint32_t voc_automaton_next(const struct voc_automaton *automaton, uint32_t match)
{
	return automaton->matches[match].next;
}

uint32_t voc_automaton_value(const struct voc_automaton *automaton, uint32_t match)
{
	return automaton->matches[match].value;
}
