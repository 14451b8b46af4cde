#include "vocctl/commands.h"

#include "core/record/topic.h"
#include "io/kafka/kafka_admin.h"
#include "vocctl/shared/sender.h"

#include <stdio.h>

#define TIMEOUT_MS  30000
#define CONFIGS_MAX 3 /* of each topic */

enum { FLAG_DRY_RUN, FLAG_COUNT };

static const struct vocctl_flag flags[FLAG_COUNT] = {
	[FLAG_DRY_RUN] = { "dry-run", VOCCTL_SWITCH, NULL, 0, 0, 0, "Tell what would be made, make nothing" },
};

#define DAYS_14 "1209600000" /* ms */
#define DAYS_30 "2592000000" /* time to find out, mend and redrive */
#define DAYS_60 \
	"5184000000" /* longer than an alert can be on its way: 14 in its topic, 30 as a dead letter, 14 again */

/*
 * How long each topic keeps its records. What was classified stays: a rebuild of the aggregates reads it all. Elsewhere
 * the time counts from the arrival, not from a sender's timestamp: an old event would else be deleted before it is
 * read.
 */
static const struct voc_topic_config configs[VOC_TOPIC_COUNT][CONFIGS_MAX] = {
	[VOC_TOPIC_CALLS] = { { "retention.ms", DAYS_14 }, { "message.timestamp.type", "LogAppendTime" } },
	[VOC_TOPIC_WEB] = { { "retention.ms", DAYS_14 }, { "message.timestamp.type", "LogAppendTime" } },
	[VOC_TOPIC_COMPLAINTS] = { { "retention.ms", DAYS_14 }, { "message.timestamp.type", "LogAppendTime" } },
	/* by customer: the newest profile stays for good */
	[VOC_TOPIC_PROFILES] = { { "cleanup.policy", "compact" }, { "message.timestamp.type", "LogAppendTime" } },
	[VOC_TOPIC_ORDERS] = { { "retention.ms", DAYS_14 }, { "message.timestamp.type", "LogAppendTime" } },
	[VOC_TOPIC_FOLLOWUPS] = { { "retention.ms", DAYS_14 }, { "message.timestamp.type", "LogAppendTime" } },
	[VOC_TOPIC_CLASSIFIED] = { { "retention.ms", "-1" }, { "message.timestamp.type", "CreateTime" } },
	[VOC_TOPIC_ALERTS] = { { "retention.ms", DAYS_14 }, { "message.timestamp.type", "LogAppendTime" } },
	[VOC_TOPIC_DEAD_LETTERS] = { { "retention.ms", DAYS_30 },
	                             { "message.timestamp.type", "LogAppendTime" },
	                             /* the largest record that the others take, and headers */
	                             { "max.message.bytes", "4194304" } },
	/* by event: the newest correction of each stays for good, and a tombstone takes it away */
	[VOC_TOPIC_CORRECTIONS] = { { "cleanup.policy", "compact" }, { "message.timestamp.type", "CreateTime" } },
	[VOC_TOPIC_FORGOTTEN] = { { "retention.ms", DAYS_60 }, { "message.timestamp.type", "LogAppendTime" } },
};

static enum voc_status refuse_count(const char *topic, int32_t is, int64_t wanted, struct voc_error *error)
{
	return voc_error_set(error, VOC_FATAL, VOC_REASON_PARTITIONS_CHANGED, -1,
	                     "%.100s has %d partitions, not %lld; a keyed topic's count stays as it was made", topic,
	                     (int)is, (long long)wanted);
}

static enum voc_status create(struct voc_admin *admin, const struct voc_conf *conf, enum voc_topic topic, bool dry_run,
                              struct voc_error *error)
{
	char name[VOC_TOPIC_NAME_SIZE];
	int32_t existing;
	if (!voc_topic_name(name, conf->topic_prefix, topic))
		return voc_error_set(error, VOC_FATAL, VOC_REASON_CONFIG, -1, "the topic prefix is too long");
	enum voc_status status = voc_admin_partition_count(admin, name, TIMEOUT_MS, &existing, error);
	if (status != VOC_OK)
		return status;
	if (existing > 0 && existing != conf->partitions)
		return refuse_count(name, existing, conf->partitions, error);
	if (existing == 0 && !dry_run) {
		const struct voc_topic_plan plan = {
			.topic = name,
			.partitions = (int32_t)conf->partitions,
			.replication = (int32_t)conf->replication,
			.configs = configs[topic],
			.config_count = configs[topic][CONFIGS_MAX - 1].name ? CONFIGS_MAX : CONFIGS_MAX - 1,
		};
		status = voc_admin_create_topic(admin, &plan, TIMEOUT_MS, NULL, error);
	}
	if (status == VOC_OK)
		printf("%s\t%lld\t%s\n", name, (long long)conf->partitions,
		       existing > 0 ? "exists"
		       : dry_run    ? "missing"
		                    : "created");
	return status;
}

/* Every topic is looked at, so that one run tells all that is wrong. */
static bool create_all(struct voc_admin *admin, const struct voc_conf *conf, bool dry_run)
{
	bool fine = true;
	for (int i = 0; i < VOC_TOPIC_COUNT; i++) {
		struct voc_error error = { 0 };
		if (create(admin, conf, (enum voc_topic)i, dry_run, &error) == VOC_OK)
			continue;
		fprintf(stderr, "vocctl topics: %s\n", error.text);
		fine = false;
		if (error.reason != VOC_REASON_PARTITIONS_CHANGED)
			break;
	}
	return fine;
}

static int run(const struct voc_conf *conf, const struct vocctl_arguments *arguments)
{
	if (strcmp(arguments->operands[0], "create") != 0) {
		fprintf(stderr, "vocctl topics: the only thing it can do is 'create'\n");
		return VOCCTL_USAGE;
	}
	const struct voc_kafka_settings settings = vocctl_kafka_settings(conf);
	struct voc_admin *admin = NULL;
	struct voc_error error = { 0 };
	if (voc_admin_open(&settings, &admin, &error) != VOC_OK) {
		fprintf(stderr, "vocctl topics: %s\n", error.text);
		return VOCCTL_USAGE;
	}
	bool fine = create_all(admin, conf, arguments->flags[FLAG_DRY_RUN].given);
	voc_admin_free(admin);
	return fine ? VOCCTL_OK : VOCCTL_FAILED;
}

const struct vocctl_command vocctl_command_topics = {
	.name = "topics",
	.synopsis = "create",
	.operands_least = 1,
	.operands_most = 1,
	.summary = "Create the topics that are missing",
	.description =
	        "With --partitions and --replication. Those that exist are left as they are; one with another number\n"
	        "of partitions is an error. classified is kept for ever, since a rebuild reads it, of profiles the "
	        "newest\n"
	        "of each customer, of corrections that of each event; the dead letters for 30 days, forgotten for 60, "
	        "the rest for 14.\n",
	.flags = flags,
	.flag_count = FLAG_COUNT,
	.run = run,
};
