#include "core/customer/case.h"

#include <stdio.h>
#include <stdlib.h>

#define CAUSE_OTHER_NAME "other"

static const char *const state_names[] = {
#define X(symbol, name) name,
	VOC_CASE_STATES(X)
};
static const char *const action_names[] = { VOC_CASE_ACTIONS(X) };
#undef X

/* The state machine: where each action leads from each state. What is not named here is refused. */
#define NOWHERE   0 /* else 1 + the state */
#define TO(state) ((uint8_t)(1 + VOC_CASE_##state))
static const uint8_t moves[VOC_CASE_STATE_COUNT][VOC_CASE_ACTION_COUNT] = {
	[VOC_CASE_OPEN] = { [VOC_CASE_ACKNOWLEDGE] = TO(ACKNOWLEDGED), [VOC_CASE_CONTACT] = TO(CONTACTED) },
	[VOC_CASE_REOPENED] = { [VOC_CASE_ACKNOWLEDGE] = TO(ACKNOWLEDGED), [VOC_CASE_CONTACT] = TO(CONTACTED) },
	[VOC_CASE_ACKNOWLEDGED] = { [VOC_CASE_CONTACT] = TO(CONTACTED), [VOC_CASE_RESOLVE] = TO(RESOLVED) },
	[VOC_CASE_CONTACTED] = { [VOC_CASE_CONTACT] = TO(CONTACTED),
	                         [VOC_CASE_OFFER] = TO(OFFERED),
	                         [VOC_CASE_RESOLVE] = TO(RESOLVED) },
	[VOC_CASE_OFFERED] = { [VOC_CASE_CONTACT] = TO(CONTACTED),
	                       [VOC_CASE_OFFER] = TO(OFFERED),
	                       [VOC_CASE_RESOLVE] = TO(RESOLVED) },
	[VOC_CASE_RESOLVED] = { [VOC_CASE_CLOSE] = TO(CLOSED), [VOC_CASE_REOPEN] = TO(REOPENED) },
	[VOC_CASE_CLOSED] = { [VOC_CASE_REOPEN] = TO(REOPENED) },
};

bool voc_case_next(enum voc_case_state state, enum voc_case_action action, enum voc_case_state *ret_state)
{
	uint8_t to = moves[state][action];
	if (to == NOWHERE)
		return false;
	*ret_state = (enum voc_case_state)(to - 1);
	return true;
}

bool voc_case_is_active(const struct voc_case *one)
{
	return one->state != VOC_CASE_RESOLVED && one->state != VOC_CASE_CLOSED;
}

/* The dimensions come first, then the factors; "none" of either is no cause. */
const char *voc_cause_name(int cause)
{
	if (cause == VOC_CAUSE_OTHER)
		return CAUSE_OTHER_NAME;
	if (cause < (int)VOC_SERVQUAL_COUNT)
		return voc_servqual_name((enum voc_servqual)cause);
	return voc_factor_name((enum voc_factor)(cause - (int)VOC_SERVQUAL_COUNT + 1));
}

bool voc_cause_parse(struct voc_str name, uint8_t *ret_cause)
{
	for (int cause = 0; cause < VOC_CAUSE_COUNT; cause++) {
		if (voc_str_is(name, voc_cause_name(cause))) {
			*ret_cause = (uint8_t)cause;
			return true;
		}
	}
	return false;
}

uint8_t voc_cause_of(const struct voc_labels *labels)
{
	if (labels->servqual != VOC_SERVQUAL_NONE)
		return (uint8_t)labels->servqual;
	if (labels->primary_factor != VOC_FACTOR_NONE)
		return (uint8_t)((int)VOC_SERVQUAL_COUNT + (int)labels->primary_factor - 1);
	return VOC_CAUSE_OTHER;
}

const char *voc_case_state_name(enum voc_case_state state)
{
	return (unsigned)state < VOC_CASE_STATE_COUNT ? state_names[state] : NULL;
}

const char *voc_case_action_name(enum voc_case_action action)
{
	return (unsigned)action < VOC_CASE_ACTION_COUNT ? action_names[action] : NULL;
}

bool voc_case_state_parse(struct voc_str name, enum voc_case_state *ret_state)
{
	int found = voc_str_index(name, state_names, VOC_CASE_STATE_COUNT);
	if (found >= 0)
		*ret_state = (enum voc_case_state)found;
	return found >= 0;
}

bool voc_case_action_parse(struct voc_str name, enum voc_case_action *ret_action)
{
	int found = voc_str_index(name, action_names, VOC_CASE_ACTION_COUNT);
	if (found >= 0)
		*ret_action = (enum voc_case_action)found;
	return found >= 0;
}

