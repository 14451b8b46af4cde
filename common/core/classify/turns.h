/*
 * A text as it is read before it is scored, and the turns of a call cut out of what was read of the whole of it.
 *
 * A cut turn is what reading the turn's bytes alone gives, to the last mark: what isn't certain to be that is not cut.
 * Pure; one object belongs to one thread.
 */
#ifndef VOC_CORE_TURNS_H
#define VOC_CORE_TURNS_H

#include "core/classify/phrases.h"

struct voc_reading {
	struct voc_normal normal;
	struct voc_tokens tokens;
	struct voc_phrase_hits hits;
};

/* How far a call's turns were cut. */
struct voc_turns {
	size_t character, word, sentence, hit;
};

/*
 * The bytes [start, end) of the call's text, one whole line and not an empty one. Lines come in their order, some may
 * be left out; `turns` begins as zeros. `hint` as for voc_tokenize. False: it has to be read by itself.
 */
bool voc_turns_cut(struct voc_turns *turns, const struct voc_reading *call, size_t start, size_t end,
                   struct voc_str hint, struct voc_reading *ret_turn);

#endif
