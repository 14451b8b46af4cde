/*
 * The table of options. Everything about configuration derives from it: see conf/conf.h.
 *
 * X(symbol, KIND, environment name, programs, type, default, least, most, help)
 * The flag is the environment name without VOC_, in lower case, with dashes: VOC_REDIS_URL is --redis-url.
 */
#ifndef VOC_CONF_OPTIONS_H
#define VOC_CONF_OPTIONS_H

/* Bits: which programs take the option. Another program's option in the environment is fine and ignored. */
#define VOC_PROGRAMS(X)                                \
	X(VOC_PROGRAM_CLASSIFIER, 1, "voc-classifier") \
	X(VOC_PROGRAM_AGGREGATOR, 2, "voc-aggregator") \
	X(VOC_PROGRAM_ALERTER, 4, "voc-alerter")       \
	X(VOC_PROGRAM_DEVBROKER, 8, "voc-devbroker")   \
	X(VOC_PROGRAM_VOCCTL, 16, "vocctl")

#define X(symbol, bit, name) symbol = (bit),
enum voc_program { VOC_PROGRAMS(X) };
#undef X
#define VOC_CONF_SERVICES (VOC_PROGRAM_CLASSIFIER | VOC_PROGRAM_AGGREGATOR | VOC_PROGRAM_ALERTER)
#define VOC_CONF_CLIENTS  (VOC_CONF_SERVICES | VOC_PROGRAM_VOCCTL)
/* Those that serve /healthz, /readyz and /metrics. */
#define VOC_CONF_PAGES (VOC_CONF_SERVICES | VOC_PROGRAM_DEVBROKER)
#define VOC_CONF_ALL   (VOC_CONF_CLIENTS | VOC_PROGRAM_DEVBROKER)

/*
 * Types: TEXT, NAME (part of a Kafka name: letters, digits, dots, dashes, underscores), URL (user information is masked
 * when printed), SECRET, PATH (read at start), OPTIONAL (a path, or empty for none), LEVEL (debug, info, warn, error),
 * POLICY (masked, absent), COUNT (integer), DURATION (500ms, 10s, 5m, 24h, 7d; held in ms), SIZE (64k, 16m; held in
 * bytes), SWITCH (yes or no; held as 1 or 0).
 */
enum voc_option_type {
	VOC_TYPE_TEXT,
	VOC_TYPE_NAME,
	VOC_TYPE_URL,
	VOC_TYPE_SECRET,
	VOC_TYPE_PATH,
	VOC_TYPE_OPTIONAL,
	VOC_TYPE_LEVEL,
	VOC_TYPE_POLICY,
	VOC_TYPE_COUNT,
	VOC_TYPE_DURATION,
	VOC_TYPE_SIZE,
	VOC_TYPE_SWITCH,
};

#ifndef VOC_SHARE_DIR
#define VOC_SHARE_DIR "/usr/local/share/voc"
#endif

