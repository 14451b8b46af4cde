/*
 * voc-aggregator as processes over a log in librdkafka's mock cluster: what the tests share that disturb it and then
 * compare with an undisturbed run. A group of its own for each process saves waiting for the mock's session time-outs,
 * and shows that the position in Redis alone says where to go on.
 */
#ifndef TESTS_SUPPORT_SCENARIO_H
#define TESTS_SUPPORT_SCENARIO_H

#include "core/aggregate/alert.h"
#include "io/kafka/kafka_producer.h"
#include "support/mock_kafka.h"

#include <sys/types.h>

#define SCENARIO_CUSTOMERS   40
#define SCENARIO_PATIENCE_MS 30000

struct scenario {
	struct mock_kafka mock;
	char folder[64]; /* of the processes' logs */
	char prefix[32]; /* of the topics: another one for each scenario */
	int partitions;
	int64_t start_ms; /* of the events' time */
	const char *redis_timeout, *position_check, *accept_log_start, *rules_path;
};

void scenario_open(struct scenario *scenario, int partitions);
void scenario_close(struct scenario *scenario);
/* New topics, default settings. */
void scenario_begin(struct scenario *scenario);
/* A topic's full name, in one of two static places. */
const char *scenario_topic(const struct scenario *scenario, const char *name);

struct process {
	pid_t pid;
	char log[128]; /* its standard error */
};
struct process scenario_start(const struct scenario *scenario, const char *redis_url, const char *batch_records);
/* Its exit status, or minus the signal that ended it; it is killed when the patience is over. */
int process_wait(struct process *process);
/* By SIGTERM, which must end it well; and by SIGKILL. Both forget the log. */
void process_stop(struct process *process);
void process_kill(struct process *process);
void process_forget(const struct process *process);
bool process_logged(const struct process *process, const char *text);

void scenario_send(const struct scenario *scenario, struct voc_producer *producer, int32_t partition, const char *key,
                   struct voc_str value, const char *source);
/*
 * A log of `count` records, some of them a sender's duplicates, a crash's copies, or broken; the same customer always
 * in the same partition. `from` continues an earlier log.
 */
void scenario_write_log(struct scenario *scenario, int from, int count);

/* Ends of all partitions of voc.classified, added up; the aggregators' own records are among it. */
int64_t scenario_log_end(struct scenario *scenario);

typedef void message_fn(void *context, const struct voc_message *message);
/* Every record that a topic of one partition has now. */
void scenario_read_topic(struct scenario *scenario, const char *name, message_fn *each, void *context);

#define ALERTS_MAX 4000
struct alerts {
	char ids[ALERTS_MAX][VOC_ALERT_ID_SIZE];
	size_t count, records; /* different ones; all */
};
/* All alerts there are. */
void scenario_alerts(struct scenario *scenario, struct alerts *ret_alerts);

/* Fields and members of a Redis, as sorted lines. */
#define DUMP_LINES_MAX 100000
struct dump {
	char *lines[DUMP_LINES_MAX];
	size_t count;
};
void dump_add(struct dump *dump, const char *key, struct voc_str name, struct voc_str value);
void dump_sort(struct dump *dump);
void dump_free(struct dump *dump);
/* Fails the test at the first difference. */
void dump_hold(const struct dump *disturbed, const struct dump *calm);

#endif
