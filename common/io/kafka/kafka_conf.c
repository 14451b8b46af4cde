#include "base/clock.h"
#include "base/hash.h"
#include "io/kafka/kafka_internal.h"

#include <librdkafka/rdkafka.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <syslog.h>
#include <unistd.h>

#define CLOSE_MS       2000 /* for all clients that do not end, together */
#define CLOSE_LEAST_MS 100
#define BROKER_UP      "\"state\":\"UP\"" /* STATISTICS.md: a broker's; a group's is in lower case */

int kafka_left_ms(int64_t deadline_ms)
{
	int64_t left_ms = deadline_ms - voc_clock_ms();
	return left_ms < 0 ? 0 : left_ms > INT32_MAX ? INT32_MAX : (int)left_ms;
}

enum voc_status kafka_fatal(struct kafka_client *client, struct voc_error *error)
{
	char text[160];
	if (!rd_kafka_fatal_error(client->rk, text, sizeof text))
		return VOC_OK;
	return voc_error_set(error, VOC_FATAL, VOC_REASON_KAFKA, -1, "%s", text);
}

static void on_error(rd_kafka_t *rk, int code, const char *text, void *opaque)
{
	struct kafka_client *client = opaque;
	(void)rk;
	if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN)
		client->reachable = false;
	kafka_complain(client, code, text);
}

/* librdkafka tells that all brokers are down, but not that one is back: that is only in its statistics. */
static int on_statistics(rd_kafka_t *rk, char *json, size_t len, void *opaque)
{
	struct kafka_client *client = opaque;
	(void)rk;
	client->reachable = memmem(json, len, BROKER_UP, sizeof BROKER_UP - 1) != NULL;
	return 0;
}

static void on_log(const rd_kafka_t *rk, int level, const char *facility, const char *text)
{
	/* CONFWARN: a consumer's property given to a producer, or the other way round. All clients share the
	 * properties.
	 */
	if (level > LOG_WARNING || strcmp(facility, "CONFWARN") == 0)
		return;
	kafka_complain(rd_kafka_opaque(rk), (int)(voc_hash64(voc_str_from(facility)) & INT32_MAX), text);
}

static bool is_fixed(const struct kafka_property *fixed, const char *name)
{
	for (; fixed->name; fixed++) {
		if (strcmp(fixed->name, name) == 0)
			return true;
	}
	return false;
}

/* With cooperative rebalancing partitions come and go one by one; the services' rebalancing is all or nothing. */
static bool is_cooperative(const struct voc_kafka_property *property)
{
	return strcmp(property->name, "partition.assignment.strategy") == 0 && strstr(property->value, "cooperative");
}

static enum voc_status set_property(rd_kafka_conf_t *conf, const char *name, const char *value, bool secret,
                                    struct voc_error *error)
{
	char text[160];
	if (rd_kafka_conf_set(conf, name, value, text, sizeof text) == RD_KAFKA_CONF_OK)
		return VOC_OK;
	if (secret) /* librdkafka's text quotes the value */
		voc_str_copy(text, sizeof text, VOC_STR("its value is refused"));
	return voc_error_set(error, VOC_FATAL, VOC_REASON_CONFIG, -1, "Kafka property %s: %s", name, text);
}

static enum voc_status set_user_property(rd_kafka_conf_t *conf, const struct kafka_property *fixed,
                                         const struct voc_kafka_property *property, struct voc_error *error)
{
	if (is_fixed(fixed, property->name))
		return voc_error_set(error, VOC_FATAL, VOC_REASON_CONFIG, -1,
		                     "Kafka property %s can't be set: what is guaranteed rests on it", property->name);
	if (is_cooperative(property))
		return voc_error_set(error, VOC_FATAL, VOC_REASON_CONFIG, -1,
		                     "Kafka property %s: take range or roundrobin, not a cooperative one",
		                     property->name);
	return set_property(conf, property->name, property->value, property->secret, error);
}

static void set_defaults(rd_kafka_conf_t *conf, const struct kafka_property *defaults)
{
	char ignored[8];
	for (; defaults->name; defaults++)
		/* one that this librdkafka doesn't know, or was built without, is a default that it can do without */
		(void)rd_kafka_conf_set(conf, defaults->name, defaults->value, ignored, sizeof ignored);
}

