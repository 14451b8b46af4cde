/*
 * Cases: what a dissatisfied customer is owed, from the first bad word to the end.
 *
 * A contact that is a complaint or dissatisfied opens a case; there is one for each customer and cause, and further
 * contacts attach to it. It has an owner, deadlines in business hours and steps of escalation; people move it by
 * follow-ups, time moves it by due records (core/customer/due.h). docs/SEMANTICS.md, "Cases", to the bit. Values only:
 * time is given, nothing is read. Pure; no locks, one thread at a time.
 */
#ifndef VOC_CORE_CASE_H
#define VOC_CORE_CASE_H

#include "core/classify/classified.h"
#include "core/customer/due.h"
#include "core/record/fact.h"
#include "core/rules/alert_rule.h"
#include "core/rules/case_rules.h"

/* X(symbol, name) */
#define VOC_CASE_STATES(X)                       \
	X(VOC_CASE_OPEN, "open")                 \
	X(VOC_CASE_ACKNOWLEDGED, "acknowledged") \
	X(VOC_CASE_CONTACTED, "contacted")       \
	X(VOC_CASE_OFFERED, "offered")           \
	X(VOC_CASE_RESOLVED, "resolved")         \
	X(VOC_CASE_CLOSED, "closed")             \
	X(VOC_CASE_REOPENED, "reopened")

/* What people do: `action` of a follow-up. */
#define VOC_CASE_ACTIONS(X)                    \
	X(VOC_CASE_ACKNOWLEDGE, "acknowledge") \
	X(VOC_CASE_CONTACT, "contact")         \
	X(VOC_CASE_OFFER, "offer")             \
	X(VOC_CASE_RESOLVE, "resolve")         \
	X(VOC_CASE_CLOSE, "close")             \
	X(VOC_CASE_REOPEN, "reopen")

/* What is counted of cases, in rollups. */
#define VOC_CASE_TALLIES(X)                             \
	X(VOC_TALLY_OPENED, "opened")                   \
	X(VOC_TALLY_REOPENED, "reopened")               \
	X(VOC_TALLY_RESOLVED, "resolved")               \
	X(VOC_TALLY_CLOSED, "closed")                   \
	X(VOC_TALLY_ABANDONED, "abandoned")             \
	X(VOC_TALLY_RECOVERED, "recovered")             \
	X(VOC_TALLY_RESPOND_OVERDUE, "respond_overdue") \
	X(VOC_TALLY_RESOLVE_OVERDUE, "resolve_overdue") \
	X(VOC_TALLY_ESCALATED, "escalated")             \
	X(VOC_TALLY_SILENT, "silent")

#define X(symbol, ...) symbol,
enum voc_case_state { VOC_CASE_STATES(X) VOC_CASE_STATE_COUNT };
enum voc_case_action { VOC_CASE_ACTIONS(X) VOC_CASE_ACTION_COUNT };
enum voc_case_tally { VOC_CASE_TALLIES(X) VOC_CASE_TALLY_COUNT };
#undef X

/* Why a follow-up was refused. */
enum voc_case_refusal {
	VOC_CASE_TAKEN, /* it was not */
	VOC_CASE_UNKNOWN_ACTION,
	VOC_CASE_NO_SUCH_CASE, /* the customer has none of that id */
	VOC_CASE_STALE_MOVE,   /* the case has changed since */
	VOC_CASE_ILLEGAL_MOVE, /* not from the state that the case is in */
};

/* The cause: the SERVQUAL dimension; without one the leading factor; without that "other", 0. */
#define VOC_CAUSE_OTHER 0
#define VOC_CAUSE_COUNT ((int)VOC_SERVQUAL_COUNT + (int)VOC_FACTOR_COUNT - 1)

#define VOC_CASE_ID_SIZE    32  /* "reliability-12", with the NUL */
#define VOC_CASE_TEXT_BYTES 640 /* of one as stored, at most */

/* What a case has been through. */
enum voc_case_flag {
	VOC_CASE_RESPOND_OVERDUE = 1,
	VOC_CASE_RESOLVE_OVERDUE = 2,
	VOC_CASE_SILENT = 4,
	VOC_CASE_RECOVERED = 8,  /* since it was last opened, the customer has come back content */
	VOC_CASE_ABANDONED = 16, /* closed, and never resolved */
};

struct voc_case {
	uint8_t cause, state, severity; /* severity: enum voc_severity, not none */
	uint8_t flags, steps;           /* steps of escalation taken */
	uint8_t channel;                /* enum voc_channel: of the contact that opened it, as are the next ones */
	char lang[3];
	uint32_t number; /* among the customer's, from 1 */
	uint32_t contacts, reopens;
	int64_t opened_ms, round_ms, changed_ms,
	        last_ms;                    /* round: opened, or opened again; last: contact of its cause */
	int64_t due_ms[VOC_CASE_DUE_COUNT]; /* by enum voc_due_kind; 0: nothing falls due, but settle always does */
	char *team;                         /* owned; the owner */
	char *product;                      /* owned; NULL if none was named */
};

