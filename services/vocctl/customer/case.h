/*
 * vocctl case, in its parts: case.c the command, case_list.c the list, case_move.c what people do. For nobody else. One
 * thread.
 */
#ifndef VOC_VOCCTL_CASE_H
#define VOC_VOCCTL_CASE_H

#include "core/customer/case.h"
#include "vocctl/commands.h"
#include "vocctl/shared/store.h"

enum case_flag {
	CASE_TEAM,
	CASE_STATE,
	CASE_OVERDUE,
	CASE_TOP,
	CASE_BY,
	CASE_CAUSE,
	CASE_OFFER,
	CASE_OUTCOME,
	CASE_NOTE,
	CASE_WAIT,
	CASE_DRY_RUN,
	CASE_JSON,
	CASE_FLAG_COUNT
};

/* The customer's cases. VOC_INVALID if the customer is unknown. Free with voc_cases_free. */
VOC_MUST_CHECK enum voc_status case_read(struct vocctl_store *store, struct voc_str customer_id,
                                         struct voc_cases *ret_cases, struct voc_error *error);
/* Appends a case as text on several lines, or as one line of JSON with whose it is. */
void case_describe(struct voc_buf *page, struct voc_str customer_id, const struct voc_case *one, int64_t now_ms,
                   bool as_json);
/* The deadline that comes next, of answer and resolution; 0 if none does. */
int64_t case_deadline(const struct voc_case *one);
/* Appends what can be done from a state, as the command's words: "ack, contact". */
void case_add_moves(struct voc_buf *buf, enum voc_case_state state);
/* A deadline that was missed, told or not, while the case is still there to be worked on. */
bool case_is_overdue(const struct voc_case *one, int64_t now_ms);

/* Each prints what it has to say, and returns an exit status. */
int case_list(const struct voc_conf *conf, const struct vocctl_arguments *arguments);
int case_move(const struct voc_conf *conf, const struct vocctl_arguments *arguments, enum voc_case_action action);

#endif
