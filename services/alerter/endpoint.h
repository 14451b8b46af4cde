/*
 * One webhook endpoint at work: a thread with its own consumer group, its own window into voc.alerts and its own
 * connections, so that a sick endpoint keeps its place in the log and delays nobody.
 *
 * The main thread opens, starts, watches, stops, joins and frees; everything else happens on the endpoint's thread.
 */
#ifndef VOC_ALERTER_ENDPOINT_H
#define VOC_ALERTER_ENDPOINT_H

#include "alerter/dead_letters.h"
#include "alerter/forgotten.h"
#include "io/service/health.h"

struct endpoint;

struct endpoint_settings {
	const struct voc_conf *conf; /* borrowed for the endpoint's life, as all here is */
	const struct voc_endpoint *webhook;
	struct dead_letters *letters;
	struct forgotten *forgotten;
	int64_t prefetch_bytes; /* this endpoint's share */
	uint64_t seed;          /* of the jitter */
	int bell_fd;            /* an eventfd that is rung when the thread ends */
	struct voc_health *health;
};

VOC_MUST_CHECK enum voc_status endpoint_open(const struct endpoint_settings *settings, struct endpoint **ret_endpoint,
                                             struct voc_error *error);
VOC_MUST_CHECK enum voc_status endpoint_start(struct endpoint *endpoint, struct voc_error *error);
/* Asks the thread to finish what is under way and leave its group, by `stop_by_ms` (voc_clock_ms). */
void endpoint_stop(struct endpoint *endpoint, int64_t stop_by_ms);
/* There is something new to ask `forgotten` for. */
void endpoint_wake(struct endpoint *endpoint);
/* Waits for the thread's end; and after the dead letters were freed, which may still call back. NULL is fine. */
void endpoint_free(struct endpoint *endpoint);

/* The letter's job is done: back to its endpoint. From the thread that serves the dead letters. */
void endpoint_letter_posted(struct job *job);

/* What the main thread wants to know of an endpoint. */
struct endpoint_state {
	bool joined;            /* a member of its group; a standby counts */
	bool reachable;         /* Kafka is */
	bool open;              /* its breaker is: it answers nobody */
	bool disabled;          /* it answered 410 Gone: its thread is over, until the next start */
	bool ended;             /* the thread is over */
	int64_t beat_ms;        /* when its loop last came round (voc_clock_ms) */
	int64_t lag;            /* records between what it has done and the ends of its partitions */
	struct voc_error error; /* once ended: why, if it failed */
};
void endpoint_look(struct endpoint *endpoint, struct endpoint_state *ret_state);

#endif
