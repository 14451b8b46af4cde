/*
 * The time zone of a rules file: an operator names it ("zone": "Europe/Berlin"), and its rule ("tz") is put beside it
 * when the file is read, so that it goes into the log with the rules and a replay needs no zone database. Pure: where
 * the rule comes from is the caller's.
 */
#ifndef VOC_CORE_RULES_ZONE_H
#define VOC_CORE_RULES_ZONE_H

#include "base/err.h"
#include "base/str.h"

/* The POSIX rule of a zone, whose name is a good one, to `rule`. VOC_FATAL with VOC_REASON_CONFIG if there is none. */
typedef enum voc_status (*voc_zone_find_fn)(void *context, const char *name, struct voc_buf *rule,
                                            struct voc_error *error);

/*
 * Appends the file's text to `filled`, with `cases.calendar.tz` if that has a zone and no such member. A text that is
 * no such file is left as it is, for voc_rules_parse to say what is wrong. VOC_FATAL if the zone is not found.
 */
VOC_MUST_CHECK enum voc_status voc_rules_fill_zone(struct voc_str json, voc_zone_find_fn find, void *context,
                                                   struct voc_buf *filled, struct voc_error *error);

#endif