/* A customer's, by cause; at most one each. */
struct voc_cases {
	struct voc_case *list; /* owned; NULL: none */
	uint8_t count;
};

/* What one record did, for alerts and counters. */
struct voc_case_changes {
	uint16_t tallies[VOC_CAUSE_COUNT]; /* bits 1 << enum voc_case_tally */
	bool alerts;                       /* the rest is set */
	enum voc_rule rule;
	enum voc_severity severity;
	uint8_t cause;
};

const char *voc_cause_name(int cause);
bool voc_cause_parse(struct voc_str name, uint8_t *ret_cause);
uint8_t voc_cause_of(const struct voc_labels *labels);
/* NULL for a value outside of its enum. Static strings. */
const char *voc_case_state_name(enum voc_case_state state);
const char *voc_case_action_name(enum voc_case_action action);
bool voc_case_state_parse(struct voc_str name, enum voc_case_state *ret_state);
bool voc_case_action_parse(struct voc_str name, enum voc_case_action *ret_action);
/* Whether the state machine has such a move, and where to. */
bool voc_case_next(enum voc_case_state state, enum voc_case_action action, enum voc_case_state *ret_state);
/* Not resolved and not closed. */
bool voc_case_is_active(const struct voc_case *one);

/* "<cause>-<number>"; returns `to`. */
const char *voc_case_id(const struct voc_case *one, char to[VOC_CASE_ID_SIZE]);
/* NULL if there is none. */
struct voc_case *voc_cases_find(const struct voc_cases *cases, int cause);
struct voc_case *voc_cases_find_id(const struct voc_cases *cases, struct voc_str id);
/* Puts a case in its place, by cause; one of that cause is forgotten. Takes its strings on success; NULL: no memory. */
struct voc_case *voc_cases_put(struct voc_cases *cases, const struct voc_case *one);
void voc_cases_remove(struct voc_cases *cases, struct voc_case *one);
void voc_cases_free(struct voc_cases *cases);
/* False when memory runs out, and nothing is held. */
VOC_MUST_CHECK bool voc_cases_clone(const struct voc_cases *cases, struct voc_cases *ret_copy);
/* The same with all of it in the arena: not to be changed, nor freed. */
VOC_MUST_CHECK bool voc_cases_clone_into(const struct voc_cases *cases, struct voc_arena *arena,
                                         struct voc_cases *ret_copy);
size_t voc_cases_bytes(const struct voc_cases *cases);
bool voc_case_equals(const struct voc_case *a, const struct voc_case *b);

/* As a customer's field `case:<cause>` holds it; voc_case_read adds what it reads. False if it is none, or memory ran
 * out (then *ret_out_of_memory). */
void voc_case_write(const struct voc_case *one, struct voc_buf *buf);
VOC_MUST_CHECK bool voc_case_read(struct voc_cases *cases, uint8_t cause, struct voc_str text, bool *ret_out_of_memory);

/* Appends it as a JSON object: `case` of an alert (schemas/alert.schema.json). False if the buffer is full. */
bool voc_case_tell(const struct voc_case *one, struct voc_buf *buf);

/* A contact, already counted, and what is known of the customer by then. Borrowed. */
struct voc_case_contact {
	const struct voc_classified *event;
	bool critical;        /* their risk state */
	enum voc_stage stage; /* before the contact; none: not known */
	uint32_t number;      /* of a case that it opens */
};
/* False when memory runs out. `changes` is added to. */
VOC_MUST_CHECK bool voc_cases_contact(struct voc_cases *cases, const struct voc_case_rules *rules,
                                      const struct voc_case_contact *contact, struct voc_case_changes *changes);
/* A follow-up at `time_ms`. */
enum voc_case_refusal voc_cases_follow_up(struct voc_cases *cases, const struct voc_case_rules *rules,
                                          struct voc_str case_id, struct voc_str action, int64_t time_ms,
                                          struct voc_case_changes *changes);
enum voc_case_due_outcome {
	VOC_CASE_DUE_DONE,
	VOC_CASE_DUE_STALE, /* that is not what falls due, or not any more */
	VOC_CASE_DUE_OUT_OF_MEMORY,
};
/* Something fell due: it is done only if it is just what the case waits for. */
enum voc_case_due_outcome voc_cases_due(struct voc_cases *cases, const struct voc_case_rules *rules,
                                        const struct voc_due *due, struct voc_case_changes *changes);

#endif