const char *voc_case_id(const struct voc_case *one, char to[VOC_CASE_ID_SIZE])
{
	snprintf(to, VOC_CASE_ID_SIZE, "%s-%u", voc_cause_name(one->cause), (unsigned)one->number);
	return to;
}

struct voc_case *voc_cases_find(const struct voc_cases *cases, int cause)
{
	for (int i = 0; i < cases->count; i++) {
		if (cases->list[i].cause == cause)
			return &cases->list[i];
	}
	return NULL;
}

struct voc_case *voc_cases_find_id(const struct voc_cases *cases, struct voc_str id)
{
	char name[VOC_CASE_ID_SIZE];
	for (int i = 0; i < cases->count; i++) {
		if (voc_str_is(id, voc_case_id(&cases->list[i], name)))
			return &cases->list[i];
	}
	return NULL;
}

static void free_names(struct voc_case *one)
{
	free(one->team);
	free(one->product);
}

struct voc_case *voc_cases_put(struct voc_cases *cases, const struct voc_case *one)
{
	struct voc_case *old = voc_cases_find(cases, one->cause);
	if (old) {
		free_names(old);
		*old = *one;
		return old;
	}
	struct voc_case *list = realloc(cases->list, (cases->count + 1U) * sizeof *list);
	if (!list)
		return NULL;
	cases->list = list;
	int at = cases->count++;
	for (; at > 0 && list[at - 1].cause > one->cause; at--)
		list[at] = list[at - 1];
	list[at] = *one;
	return &list[at];
}

void voc_cases_remove(struct voc_cases *cases, struct voc_case *one)
{
	size_t behind = (size_t)(cases->list + cases->count - (one + 1));
	free_names(one);
	memmove(one, one + 1, behind * sizeof *one);
	if (--cases->count > 0)
		return;
	free(cases->list);
	cases->list = NULL;
}

void voc_cases_free(struct voc_cases *cases)
{
	for (int i = 0; i < cases->count; i++)
		free_names(&cases->list[i]);
	free(cases->list);
	*cases = (struct voc_cases){ 0 };
}

bool voc_cases_clone(const struct voc_cases *cases, struct voc_cases *ret_copy)
{
	struct voc_cases copy = { 0 };
	if (cases->count > 0 && !(copy.list = malloc(cases->count * sizeof *copy.list)))
		return false;
	for (int i = 0; i < cases->count; i++) {
		const struct voc_case *from = &cases->list[i];
		struct voc_case *to = &copy.list[copy.count++];
		*to = *from;
		to->team = strdup(from->team);
		to->product = from->product ? strdup(from->product) : NULL;
		if (!to->team || (from->product && !to->product)) {
			voc_cases_free(&copy);
			return false;
		}
	}
	*ret_copy = copy;
	return true;
}

bool voc_cases_clone_into(const struct voc_cases *cases, struct voc_arena *arena, struct voc_cases *ret_copy)
{
	struct voc_cases copy = { .count = cases->count };
	if (cases->count > 0 && !(copy.list = voc_arena_alloc(arena, cases->count * sizeof *copy.list)))
		return false;
	for (int i = 0; i < cases->count; i++) {
		const struct voc_case *from = &cases->list[i];
		struct voc_case *to = &copy.list[i];
		*to = *from;
		to->team = voc_arena_text(arena, from->team);
		to->product = from->product ? voc_arena_text(arena, from->product) : NULL;
		if (!to->team || (from->product && !to->product))
			return false;
	}
	*ret_copy = copy;
	return true;
}

size_t voc_cases_bytes(const struct voc_cases *cases)
{
	size_t bytes = cases->count * sizeof *cases->list;
	for (int i = 0; i < cases->count; i++) {
		bytes += strlen(cases->list[i].team) + 1;
		bytes += cases->list[i].product ? strlen(cases->list[i].product) + 1 : 0;
	}
	return bytes;
}

static bool same_text(const char *a, const char *b)
{
	return (!a && !b) || (a && b && strcmp(a, b) == 0);
}

bool voc_case_equals(const struct voc_case *a, const struct voc_case *b)
{
	return a->cause == b->cause && a->state == b->state && a->severity == b->severity && a->flags == b->flags &&
	       a->steps == b->steps && a->channel == b->channel && strcmp(a->lang, b->lang) == 0 &&
	       a->number == b->number && a->contacts == b->contacts && a->reopens == b->reopens &&
	       a->opened_ms == b->opened_ms && a->round_ms == b->round_ms && a->changed_ms == b->changed_ms &&
	       a->last_ms == b->last_ms && memcmp(a->due_ms, b->due_ms, sizeof a->due_ms) == 0 &&
	       same_text(a->team, b->team) && same_text(a->product, b->product);
}
