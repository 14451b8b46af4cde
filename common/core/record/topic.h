/*
 * The project's topics: the one table of their names. Which program reads and writes which is in ARCHITECTURE.md.
 * Pure, any thread.
 */
#ifndef VOC_CORE_TOPIC_H
#define VOC_CORE_TOPIC_H

#include "base/str.h"

/*
 * X(symbol, name without the prefix). What the classifier reads comes first: the raw topics, in the order of enum
 * voc_channel, and the facts', in the order of enum voc_fact_kind.
 */
#define VOC_TOPICS(X)                           \
	X(VOC_TOPIC_CALLS, "calls")             \
	X(VOC_TOPIC_WEB, "web")                 \
	X(VOC_TOPIC_COMPLAINTS, "complaints")   \
	X(VOC_TOPIC_PROFILES, "profiles")       \
	X(VOC_TOPIC_ORDERS, "orders")           \
	X(VOC_TOPIC_FOLLOWUPS, "followups")     \
	X(VOC_TOPIC_CLASSIFIED, "classified")   \
	X(VOC_TOPIC_ALERTS, "alerts")           \
	X(VOC_TOPIC_DEAD_LETTERS, "dlq")        \
	X(VOC_TOPIC_CORRECTIONS, "corrections") \
	X(VOC_TOPIC_FORGOTTEN, "forgotten")

#define X(symbol, name) symbol,
enum voc_topic { VOC_TOPICS(X) VOC_TOPIC_COUNT };
#undef X
#define VOC_RAW_TOPIC_COUNT   3
#define VOC_INPUT_TOPIC_COUNT 6 /* the classifier's: raw ones and facts */

#define VOC_TOPIC_NAME_SIZE 250 /* Kafka's own limit, 249, and a NUL */

/* The name without its prefix; NULL for a value that is none. Static strings. */
const char *voc_topic_suffix(enum voc_topic topic);
/* Writes the full name, ended by a NUL; false, and an empty one, if that is over Kafka's limit. */
bool voc_topic_name(char to[VOC_TOPIC_NAME_SIZE], const char *prefix, enum voc_topic topic);
/* Which topic has this full name; false if none of them. */
bool voc_topic_find(struct voc_str name, const char *prefix, enum voc_topic *ret_topic);

#endif