static enum voc_status set_all(rd_kafka_conf_t *conf, const struct voc_kafka_settings *settings,
                               const struct kafka_property *defaults, const struct kafka_property *fixed,
                               struct voc_error *error)
{
	const struct voc_conf *ours = settings->conf;
	/* or small requests wait for the acknowledgement of those before them, 40 ms at the worst (default from 2.10
	 * on) */
	static const struct kafka_property common[] = { { "socket.nagle.disable", "true" }, { NULL, NULL } };
	set_defaults(conf, common);
	set_defaults(conf, defaults);
	for (size_t i = 0; i < ours->kafka_property_count; i++) {
		if (set_user_property(conf, fixed, &ours->kafka_properties[i], error) != VOC_OK)
			return VOC_FATAL;
	}
	for (; fixed->name; fixed++) {
		if (set_property(conf, fixed->name, fixed->value, false, error) != VOC_OK)
			return VOC_FATAL;
	}
	if (set_property(conf, "client.id", settings->client_id, false, error) != VOC_OK)
		return VOC_FATAL;
	return set_property(conf, "bootstrap.servers", ours->kafka_bootstrap, false, error);
}

rd_kafka_conf_t *kafka_conf_new(const struct voc_kafka_settings *settings, const struct kafka_property *defaults,
                                const struct kafka_property *fixed, struct voc_error *error)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	if (set_all(conf, settings, defaults, fixed, error) != VOC_OK) {
		rd_kafka_conf_destroy(conf);
		return NULL;
	}
	rd_kafka_conf_set_error_cb(conf, on_error);
	rd_kafka_conf_set_log_cb(conf, on_log);
	rd_kafka_conf_set_stats_cb(conf, on_statistics);
	return conf;
}

static bool is_scram(const rd_kafka_conf_t *conf)
{
	char mechanism[64];
	size_t size = sizeof mechanism;
	return rd_kafka_conf_get(conf, "sasl.mechanism", mechanism, &size) == RD_KAFKA_CONF_OK &&
	       voc_str_starts_with(voc_str_from(mechanism), VOC_STR("SCRAM"));
}

enum voc_status kafka_client_open(struct kafka_client *client, enum kafka_kind kind, rd_kafka_conf_t *conf,
                                  const struct voc_kafka_settings *settings, struct voc_error *error)
{
	char text[160];
	client->on_complaint = settings->on_complaint;
	client->context = settings->context;
	client->scram = is_scram(conf);
	client->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (client->wake_fd < 0) {
		rd_kafka_conf_destroy(conf);
		return voc_error_set(error, VOC_FATAL, VOC_REASON_INTERNAL, -1, "no eventfd");
	}
	rd_kafka_conf_set_opaque(conf, client);
	client->rk =
	        rd_kafka_new(kind == KAFKA_CONSUMER ? RD_KAFKA_CONSUMER : RD_KAFKA_PRODUCER, conf, text, sizeof text);
	if (!client->rk) {
		rd_kafka_conf_destroy(conf);
		close(client->wake_fd);
		return voc_error_set(error, VOC_FATAL, VOC_REASON_CONFIG, -1, "Kafka client: %s", text);
	}
	return VOC_OK;
}

/* Says by end_fd that it is done. */
static void *destroy_consumer(void *context)
{
	struct kafka_client *client = context;
	rd_kafka_destroy_flags(client->rk, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
	(void)eventfd_write(client->end_fd, 1);
	return NULL;
}

static void *destroy_producer(void *context)
{
	struct kafka_client *client = context;
	rd_kafka_destroy(client->rk);
	(void)eventfd_write(client->end_fd, 1);
	return NULL;
}

static _Atomic int64_t waited_ms; /* for those that did not end */

bool voc_kafka_left_alone(void)
{
	return atomic_load(&waited_ms) > 0;
}

/* By a poll and not by pthread_clockjoin_np: sanitizers see a join that they know. */
static bool has_ended(const struct kafka_client *client, int64_t patience_ms)
{
	struct pollfd fd = { .fd = client->end_fd, .events = POLLIN };
	int64_t deadline_ms = voc_clock_ms() + patience_ms;
	int ready;
	do
		ready = poll(&fd, 1, kafka_left_ms(deadline_ms));
	while (ready < 0 || (ready == 0 && kafka_left_ms(deadline_ms) > 0));
	return ready > 0;
}

bool kafka_client_close(struct kafka_client *client, enum kafka_kind kind)
{
	pthread_t thread;
	client->on_complaint = NULL; /* its context may go before the last complaint */
	client->end_fd = eventfd(0, EFD_CLOEXEC);
	void *(*destroy)(void *) = kind == KAFKA_CONSUMER ? destroy_consumer : destroy_producer;
	if (client->end_fd < 0 || pthread_create(&thread, NULL, destroy, client) != 0) {
		destroy(client);
	} else {
		int64_t left_ms = CLOSE_MS - atomic_load(&waited_ms);
		int64_t patience_ms = left_ms > CLOSE_LEAST_MS ? left_ms : CLOSE_LEAST_MS;
		if (!has_ended(client, patience_ms)) {
			pthread_detach(thread);
			atomic_fetch_add(&waited_ms, patience_ms);
			return false;
		}
		pthread_join(thread, NULL);
	}
	if (client->end_fd >= 0)
		close(client->end_fd);
	close(client->wake_fd);
	return true;
}

void kafka_wake_enable(struct kafka_client *client, rd_kafka_queue_t *queue)
{
	static const uint64_t one = 1; /* what an eventfd takes; librdkafka copies it */
	rd_kafka_queue_io_event_enable(queue, client->wake_fd, &one, sizeof one);
}

bool kafka_wake_clear(struct kafka_client *client)
{
	uint64_t count;
	return read(client->wake_fd, &count, sizeof count) > 0; /* EAGAIN: it was clear */
}

rd_kafka_topic_partition_list_t *kafka_list_new(const struct voc_position *positions, size_t count)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)count);
	for (size_t i = 0; i < count; i++)
		rd_kafka_topic_partition_list_add(list, positions[i].topic, positions[i].partition)->offset =
		        positions[i].offset;
	return list;
}

