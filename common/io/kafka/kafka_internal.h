/*
 * What the files of io/kafka share. Nobody else includes this.
 */
#ifndef VOC_IO_KAFKA_INTERNAL_H
#define VOC_IO_KAFKA_INTERNAL_H

#include "io/kafka/kafka_consumer.h"

#include <stdatomic.h>
#include <sys/types.h>

struct rd_kafka_conf_s;
struct rd_kafka_s;
struct rd_kafka_message_s;
struct rd_kafka_queue_s;
struct rd_kafka_op_s;
struct rd_kafka_AdminOptions_s;
struct rd_kafka_topic_partition_list_s;

#define KAFKA_QUIET_SLOTS 16

/* One librdkafka instance. The first member of whatever is librdkafka's opaque. */
struct kafka_client {
	struct rd_kafka_s *rk;
	int wake_fd;    /* an eventfd */
	int end_fd;     /* of the close: the instance is gone */
	bool reachable; /* a broker is connected; of the polling thread */
	bool scram;     /* it logs in by SCRAM */
	void (*on_complaint)(void *context, enum voc_reason reason, const char *text);
	void *context;
	_Atomic int64_t quiet_until_ms[KAFKA_QUIET_SLOTS]; /* by error code */
};

struct voc_admin {
	struct kafka_client client; /* first: librdkafka's opaque */
};

struct kafka_property {
	const char *name, *value;
};

enum kafka_kind { KAFKA_CONSUMER, KAFKA_PRODUCER };

/*
 * A configuration with, in this order: our `defaults`, the user's properties, and the `fixed` ones, which the user may
 * not set. NULL and the error if one is refused. Lists end in a NULL name.
 */
struct rd_kafka_conf_s *kafka_conf_new(const struct voc_kafka_settings *settings, const struct kafka_property *defaults,
                                       const struct kafka_property *fixed, struct voc_error *error);
/* Takes `conf`, makes the instance, with `client` as its opaque. */
enum voc_status kafka_client_open(struct kafka_client *client, enum kafka_kind kind, struct rd_kafka_conf_s *conf,
                                  const struct voc_kafka_settings *settings, struct voc_error *error);
/*
 * Ends the instance. librdkafka now and then waits for ever for one of its own threads, such as after a topic was
 * deleted: after a while, which all clients of the process share, it is left alone, and false returned. What its
 * callbacks use (`client`) must then stay, and does no harm: the process is ending.
 */
bool kafka_client_close(struct kafka_client *client, enum kafka_kind kind);
/* wake_fd becomes readable when `queue` is no longer empty. */
void kafka_wake_enable(struct kafka_client *client, struct rd_kafka_queue_s *queue);
/* False if it was clear. */
bool kafka_wake_clear(struct kafka_client *client);
/* Counts an error and tells the owner of it, if one of its kind wasn't told just now. `code` is librdkafka's. */
void kafka_complain(struct kafka_client *client, int code, const char *text);
/* VOC_FATAL with librdkafka's fatal error, if there is one. */
enum voc_status kafka_fatal(struct kafka_client *client, struct voc_error *error);

/* Takes `from`: it becomes the message's handle. */
void kafka_message_fill(struct voc_message *message, struct rd_kafka_message_s *from);

struct rd_kafka_topic_partition_list_s *kafka_list_new(const struct voc_position *positions, size_t count);
enum voc_status kafka_watermarks(struct kafka_client *client, const struct voc_position *positions, size_t count,
                                 struct voc_watermarks *ret_watermarks, int timeout_ms, struct voc_error *error);
/* Where a partition's reading stood, since when, and where its log ends as Kafka was asked; -1: it was not. */
struct kafka_pulse {
	int64_t position, since_ms, end;
};

/* When librdkafka is to be made to go on reading: see kafka_nudge.c. */
struct kafka_nudge {
	bool has_read;   /* a record came since the last one */
	int64_t next_ms; /* the next is not before */
	size_t last;     /* whom the last was for */
	/* A consumer's: what it has read since the last one that was for all, and what is too much for a queue. */
	size_t read_bytes, queue_bytes;
};

struct voc_consumer {
	struct kafka_client client; /* first: librdkafka's opaque */
	struct voc_consumer_settings settings;
	struct rd_kafka_queue_s *queue;
	/* What is assigned; parallel arrays of `count`. */
	size_t count;
	struct voc_position *positions;
	struct rd_kafka_queue_s **queues; /* NULL unless split */
	bool *paused;
	struct kafka_pulse *pulses; /* see kafka_pulse.c */
	int64_t ends_due_ms;
	/* An assignment that the owner could not take yet, and when to ask it again. */
	struct rd_kafka_topic_partition_list_s *pending;
	int64_t ask_again_ms;
	int64_t short_since_ms; /* since when a log of this assignment is said to end before its position; 0: none is */
	struct kafka_nudge nudge;
	bool stirred; /* a queue has stopped being empty since the owner last asked */
	bool joined;
	bool closed;
	int64_t close_by_ms;      /* once closed */
	struct voc_error failure; /* what a callback met: the next poll returns it */
};

/* The index of an assigned partition, or -1. */
ssize_t kafka_partition_find(const struct voc_consumer *consumer, const char *topic, int32_t partition);
/* The group has given these partitions; NULL: it takes all away. */
void kafka_assignment_change(struct voc_consumer *consumer, const struct rd_kafka_topic_partition_list_s *assigned);
/* There was nothing to read: makes sure that librdkafka fetches, if there is more or may be. */
void kafka_nudge(struct voc_consumer *consumer);
/* The parts of it, for others that read. Whether one is needed now, which is then taken as done; when one will be (-1:
 * none is, until the next record); and partitions'. */
bool kafka_nudge_take(struct kafka_nudge *nudge);
int64_t kafka_nudge_again_ms(const struct kafka_nudge *nudge);
void kafka_nudge_leaders(struct kafka_client *client, const struct voc_position *positions, size_t count);
/* Asks the owner again, if it could not take its partitions. */
void kafka_assignment_serve(struct voc_consumer *consumer);
/* The group did not take the partitions back in time: the owner gives them up all the same, for nothing may be held
 * when the consumer is freed. */
void kafka_assignment_abandon(struct voc_consumer *consumer);
void kafka_assignment_drop(struct voc_consumer *consumer);
/* Where reading has come to; where it began if nothing tells yet. */
int64_t kafka_position(const struct voc_consumer *consumer, size_t index);
/* `count` partitions' logs' ends, asked for at once. */
enum voc_status kafka_ends(struct kafka_client *client, const struct voc_position *positions, size_t count,
                           int64_t *ret_ends, int timeout_ms, struct voc_error *error);

/* An admin request: made ready, sent by the caller with `options` to `queue`, its answer waited for, ended. */
struct kafka_call {
	struct rd_kafka_queue_s *queue;
	struct rd_kafka_AdminOptions_s *options;
	int timeout_ms;
};
/* `operation` is an rd_kafka_admin_op_t. */
void kafka_call_begin(struct kafka_call *call, struct rd_kafka_s *rk, int operation, int timeout_ms);
/* Ends the call too. The caller destroys the answer; NULL: none came in time. */
struct rd_kafka_op_s *kafka_call_end(struct kafka_call *call);
/* What asking came to: VOC_OK, or VOC_RETRY with what librdkafka says (`err` is an rd_kafka_resp_err_t). */
enum voc_status kafka_outcome(int err, const char *what, struct voc_error *error);

/* Milliseconds from now to `deadline_ms`, 0 if it has passed. */
int kafka_left_ms(int64_t deadline_ms);

#endif
