/*
 * What the system knows of this process, for the metrics page. Any thread.
 */
#ifndef VOC_IO_PROCESS_STATS_H
#define VOC_IO_PROCESS_STATS_H

#include <stdint.h>

struct voc_process_stats {
	int64_t cpu_us; /* user and system time */
	int64_t resident_bytes;
	int64_t open_fds;
	int64_t started_ms; /* since 1970 */
};

/* What can't be read stays 0. */
void voc_process_stats_read(struct voc_process_stats *ret_stats);

#endif
