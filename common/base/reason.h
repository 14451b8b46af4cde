/*
 * Reason codes: the one table of why a record was refused or a service could not go on.
 *
 * The names are public: headers of voc.dlq, metric labels and logs have them, and docs/REASONS.md is made from the
 * table.
 */
#ifndef VOC_BASE_REASON_H
#define VOC_BASE_REASON_H

#include "base/str.h"

/* X(symbol, name, what it means) */
#define VOC_REASONS(X)                                                                                                \
	X(VOC_REASON_NONE, "none", "no failure")                                                                      \
	X(VOC_REASON_BAD_JSON, "bad_json", "not a JSON text (RFC 8259)")                                              \
	X(VOC_REASON_DUPLICATE_KEY, "duplicate_key", "an object names the same member twice")                         \
	X(VOC_REASON_BAD_UTF8, "bad_utf8", "not well-formed UTF-8")                                                   \
	X(VOC_REASON_NUL_CHARACTER, "nul_character", "U+0000, raw or escaped")                                        \
	X(VOC_REASON_TOO_LARGE, "too_large", "the record or one of its fields is over its size limit")                \
	X(VOC_REASON_TOO_DEEP, "too_deep", "nested deeper than the limit")                                            \
	X(VOC_REASON_EMPTY_RECORD, "empty_record", "the record has no value (a tombstone) or an empty one")           \
	X(VOC_REASON_MISSING_FIELD, "missing_field", "a required field is absent")                                    \
	X(VOC_REASON_BAD_TYPE, "bad_type", "a field has the wrong JSON type")                                         \
	X(VOC_REASON_BAD_VALUE, "bad_value", "a field's value is outside what is allowed")                            \
	X(VOC_REASON_UNSUPPORTED_VERSION, "unsupported_version", "specversion is not 1.0")                            \
	X(VOC_REASON_UNKNOWN_TYPE, "unknown_type", "the event's type is none that this topic takes")                  \
	X(VOC_REASON_BAD_TIME, "bad_time", "time is not an RFC 3339 timestamp, or is absurdly early or late")         \
	X(VOC_REASON_EMPTY_TEXT, "empty_text", "nothing that the customer said is in it")                             \
	X(VOC_REASON_BAD_SOURCE_POSITION, "bad_source_position", "a classified record without its source position")   \
	X(VOC_REASON_WEBHOOK_REJECTED, "webhook_rejected", "the endpoint refused this alert for good (4xx)")          \
	X(VOC_REASON_WEBHOOK_EXHAUSTED, "webhook_exhausted",                                                          \
	  "the endpoint did not accept this alert within its tries")                                                  \
	X(VOC_REASON_CONFIG, "config", "the configuration is wrong")                                                  \
	X(VOC_REASON_KAFKA, "kafka", "Kafka failed or is out of reach")                                               \
	X(VOC_REASON_KAFKA_LOGIN, "kafka_login", "Kafka refuses the login (SASL)")                                    \
	X(VOC_REASON_KAFKA_TLS, "kafka_tls", "no TLS connection to Kafka: a certificate or the protocol is wrong")    \
	X(VOC_REASON_REDIS, "redis", "Redis failed or is out of reach")                                               \
	X(VOC_REASON_HTTP, "http", "an HTTP request or server failed")                                                \
	X(VOC_REASON_POSITION_LOST, "position_lost",                                                                  \
	  "the log no longer holds, or has yet to reach, the recorded position")                                      \
	X(VOC_REASON_PARTITIONS_CHANGED, "partitions_changed", "the topic's partition count is not the recorded one") \
	X(VOC_REASON_OUT_OF_MEMORY, "out_of_memory", "memory ran out")                                                \
	X(VOC_REASON_INTERNAL, "internal", "a defect of this program")

enum voc_reason {
#define X(symbol, name, text) symbol,
	VOC_REASONS(X)
#undef X
	        VOC_REASON_COUNT
};

/* Never NULL; "unknown" for a value that is none. Static strings. */
const char *voc_reason_name(enum voc_reason reason);
const char *voc_reason_text(enum voc_reason reason);
/* False, and the output untouched, if the name is none of the table's. */
bool voc_reason_parse(struct voc_str name, enum voc_reason *ret_reason);

#endif
