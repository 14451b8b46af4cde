/*
 * What falls due: the one table of its kinds, and an entry of the sorted set `voc:{P}:due`.
 *
 * Nothing in the state changes because a clock says so. What a customer's state waits for stands in voc:{P}:due, scored
 * by its time; the owner of P writes a voc.due record (core/aggregate/due_record.h) once the clock on the wall has
 * passed that, and what follows from it happens when the record is read, if the state still waits for just that. So a
 * record too many, or one written by two, changes nothing. Values only; pure, any thread.
 */
#ifndef VOC_CORE_DUE_H
#define VOC_CORE_DUE_H

#include "base/err.h"
#include "base/str.h"

/* A case's kinds come first. X(symbol, name, what it means) */
#define VOC_CASE_DUE_KINDS(X)                                                             \
	X(VOC_DUE_CASE_RESPOND, "case_respond", "a case should have been answered")       \
	X(VOC_DUE_CASE_RESOLVE, "case_resolve", "a case should have been resolved")       \
	X(VOC_DUE_CASE_ESCALATE, "case_escalate", "an unresolved case goes a step up")    \
	X(VOC_DUE_CASE_SILENCE, "case_silence", "nobody has heard of the customer since") \
	X(VOC_DUE_CASE_SETTLE, "case_settle", "a resolved or abandoned case is closed, a closed one forgotten")
#define VOC_DUE_KINDS(X)      \
	VOC_CASE_DUE_KINDS(X) \
	X(VOC_DUE_CLIENT_LAPSE, "client_lapse", "a regular customer has not ordered for longer than usual")

#define X(symbol, name, text) symbol,
enum voc_due_kind { VOC_DUE_KINDS(X) VOC_DUE_KIND_COUNT };
#undef X
#define X(symbol, name, text) +1
enum { VOC_CASE_DUE_COUNT = 0 VOC_CASE_DUE_KINDS(X) };
#undef X

#define VOC_DUE_SUBJECT_MAX 64 /* bytes */
#define VOC_DUE_MEMBER_MAX  640

struct voc_due {
	enum voc_due_kind kind;
	struct voc_str subject; /* what of the customer's: a case's id; "-" for the customer as such */
	struct voc_str customer_id;
	int64_t due_ms;
};

/* NULL for a value outside of the enum. Static strings. */
const char *voc_due_kind_name(enum voc_due_kind kind);
bool voc_due_kind_parse(struct voc_str name, enum voc_due_kind *ret_kind);

/* An entry's member: "<kind>/<subject>/<customer id>". Its score is due_ms. False if the buffer is full. */
bool voc_due_member(struct voc_buf *buf, const struct voc_due *due);
/* The parts are borrowed from `member`; due_ms is left as it is. False if it is no member. */
VOC_MUST_CHECK bool voc_due_member_parse(struct voc_str member, struct voc_due *ret_due);

#endif
