/*
 * Metrics: one table of counters, gauges and histograms; the Prometheus page and docs/METRICS.md derive from it.
 *
 * Values are atomics: any thread may add, any thread may render. Labels come from closed tables only (reasons, rules,
 * outcomes, endpoint names from the configuration), never from customers' data.
 */
#ifndef VOC_IO_METRICS_H
#define VOC_IO_METRICS_H

#include "base/reason.h"
#include "base/str.h"
#include "core/record/labels.h"
#include "core/rules/alert_rule.h"

/* X(symbol, name without "voc_", kind, help). COUNTER, GAUGE, HISTOGRAM (seconds). One value each. */
#define VOC_METRICS(X)                                                                                                 \
	X(VOC_METRIC_READY, "ready", GAUGE, "1 while /readyz says ready")                                              \
	X(VOC_METRIC_RECORDS_IN, "records_in_total", COUNTER, "Records read from Kafka")                               \
	X(VOC_METRIC_BYTES_IN, "bytes_in_total", COUNTER, "Bytes of the values of records read from Kafka")            \
	X(VOC_METRIC_RECORDS_OUT, "records_out_total", COUNTER, "Records that Kafka acknowledged, dead letters apart") \
	X(VOC_METRIC_EVENTS_APPLIED, "events_applied_total", COUNTER, "Events counted into a customer's state")        \
	X(VOC_METRIC_DUPLICATES, "duplicates_total", COUNTER,                                                          \
	  "Events dropped since their sender had sent them before")                                                    \
	X(VOC_METRIC_COPIES, "copies_total", COUNTER, "Classified records dropped since a crash had made them again")  \
	X(VOC_METRIC_CONTROLS, "controls_total", COUNTER, "Records of voc.classified that are rules, not events")      \
	X(VOC_METRIC_FACTS, "facts_total", COUNTER, "Profiles, orders and follow-ups applied")                         \
	X(VOC_METRIC_DUE_WRITTEN, "due_written_total", COUNTER, "Due records written to voc.classified")               \
	X(VOC_METRIC_DUE_APPLIED, "due_applied_total", COUNTER, "Due records that changed a customer's state")         \
	X(VOC_METRIC_MOVES_REFUSED, "moves_refused_total", COUNTER,                                                    \
	  "Follow-ups that no case could take: of an unknown case, or not from its state")                             \
	X(VOC_METRIC_BATCHES, "batches_total", COUNTER, "Batches brought to their end")                                \
	X(VOC_METRIC_CONFLICTS, "position_conflicts_total", COUNTER, "Batches given up since Redis stood elsewhere")   \
	X(VOC_METRIC_CUSTOMERS_CACHED, "customers_cached", GAUGE, "Customers whose state is held in memory")           \
	X(VOC_METRIC_CACHE_MISSES, "customer_cache_misses_total", COUNTER, "Customers loaded from Redis")              \
	X(VOC_METRIC_LAG, "lag_records", GAUGE,                                                                        \
	  "Records between this member's positions and the ends of its partitions")                                    \
	X(VOC_METRIC_LAG_SECONDS, "lag_seconds", GAUGE,                                                                \
	  "While records wait: how long ago the one that was done last had come in; else 0")                           \
	X(VOC_METRIC_PARTITIONS, "partitions_assigned", GAUGE, "Partitions that this member owns")                     \
	X(VOC_METRIC_STALLED, "partitions_stalled", GAUGE, "Partitions in which records wait and none gets done")      \
	X(VOC_METRIC_REBALANCES, "rebalances_total", COUNTER, "Rebalances of the consumer group")                      \
	X(VOC_METRIC_KAFKA_ERRORS, "kafka_errors_total", COUNTER, "Errors that librdkafka reported")                   \
	X(VOC_METRIC_KAFKA_SECONDS, "kafka_seconds", HISTOGRAM, "From sending a record to Kafka's acknowledgement")    \
	X(VOC_METRIC_REDIS_ERRORS, "redis_errors_total", COUNTER, "Failed exchanges with Redis")                       \
	X(VOC_METRIC_REDIS_REDIRECTS, "redis_redirects_total", COUNTER, "Commands that Redis Cluster sent elsewhere")  \
	X(VOC_METRIC_REDIS_SECONDS, "redis_seconds", HISTOGRAM, "One exchange with Redis")                             \
	X(VOC_METRIC_CLASSIFY_SECONDS, "classify_seconds", HISTOGRAM, "Decoding and classifying one event (sampled)")  \
	X(VOC_METRIC_RELOAD_SECONDS, "reload_seconds", HISTOGRAM,                                                      \
	  "Reading the model and the rules again, beside the stream")                                                  \
	X(VOC_METRIC_RULES_REFUSED, "rules_refused", GAUGE,                                                            \
	  "1 while the files on disk are refused and former ones in force")                                            \
	X(VOC_METRIC_FINGERPRINT, "classifier_fingerprint", GAUGE,                                                     \
	  "A number for the model and rules in force: instances that have it in common label alike")                   \
	X(VOC_METRIC_SHADOW_EVENTS, "shadow_events_total", COUNTER, "Events that the shadow labelled, too")            \
	X(VOC_METRIC_SHADOW_ALERTING, "shadow_alerting_changes_total", COUNTER,                                        \
	  "Of these, where a complaint or an intent to leave came or went")                                            \
	X(VOC_METRIC_LATENCY_SECONDS, "latency_seconds", HISTOGRAM,                                                    \
	  "From the raw record's timestamp to the end of this stage")                                                  \
	X(VOC_METRIC_WEBHOOK_SECONDS, "webhook_seconds", HISTOGRAM, "One webhook request")                             \
	X(VOC_METRIC_ALERTS_FORGOTTEN, "alerts_forgotten_total", COUNTER,                                              \
	  "Alerts given up unsent since their customer was forgotten")                                                 \
	X(VOC_METRIC_WEBHOOKS_IN_FLIGHT, "webhooks_in_flight", GAUGE, "Webhook requests under way")                    \
	X(VOC_METRIC_ENDPOINTS_OPEN, "webhook_breakers_open", GAUGE, "Endpoints whose circuit breaker is open")        \
	X(VOC_METRIC_ENDPOINTS_DISABLED, "webhook_endpoints_disabled", GAUGE, "Endpoints that answered 410 Gone")

