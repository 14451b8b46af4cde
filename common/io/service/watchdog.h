/*
 * A watchdog over the partitions that one consumer owns: it names those in which records wait and none gets done.
 *
 * Kafka doesn't notice them: polling any queue counts as a sign of life, so a member may sit on a partition for ever.
 * The owner's thread tells about once a second how far each partition is, off the path of the records. Any thread may
 * ask for the stalled ones; it counts by itself, so that an owner who no longer comes round is noticed as well.
 */
#ifndef VOC_IO_WATCHDOG_H
#define VOC_IO_WATCHDOG_H

#include "core/record/topic.h"

#include <stdint.h>

struct voc_watchdog;

/* How the owner sees one of its partitions. */
struct voc_watch {
	const char *topic; /* full name; borrowed for the call */
	int32_t partition;
	int64_t done; /* any number that changes whenever something gets done */
	/* Records wait, and it is this process's turn: false while a dependency that is out of reach, or that asked
	 * for a pause, is waited for. That is told as what it is. */
	bool waiting;
};

struct voc_stall {
	const char *watchdog; /* its name; static for the watchdog's life */
	char topic[VOC_TOPIC_NAME_SIZE];
	int32_t partition;
	int64_t for_ms;
};

/* `name` is copied: what tells this consumer from the process's others; "" for the only one. NULL when memory runs
 * out. */
struct voc_watchdog *voc_watchdog_new(const char *name, int64_t stall_ms);
/* NULL is fine. */
void voc_watchdog_free(struct voc_watchdog *dog);
/* All partitions that the owner has now (none: count 0). A new one's clock begins. False when memory runs out: then it
 * watches none. `now_ms` is voc_clock_ms, as below. */
bool voc_watchdog_look(struct voc_watchdog *dog, const struct voc_watch *watches, size_t count, int64_t now_ms);
/* How many are stalled; the first `max` of them, in the order of the last look, are filled in. */
size_t voc_watchdog_stalled(struct voc_watchdog *dog, int64_t now_ms, struct voc_stall *stalls, size_t max);

#endif
