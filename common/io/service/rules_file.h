/*
 * A rules file, as the aggregator and vocctl read it: with the rule of its time zone, which comes from this host's zone
 * database where the file only names the zone. Any thread.
 */
#ifndef VOC_IO_RULES_FILE_H
#define VOC_IO_RULES_FILE_H

#include "base/err.h"
#include "base/str.h"

#define VOC_RULES_FILE_ROOM (128 * 1024) /* what a buffer for it must hold */

/*
 * Appends the text that voc_rules_parse is to read. `zoneinfo` is the folder of the zones' files (RFC 8536). VOC_FATAL
 * with VOC_REASON_CONFIG if the file can't be read, or its zone is not known.
 */
VOC_MUST_CHECK enum voc_status voc_rules_file_read(const char *path, const char *zoneinfo, struct voc_buf *ret_json,
                                                   struct voc_error *error);

#endif
