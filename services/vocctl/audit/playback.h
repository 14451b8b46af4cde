/*
 * One partition of voc.classified, read from its first record on and given to a recount. One thread; voc_signals must
 * be installed.
 */
#ifndef VOC_VOCCTL_PLAYBACK_H
#define VOC_VOCCTL_PLAYBACK_H

#include "io/kafka/kafka_reader.h"
#include "recount.h"

struct playback;

/* Is told, every few thousand records, how many more were applied. */
typedef void playback_progress_fn(void *context, int64_t records);

struct playback_settings {
	const struct voc_kafka_settings *kafka; /* borrowed while opening, as `topic` is */
	const char *topic;
	int32_t partition;
	int64_t from, end; /* the log's, as of now */
	playback_progress_fn *progress;
	void *context; /* borrowed */
};

VOC_MUST_CHECK enum voc_status playback_open(const struct playback_settings *settings, struct playback **ret_playback,
                                             struct voc_error *error);
/* NULL is fine. */
void playback_free(struct playback *playback);
/*
 * Applies the records before `offset` that were not yet; a record right before it must be in the log. VOC_RETRY: a
 * signal came (voc_signals_received tells), or Kafka gives nothing. VOC_INVALID: the log has no rules that its first
 * records could be under (docs/SEMANTICS.md). VOC_FATAL: as recount_apply. After a failure both are of no use.
 */
VOC_MUST_CHECK enum voc_status playback_advance(struct playback *playback, struct recount *recount, int64_t offset,
                                                struct voc_error *error);

#endif