/* clang-format off */
#define VOC_OPTIONS(X) \
	X(kafka_bootstrap, STRING, "VOC_KAFKA_BOOTSTRAP", VOC_CONF_CLIENTS, TEXT, "localhost:9092", 0, 0, \
	  "Kafka brokers, host:port, comma separated") \
	X(topic_prefix, STRING, "VOC_TOPIC_PREFIX", VOC_CONF_ALL, NAME, "voc.", 0, 0, \
	  "What every topic's name begins with") \
	X(group_prefix, STRING, "VOC_GROUP_PREFIX", VOC_CONF_CLIENTS, NAME, "voc-", 0, 0, \
	  "What every consumer group's name begins with") \
	X(redis_url, STRING, "VOC_REDIS_URL", VOC_PROGRAM_AGGREGATOR | VOC_PROGRAM_VOCCTL, URL, "redis://localhost:6379", 0, 0, \
	  "Redis: redis://[user:password@]host[:port][/db], unix:///path[?db=N], redis-sentinel://[user:password@]host:port,.../master[/db] or redis-cluster://[user:password@]host:port,...; rediss... for TLS") \
	X(redis_timeout_ms, INT, "VOC_REDIS_TIMEOUT", VOC_PROGRAM_AGGREGATOR | VOC_PROGRAM_VOCCTL, DURATION, "5s", 10, 600000, \
	  "How long one exchange with Redis may take") \
	X(model_path, STRING, "VOC_MODEL", VOC_PROGRAM_CLASSIFIER | VOC_PROGRAM_VOCCTL, PATH, VOC_SHARE_DIR "/model.bin", 0, 0, \
	  "The classifier's model; 'off': the phrase rules alone decide, which takes less time and is less often right") \
	X(phrases_path, STRING, "VOC_PHRASES", VOC_PROGRAM_CLASSIFIER | VOC_PROGRAM_VOCCTL, PATH, VOC_SHARE_DIR "/phrases.txt", 0, 0, \
	  "The classifier's phrase rules") \
	X(tenants_path, STRING, "VOC_TENANTS", VOC_PROGRAM_CLASSIFIER | VOC_PROGRAM_VOCCTL, OPTIONAL, "", 0, 0, \
	  "A folder of tenants' additions to the phrase rules, a file NAME.txt for each; none if empty") \
	X(gaps_path, STRING, "VOC_GAPS", VOC_PROGRAM_CLASSIFIER | VOC_PROGRAM_VOCCTL, OPTIONAL, VOC_SHARE_DIR "/gaps.json", 0, 0, \
	  "Cues, owners and first steps of the five quality gaps, phrases of the needs (JSON); none if empty") \
	X(reload_check_ms, INT, "VOC_RELOAD_CHECK", VOC_PROGRAM_CLASSIFIER, DURATION, "1s", 0, 3600000, \
	  "How often changed phrase rules are looked for; 0: at SIGHUP only (which reads the model again, too)") \
	X(shadow_model_path, STRING, "VOC_SHADOW_MODEL", VOC_PROGRAM_CLASSIFIER | VOC_PROGRAM_VOCCTL, OPTIONAL, "", 0, 0, \
	  "A model that labels beside the live one, to be compared only; the live one if empty") \
	X(shadow_phrases_path, STRING, "VOC_SHADOW_PHRASES", VOC_PROGRAM_CLASSIFIER | VOC_PROGRAM_VOCCTL, OPTIONAL, "", 0, 0, \
	  "Phrase rules that label beside the live ones, to be compared only; the live ones if empty") \
	X(shadow_share, INT, "VOC_SHADOW_SHARE", VOC_PROGRAM_CLASSIFIER, COUNT, "10", 1, 100, \
	  "Events that the shadow labels, too, in percent") \
	X(text_policy, STRING, "VOC_TEXT", VOC_PROGRAM_CLASSIFIER | VOC_PROGRAM_VOCCTL, POLICY, "masked", 0, 0, \
	  "What of the customers' words leaves the raw topics: masked (the evidence, personal data as stars) or absent (none of them)") \
	X(rules_path, STRING, "VOC_RULES", VOC_PROGRAM_AGGREGATOR | VOC_PROGRAM_VOCCTL, PATH, VOC_SHARE_DIR "/rules.json", 0, 0, \
	  "Risk weights, thresholds, half-life and cooldowns (JSON)") \
	X(zoneinfo_path, STRING, "VOC_ZONEINFO", VOC_PROGRAM_AGGREGATOR | VOC_PROGRAM_VOCCTL, PATH, "/usr/share/zoneinfo", 0, 0, \
	  "Folder of the IANA zones' files, for a zone that the rules name without its rule") \
	X(webhooks_path, STRING, "VOC_WEBHOOKS", VOC_PROGRAM_ALERTER | VOC_PROGRAM_VOCCTL, PATH, "/etc/voc/webhooks.json", 0, 0, \
	  "Webhook endpoints: URLs, formats, secrets, filters (JSON)") \
	X(http_addr, STRING, "VOC_HTTP_ADDR", VOC_CONF_PAGES, TEXT, "127.0.0.1:8080", 0, 0, \
	  "Where /healthz, /readyz and /metrics are served: host:port; port 0 takes any; 'off' serves none") \
	X(metrics_addr, STRING, "VOC_METRICS_ADDR", VOC_CONF_PAGES, TEXT, "same", 0, 0, \
	  "Where /metrics is served, apart from the health pages: host:port; 'same': with them") \
	X(log_level, STRING, "VOC_LOG_LEVEL", VOC_CONF_ALL, LEVEL, "info", 0, 0, \
	  "The least level that is logged: debug, info, warn, error") \
	X(partitions, INT, "VOC_PARTITIONS", VOC_PROGRAM_VOCCTL | VOC_PROGRAM_DEVBROKER, COUNT, "24", 1, 10000, \
	  "Partitions of each topic that is made; chosen once, for good") \
	X(replication, INT, "VOC_REPLICATION", VOC_PROGRAM_VOCCTL, COUNT, "1", 1, 15, \
	  "Replicas of each topic that is made") \
	X(batch_records, INT, "VOC_BATCH_RECORDS", VOC_PROGRAM_CLASSIFIER | VOC_PROGRAM_AGGREGATOR, COUNT, "2000", 1, 100000, \
	  "Most records that are worked on at a time") \
	X(batch_wait_ms, INT, "VOC_BATCH_WAIT", VOC_PROGRAM_AGGREGATOR, DURATION, "2ms", 0, 10000, \
	  "How long a started batch may wait for more records, where the one before it was no small one") \
	X(merge_wait_ms, INT, "VOC_MERGE_WAIT", VOC_PROGRAM_CLASSIFIER, DURATION, "20ms", 0, 10000, \
	  "How long the oldest record may wait for an older one of another topic") \
	X(in_flight_records, INT, "VOC_IN_FLIGHT", VOC_PROGRAM_CLASSIFIER, COUNT, "8000", 1, 1000000, \
	  "Most records that were produced and are not yet acknowledged") \
	X(prefetch_bytes, INT, "VOC_PREFETCH", VOC_CONF_SERVICES, SIZE, "4m", 65536, 1073741824, \
	  "Most bytes of records that librdkafka may hold ahead of us") \
	X(cache_customers, INT, "VOC_CACHE_CUSTOMERS", VOC_PROGRAM_AGGREGATOR, COUNT, "50000", 100, 100000000, \
	  "Most customers whose state is held in memory") \
	X(rollup_retention_ms, INT, "VOC_ROLLUP_RETENTION", VOC_PROGRAM_AGGREGATOR | VOC_PROGRAM_VOCCTL, DURATION, "48h", 60000, 31536000000, \
	  "How long the rollups of a minute are kept in Redis") \
	X(due_interval_ms, INT, "VOC_DUE_INTERVAL", VOC_PROGRAM_AGGREGATOR, DURATION, "1s", 0, 3600000, \
	  "How often it is looked for what has fallen due (deadlines of cases); 0: never") \
	X(position_check_ms, INT, "VOC_POSITION_CHECK", VOC_PROGRAM_AGGREGATOR, DURATION, "5s", 100, 3600000, \
	  "How often an idle partition's position is read again from Redis") \
	X(accept_log_start, INT, "VOC_ACCEPT_LOG_START", VOC_CONF_SERVICES | VOC_PROGRAM_VOCCTL, SWITCH, "no", 0, 1, \
	  "Start at the log's first record where the position is older than it (records are missing then)") \
	X(stall_ms, INT, "VOC_STALL", VOC_CONF_SERVICES, DURATION, "20s", 1000, 3600000, \
	  "No progress for this long with work waiting makes /readyz fail") \
	X(shutdown_ms, INT, "VOC_SHUTDOWN", VOC_CONF_SERVICES, DURATION, "4s", 100, 60000, \
	  "How long a stop may take before what is left is given up (it is done again at the next start)") \
	X(allow_private, INT, "VOC_ALLOW_PRIVATE", VOC_PROGRAM_ALERTER | VOC_PROGRAM_VOCCTL, SWITCH, "no", 0, 1, \
	  "Webhooks may go to loopback and private addresses") \
	X(webhook_ca_path, STRING, "VOC_WEBHOOK_CA", VOC_PROGRAM_ALERTER, OPTIONAL, "", 0, 0, \
	  "Certificates (PEM) that webhooks' TLS is checked by, instead of the system's; the system's if empty") \
	X(webhook_timeout_ms, INT, "VOC_WEBHOOK_TIMEOUT", VOC_PROGRAM_ALERTER, DURATION, "10s", 100, 300000, \
	  "How long one webhook request may take") \
	X(webhook_tries, INT, "VOC_WEBHOOK_TRIES", VOC_PROGRAM_ALERTER, COUNT, "12", 1, 1000, \
	  "Tries for one alert at an endpoint that answers others, before voc.dlq") \
	X(webhook_backoff_ms, INT, "VOC_WEBHOOK_BACKOFF", VOC_PROGRAM_ALERTER, DURATION, "500ms", 1, 3600000, \
	  "The first pause between two tries; it doubles, with jitter") \
	X(webhook_backoff_max_ms, INT, "VOC_WEBHOOK_BACKOFF_MAX", VOC_PROGRAM_ALERTER, DURATION, "5m", 1, 86400000, \
	  "The longest pause between two tries") \
	X(webhook_in_flight, INT, "VOC_WEBHOOK_IN_FLIGHT", VOC_PROGRAM_ALERTER, COUNT, "16", 1, 1000, \
	  "Most requests under way to one endpoint") \
	X(operator_id, STRING, "VOC_OPERATOR", VOC_PROGRAM_VOCCTL, NAME, "", 0, 0, \
	  "Who corrects labels: an operator's id, no person's name") \
	X(texts_path, STRING, "VOC_TEXTS", VOC_PROGRAM_VOCCTL, PATH, VOC_SHARE_DIR "/gen-texts.ndjson", 0, 0, \
	  "The utterances that vocctl gen draws from") \
	X(dev_brokers, INT, "VOC_DEV_BROKERS", VOC_PROGRAM_DEVBROKER, COUNT, "1", 1, 9, \
	  "Mock brokers in the cluster")

/* VOC_ variables that are not configuration: no program minds them. X(name, what it is) */
#define VOC_OTHER_VARIABLES(X) \
	X("VOC_DATA_DIR", "where the tests find real text") \
	X("VOC_BIN_DIR", "where the tests find the programs") \
	X("VOC_CACHE_DIR", "where the tests keep Kafka's jars")
/* clang-format on */

#endif
