/*
 * One record of voc.alerts on its way to one endpoint: a copy of the record, and the body to be sent.
 *
 * A copy, since a record kept back would hold the whole fetch that it came with. One thread.
 */
#ifndef VOC_ALERTER_JOB_H
#define VOC_ALERTER_JOB_H

#include "alerter/outbox.h"
#include "core/aggregate/alert.h"
#include "io/kafka/kafka.h"
#include "io/webhook/webhooks.h"

/* A dead letter of ours names the endpoint that did not take it. One that is sent again goes to that endpoint only. */
#define VOC_ENDPOINT_HEADER "voc_endpoint"

struct job {
	struct outbox_item item; /* first: a pointer to the one is a pointer to the other */
	void *owner;             /* whose job it is; for the dead letter's way back */
	size_t slot;             /* index of its partition in the assignment */
	char topic[VOC_TOPIC_NAME_SIZE];
	int32_t partition;
	int64_t offset, timestamp_ms;
	int64_t received_ms; /* of the raw record that caused it; -1 if nothing tells */
	/* The record of voc.classified that raised it. */
	int32_t cause_partition;
	int64_t cause_offset;
	struct voc_str key, value;
	struct voc_header *headers;
	size_t header_count;
	struct voc_str trace; /* of the event that caused it; empty if it had none */
	char id[VOC_WEBHOOK_ID_MAX_BYTES + 1];
	struct voc_str body;     /* the value itself, or made from it */
	struct voc_buf made;     /* where the body was made */
	size_t bytes;            /* what it holds of memory */
	struct voc_error error;  /* why it is dying */
	bool posted;             /* its dead letter is on the way */
	bool orphan;             /* its partition has gone meanwhile */
	struct job *next_letter; /* in the list of letters that came back */
};

/* What is to be done with a record. */
enum job_fate {
	JOB_SEND,
	JOB_SKIP,   /* this endpoint doesn't want it */
	JOB_BURY,   /* it can't be read: job->error says why */
	JOB_FAILED, /* memory ran out, of which the record can do nothing */
};

/* A copy of the record; NULL when memory runs out. */
struct job *job_new(const struct voc_message *message, void *owner, size_t slot);
/* NULL is fine. */
void job_free(struct job *job);
/* Decodes it and makes the body. `scratch` is reset. `error` is filled for JOB_FAILED, VOC_FATAL. */
enum job_fate job_prepare(struct job *job, const struct voc_endpoint *endpoint, struct voc_arena *scratch,
                          struct voc_error *error);

#endif