/* librdkafka asks the leaders that it remembers, and learns nothing from their refusal: for up to
 * topic.metadata.refresh.interval.ms (5 minutes) each further try would ask the same wrong broker. */
static void learn_leaders(struct kafka_client *client, int timeout_ms)
{
	const struct rd_kafka_metadata *metadata;
	if (rd_kafka_metadata(client->rk, 0, NULL, &metadata, timeout_ms) == RD_KAFKA_RESP_ERR_NO_ERROR)
		rd_kafka_metadata_destroy(metadata);
}

/* ListOffsets for all partitions at once: `which` is the protocol's word for the log's begin or end. */
static enum voc_status list_offsets(struct kafka_client *client, rd_kafka_topic_partition_list_t *list, int64_t which,
                                    int timeout_ms, struct voc_error *error)
{
	for (int i = 0; i < list->cnt; i++)
		list->elems[i].offset = which;
	rd_kafka_resp_err_t err = rd_kafka_offsets_for_times(client->rk, list, timeout_ms);
	for (int i = 0; i < list->cnt && !err; i++)
		err = list->elems[i].err;
	if (!err)
		return VOC_OK;
	learn_leaders(client, timeout_ms / 2);
	return voc_error_set(error, VOC_RETRY, VOC_REASON_KAFKA, -1, "listing offsets: %s", rd_kafka_err2str(err));
}

enum voc_status kafka_ends(struct kafka_client *client, const struct voc_position *positions, size_t count,
                           int64_t *ret_ends, int timeout_ms, struct voc_error *error)
{
	rd_kafka_topic_partition_list_t *list = kafka_list_new(positions, count);
	enum voc_status status = list_offsets(client, list, RD_KAFKA_OFFSET_END, timeout_ms, error);
	for (size_t i = 0; i < count && status == VOC_OK; i++)
		ret_ends[i] = list->elems[i].offset;
	rd_kafka_topic_partition_list_destroy(list);
	return status;
}

enum voc_status kafka_watermarks(struct kafka_client *client, const struct voc_position *positions, size_t count,
                                 struct voc_watermarks *ret_watermarks, int timeout_ms, struct voc_error *error)
{
	rd_kafka_topic_partition_list_t *lows = kafka_list_new(positions, count);
	rd_kafka_topic_partition_list_t *highs = kafka_list_new(positions, count);
	int64_t deadline_ms = voc_clock_ms() + timeout_ms;
	enum voc_status status = list_offsets(client, lows, RD_KAFKA_OFFSET_BEGINNING, timeout_ms, error);
	if (status == VOC_OK)
		status = list_offsets(client, highs, RD_KAFKA_OFFSET_END, kafka_left_ms(deadline_ms), error);
	for (size_t i = 0; i < count && status == VOC_OK; i++)
		ret_watermarks[i] = (struct voc_watermarks){ lows->elems[i].offset, highs->elems[i].offset };
	rd_kafka_topic_partition_list_destroy(lows);
	rd_kafka_topic_partition_list_destroy(highs);
	return status;
}
