/*
 * What endpoint.c (life and loop), endpoint_read.c (records in) and endpoint_send.c (requests out) share. Nobody else
 * includes this.
 */
#ifndef VOC_ALERTER_ENDPOINT_INTERNAL_H
#define VOC_ALERTER_ENDPOINT_INTERNAL_H

#include "alerter/endpoint.h"
#include "base/ack_window.h"
#include "core/record/topic.h"
#include "io/kafka/kafka_consumer.h"
#include "io/webhook/webhook.h"

#include <pthread.h>
#include <stdatomic.h>

/* A partition that this member owns. */
struct lane {
	struct voc_ack_window window;
	int64_t read_to; /* next offset to read, -1 before the first record */
};

struct endpoint {
	struct endpoint_settings settings;
	struct voc_endpoint webhook; /* settings.webhook with the secrets of now; the rest is borrowed from there */
	uint64_t secret_stamp;       /* of secret_file when it was read last */
	int64_t secret_look_ms;      /* when it is looked at next */
	struct voc_retry_policy policy;
	char group[VOC_TOPIC_NAME_SIZE], topic[VOC_TOPIC_NAME_SIZE];
	pthread_t thread;
	bool started;

	/* The thread's own. */
	struct voc_consumer *consumer;
	struct voc_webhook_client *client;
	struct voc_arena *scratch;
	struct outbox outbox;
	struct voc_watchdog *watchdog; /* the health's */
	int64_t shown_ms;              /* when it was told last */
	struct lane *lanes;            /* by the index of voc_consumer_partitions; NULL while nothing is assigned */
	size_t lane_count, next_lane;
	bool unread;                 /* a lane was not read until there was nothing */
	int64_t look_ms;             /* when all are looked at at the latest */
	size_t held_bytes;           /* of the jobs in the outbox */
	uint64_t forgotten_version;  /* that the outbox was held against */
	size_t unposted;             /* dying jobs whose dead letter has yet to be sent */
	struct outbox_item *orphans; /* jobs without a partition any more, whose dead letter is under way */

	/* Between the threads. */
	pthread_mutex_t lock;       /* letters_back */
	struct job *letters_back;   /* dead letters that Kafka has, newest first */
	_Atomic int64_t stop_by_ms; /* 0 until the stop is asked for */
	_Atomic int64_t beat_ms, lag;
	_Atomic bool joined, reachable, open, disabled, ended;
	struct voc_error error; /* written before `ended` */
};

/* endpoint_read.c */
enum voc_status endpoint_open_consumer(struct endpoint *endpoint, struct voc_error *error);
/* Serves the group, and reads while there is room. *ret_more: it stopped early, and more is likely there. */
VOC_MUST_CHECK enum voc_status endpoint_read(struct endpoint *endpoint, bool *ret_more, struct voc_error *error);
/* The record is done with: its offset may be stored. */
void endpoint_acknowledge(struct endpoint *endpoint, size_t slot, int64_t offset);
void endpoint_free_lanes(struct endpoint *endpoint);
/* Lag and watchdog, about once a second. VOC_FATAL when memory runs out. */
VOC_MUST_CHECK enum voc_status endpoint_show(struct endpoint *endpoint, int64_t now_ms, struct voc_error *error);

/* endpoint_forget.c */
/* Gives up an alert of a customer who is forgotten, unless it is under way; then it is gone. */
bool endpoint_drop_if_forgotten(struct endpoint *endpoint, struct job *job);
/* All such alerts, if there are new requests. */
void endpoint_drop_forgotten(struct endpoint *endpoint);

/* endpoint_secret.c */
/* At the start. The file may have changed since the webhooks were read. VOC_FATAL as voc_endpoint_load_secret. */
VOC_MUST_CHECK enum voc_status endpoint_take_secret(struct endpoint *endpoint, struct voc_error *error);
/* Reads the secret's file again if it has changed; looks about once a second. What can't be read leaves the old ones.
 */
void endpoint_renew_secret(struct endpoint *endpoint, int64_t now_ms);

/* endpoint_send.c */
VOC_MUST_CHECK enum voc_status endpoint_send_due(struct endpoint *endpoint, struct voc_error *error);
/* Posts the dead letters that are to go. */
VOC_MUST_CHECK enum voc_status endpoint_post_letters(struct endpoint *endpoint, struct voc_error *error);
/* Waits at most wait_ms for answers, letters and records, and deals with the first two. */
VOC_MUST_CHECK enum voc_status endpoint_wait(struct endpoint *endpoint, int64_t wait_ms, struct voc_error *error);
/* Until nothing is under way, or `until_ms`; sends nothing new. */
VOC_MUST_CHECK enum voc_status endpoint_drain(struct endpoint *endpoint, int64_t until_ms, struct voc_error *error);
/* Gives up everything that is held. */
void endpoint_drop_jobs(struct endpoint *endpoint);
void endpoint_add_job(struct endpoint *endpoint, struct job *job, enum outbox_state state);
/* Done with: delivered, safe as a dead letter, or given up for good. */
void endpoint_finish_job(struct endpoint *endpoint, struct job *job);

#endif
