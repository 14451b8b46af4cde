/*
 * Goes through the dead letters that a filter lets pass, from the first that Kafka holds to the last of now.
 */
#ifndef VOC_VOCCTL_DLQ_SCAN_H
#define VOC_VOCCTL_DLQ_SCAN_H

#include "core/record/dead_letter.h"
#include "io/kafka/kafka_reader.h"

struct dlq_filter {
	const char *reason;       /* NULL: any */
	const char *origin_topic; /* full name; NULL: any */
	int64_t since_ms;         /* of the time of refusal, inclusive */
	int64_t until_ms;         /* exclusive */
	int32_t partition;        /* of the dead letter itself; -1: any */
	int64_t offset;           /* -1: any */
	int64_t limit;            /* most letters that pass; 0: no limit */
};

/* One letter; borrowed for the call. `known` is false if the record isn't a dead letter: `letter` is empty then. */
struct dlq_item {
	const struct voc_message *message;
	const struct voc_header *headers;
	size_t header_count;
	bool known;
	struct voc_dead_letter letter;
};

/* Anything but VOC_OK stops the scan, which returns it. */
typedef enum voc_status dlq_item_fn(void *context, const struct dlq_item *item, struct voc_error *error);

VOC_MUST_CHECK enum voc_status dlq_scan(const struct voc_conf *conf, const struct dlq_filter *filter, dlq_item_fn *each,
                                        void *context, struct voc_error *error);

#endif