/* X(symbol, name, label name, help, table of label values). Counters with one label each. */
#define VOC_LABELLED_METRICS(X)                                                                                        \
	X(VOC_LABELLED_DEAD_LETTERS, "dead_letters_total", "reason", "Records sent to the dead-letter topic", REASONS) \
	X(VOC_LABELLED_ERRORS, "errors_total", "reason", "Errors of this service", REASONS)                            \
	X(VOC_LABELLED_RELOADS, "reloads_total", "outcome", "Readings of changed model and rule files", RELOADS)       \
	X(VOC_LABELLED_SHADOW_CHANGES, "shadow_changes_total", "head", "Events whose label the shadow changes", HEADS) \
	X(VOC_LABELLED_ALERTS, "alerts_total", "rule", "Alerts raised", RULES)                                         \
	X(VOC_LABELLED_WEBHOOKS, "webhook_attempts_total", "outcome", "Webhook requests by outcome", OUTCOMES)

#define VOC_WEBHOOK_OUTCOMES(X)               \
	X(VOC_OUTCOME_DELIVERED, "delivered") \
	X(VOC_OUTCOME_RETRIED, "retried")     \
	X(VOC_OUTCOME_REJECTED, "rejected")   \
	X(VOC_OUTCOME_EXHAUSTED, "exhausted") \
	X(VOC_OUTCOME_GONE, "gone")

/* One refused leaves the former files in force. */
#define VOC_RELOAD_OUTCOMES(X)       \
	X(VOC_RELOAD_TAKEN, "taken") \
	X(VOC_RELOAD_REFUSED, "refused")

#define X(symbol, ...) symbol,
enum voc_metric { VOC_METRICS(X) VOC_METRIC_COUNT };
enum voc_labelled_metric { VOC_LABELLED_METRICS(X) VOC_LABELLED_COUNT };
enum voc_webhook_outcome { VOC_WEBHOOK_OUTCOMES(X) VOC_OUTCOME_COUNT };
enum voc_reload_outcome { VOC_RELOAD_OUTCOMES(X) VOC_RELOAD_COUNT };
#undef X

void voc_metric_add(enum voc_metric metric, int64_t by);
void voc_metric_set(enum voc_metric metric, int64_t value);
int64_t voc_metric_get(enum voc_metric metric);
/* A histogram's observation, in microseconds. */
void voc_metric_observe_us(enum voc_metric metric, int64_t us);
/*
 * A record that came in at `came_ms` is done at `now_ms`, both by the wall clock: observes the latency, which
 * voc_lag_seconds goes by as well.
 */
void voc_metric_done(int64_t came_ms, int64_t now_ms);
/* What voc_lag_seconds is at `now_ms`, with VOC_METRIC_LAG as it was set last. */
int64_t voc_metric_lag_seconds(int64_t now_ms);
/* `value` indexes the label's table (enum voc_reason, voc_rule, voc_webhook_outcome, ...). */
void voc_metric_add_labelled(enum voc_labelled_metric metric, int value, int64_t by);
int64_t voc_metric_get_labelled(enum voc_labelled_metric metric, int value);

/* Appends the Prometheus text page (format 0.0.4). */
void voc_metrics_render(struct voc_buf *buf, const char *service);
/* Appends docs/METRICS.md. */
void voc_metrics_markdown(struct voc_buf *buf);

#endif
