/*
 * The way to voc.dlq that all endpoints share: one producer.
 *
 * Endpoints' threads post; the main thread alone serves the acknowledgements, and each goes back to its job's owner by
 * the callback, on the main thread.
 */
#ifndef VOC_ALERTER_DEAD_LETTERS_H
#define VOC_ALERTER_DEAD_LETTERS_H

#include "alerter/job.h"

struct dead_letters;

struct dead_letters_settings {
	struct voc_kafka_settings kafka;
	/* The letter is safe in Kafka. Main thread. */
	void (*on_posted)(struct job *job);
};

VOC_MUST_CHECK enum voc_status dead_letters_open(const struct dead_letters_settings *settings,
                                                 struct dead_letters **ret_letters, struct voc_error *error);
/* Gives up what is under way. NULL is fine. */
void dead_letters_free(struct dead_letters *letters);
/* Sends job->error's letter; the job must live until on_posted or dead_letters_free. `scratch` is reset. VOC_RETRY:
 * not now. Any thread. */
VOC_MUST_CHECK enum voc_status dead_letters_post(struct dead_letters *letters, struct job *job, const char *endpoint,
                                                 struct voc_arena *scratch, struct voc_error *error);
/* Serves what has come; doesn't wait. VOC_FATAL once the producer has failed. Main thread, as is the fd. */
VOC_MUST_CHECK enum voc_status dead_letters_serve(struct dead_letters *letters, struct voc_error *error);
/* False while Kafka owes acknowledgements; see voc_producer_answered. */
bool dead_letters_answered(const struct dead_letters *letters);
int dead_letters_fd(const struct dead_letters *letters);

#endif
