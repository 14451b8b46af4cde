/*
 * Where vocctl watch looks: Kafka's topics and groups, and Redis. Each look fills in the view.
 *
 * Neither may be there, or may go while watching: the view says so, and the next look tries again. One thread.
 */
#ifndef VOC_VOCCTL_WATCH_SOURCE_H
#define VOC_VOCCTL_WATCH_SOURCE_H

#include "conf/conf.h"
#include "watch_frame.h"

struct watch_source;

/* Connects nothing yet. NULL when memory runs out. `conf` is borrowed for the source's life. */
struct watch_source *watch_source_new(const struct voc_conf *conf);
/* NULL is fine. */
void watch_source_free(struct watch_source *source);
/*
 * Looks once; takes a second at most while all is well, and some when something is out of reach. `view` is the one of
 * the last look (or zero). With `whole` it reads until it has seen all that was there, for as long as ten seconds.
 */
void watch_source_look(struct watch_source *source, struct watch_view *view, bool whole);

#endif
