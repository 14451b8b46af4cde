/*
 * Where a raw event or a fact goes, by its own words: topic by type, key by customer. Pure.
 */
#ifndef VOC_VOCCTL_SEND_ROUTE_H
#define VOC_VOCCTL_SEND_ROUTE_H

#include "base/arena.h"
#include "base/err.h"
#include "core/record/topic.h"

struct send_route {
	enum voc_topic topic; /* one of the classifier's */
	struct voc_str key;   /* ptr is NULL: no customer was found */
	/* The value of `time` as it stands in the line; ptr is NULL if there is none, or it holds escapes. */
	struct voc_str time;
	int64_t time_ms;
};

/*
 * VOC_OK, or VOC_INVALID: no JSON, of no known type, or without a customer. Then too `ret_route` holds what was found
 * (and the web topic if no type was). Everything is borrowed from the line or the arena.
 */
enum voc_status send_route_find(struct voc_str line, struct voc_arena *arena, struct send_route *ret_route,
                                struct voc_error *error);

#endif
