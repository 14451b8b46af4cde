/*
 * An alert: the record of voc.alerts, written by the aggregator and read by the alerter.
 *
 * One structure, its encoder and its decoder. Pure. Decoded strings are borrowed from the record's bytes or the arena.
 */
#ifndef VOC_CORE_ALERT_H
#define VOC_CORE_ALERT_H

#include "core/customer/contribution.h"

#define VOC_ALERT_ID_SIZE   33 /* 32 hexadecimal digits and the NUL */
#define VOC_ALERT_MAX_BYTES (64 * 1024)

/*
 * Header of an alert's record: the raw record's timestamp in decimal milliseconds, from which latency is counted. The
 * record's own timestamp is the moment of sending: a topic's retention would count an old event's time against it.
 */
#define VOC_RECEIVED_HEADER "voc_received"

struct voc_alert {
	struct voc_str id;
	struct voc_str customer_id;
	int64_t time_ms; /* of the event that caused it */
	enum voc_rule rule;
	enum voc_severity severity;
	int risk; /* 0 to 100 */
	enum voc_risk_state state, previous_state;
	int satisfaction_index;                    /* 0 to 100 */
	int64_t events, complaints, churn_intents; /* of this customer so far */
	char lang[3];
	enum voc_channel channel;               /* VOC_CHANNEL_COUNT: no contact caused it */
	struct voc_str product, team, agent_id; /* empty if absent */
	struct voc_str follow_up;               /* advice, in the event's language */
	struct voc_str gap;                     /* JSON object, verbatim: core/classify/gaps.h; empty if absent */
	struct voc_gap_said gap_said;           /* what it says, of a decoded one */
	struct voc_str needs;                   /* JSON object, verbatim: core/classify/needs.h; empty if absent */
	uint32_t needs_said;                    /* bits 1 << VOC_NEED_x, of a decoded one */
	struct voc_str rules_version;
	struct voc_str origin;        /* "<topic>/<partition>/<offset>" of the classified record */
	struct voc_str relationship;  /* JSON object, verbatim; empty if none is known: core/customer/account_tell.h */
	struct voc_str priority;      /* likewise; empty under rules without it */
	struct voc_str about_case;    /* JSON object, verbatim; empty if the alert is not about a case */
	struct voc_str contributions; /* JSON array, verbatim: see voc_contributions_decode */
};

/* The id: a hash of what caused the alert, so that a crash publishes the same alert with the same id. */
void voc_alert_make_id(struct voc_str customer_id, int32_t partition, int64_t offset, enum voc_rule rule,
                       char ret_id[VOC_ALERT_ID_SIZE]);
/* Appends the CloudEvent (structured JSON). False if the buffer is full. */
bool voc_alert_encode(struct voc_buf *buf, const struct voc_alert *alert);
/* VOC_OK or VOC_INVALID; VOC_FATAL if the arena is full. Unknown members are skipped. */
VOC_MUST_CHECK enum voc_status voc_alert_decode(struct voc_str value, struct voc_arena *arena,
                                                struct voc_alert *ret_alert, struct voc_error *error);

#endif
