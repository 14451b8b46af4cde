/*
 * One partition made again: counted again from its log, compared with Redis, and where that differs, put in its place.
 * One thread.
 */
#ifndef VOC_VOCCTL_REBUILD_PARTITION_H
#define VOC_VOCCTL_REBUILD_PARTITION_H

#include "findings.h"
#include "survey.h"

struct rebuild_settings {
	size_t max_bytes;
	uint32_t run; /* names the shadows of this run */
	bool dry_run; /* nothing is written */
	bool force;   /* switched also where nothing differs */
};

enum rebuild_outcome {
	REBUILD_EMPTY,     /* nothing was ever applied of it */
	REBUILD_EQUAL,     /* left as it is */
	REBUILD_DIFFERENT, /* and left as it is: a dry run */
	REBUILD_SWITCHED,
};

struct rebuild_result {
	enum rebuild_outcome outcome;
	int64_t offset; /* that the new state stands at */
	int64_t customers;
	int64_t alerts;    /* muted */
	int64_t leftovers; /* keys of earlier runs, removed */
	int64_t switch_ms; /* what the decisive step took */
};

/* VOC_RETRY: a signal, a sick Kafka or Redis; nothing but a shadow was written, and that was removed if Redis answered.
 */
VOC_MUST_CHECK enum voc_status rebuild_partition(struct survey *survey, const struct rebuild_settings *settings,
                                                 int32_t partition, struct findings *findings,
                                                 struct rebuild_result *ret_result, struct voc_error *error);

#endif
