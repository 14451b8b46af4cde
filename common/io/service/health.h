/*
 * Health: is the process alive, and is it ready for its work?
 *
 * The service's thread tells what it sees; the HTTP server's thread asks. Alive: its loop came round lately. Ready: no
 * condition of the table holds, the loop came round within VOC_STALL, and no watchdog (io/service/watchdog.h) knows of
 * a partition in which records have waited that long with nothing done. All calls are safe from any thread.
 */
#ifndef VOC_IO_HEALTH_H
#define VOC_IO_HEALTH_H

#include "io/service/watchdog.h"

/* What keeps a service from being ready. X(symbol, name, meaning); the first that holds is told. */
#define VOC_UNREADY(X)                                                                    \
	X(VOC_UNREADY_STOPPING, "stopping", "a signal asked for the end")                 \
	X(VOC_UNREADY_KAFKA, "kafka", "Kafka is out of reach")                            \
	X(VOC_UNREADY_REDIS, "redis", "Redis is out of reach")                            \
	X(VOC_UNREADY_STARTING, "starting", "not everything is loaded and connected yet") \
	X(VOC_UNREADY_UNASSIGNED, "unassigned", "the consumer group gave no answer yet")  \
	X(VOC_UNREADY_ENDPOINTS, "endpoints", "no endpoint takes alerts")                 \
	X(VOC_UNREADY_STALLED, "stalled", "records wait in the partitions that are named, and none gets done")

#define X(symbol, name, text) symbol,
enum voc_unready { VOC_UNREADY(X) VOC_UNREADY_COUNT };
#undef X

/* What /readyz tells besides: what the service works with. X(symbol, name) */
#define VOC_TOLD(X)                \
	X(VOC_TOLD_MODEL, "model") \
	X(VOC_TOLD_REFUSED, "refused")

#define X(symbol, name) symbol,
enum voc_told { VOC_TOLD(X) VOC_TOLD_COUNT };
#undef X
#define VOC_TOLD_SIZE 200 /* bytes of one, and a NUL; longer ones are cut */

struct voc_health;

/* Begins as starting. NULL when memory runs out. */
struct voc_health *voc_health_new(int64_t stall_ms);
/* NULL is fine. */
void voc_health_free(struct voc_health *health);

/* VOC_UNREADY_STALLED is found out, and may be set for a stall that no watchdog sees. */
void voc_health_set(struct voc_health *health, enum voc_unready condition, bool holds);
/* The loop came round; voc_runtime_wait calls it. */
void voc_health_beat(struct voc_health *health);
/* A new watchdog whose stalls count. It lives as long as `health`. NULL when memory runs out. */
struct voc_watchdog *voc_health_watchdog(struct voc_health *health, const char *name);

/* Tells this from now on; an empty text: nothing. Copied. */
void voc_health_tell(struct voc_health *health, enum voc_told what, const char *text);

bool voc_health_is_alive(struct voc_health *health);
/* True, or false and the first reason. */
bool voc_health_is_ready(struct voc_health *health, enum voc_unready *ret_reason);
/* Static strings. */
const char *voc_unready_name(enum voc_unready reason);
/* Partitions that are stalled now. */
size_t voc_health_stalled(struct voc_health *health);

/* Appends the JSON bodies of /healthz and /readyz; true means 200, false 503. */
bool voc_health_render_alive(struct voc_health *health, struct voc_buf *buf);
bool voc_health_render_ready(struct voc_health *health, struct voc_buf *buf);

#endif
