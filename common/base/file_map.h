/*
 * A file mapped into memory, read only.
 *
 * For files that are large and used in place: the model. The mapping lives until it is closed; the file should be
 * replaced by rename, never rewritten in place. Any thread may read.
 */
#ifndef VOC_BASE_FILE_MAP_H
#define VOC_BASE_FILE_MAP_H

#include "base/err.h"
#include "base/str.h"

struct voc_file_map {
	struct voc_str bytes; /* owned; page aligned */
};

/* VOC_FATAL with VOC_REASON_CONFIG if it is no regular, readable file of 1 to max_bytes bytes. */
VOC_MUST_CHECK enum voc_status voc_file_map_open(const char *path, size_t max_bytes, struct voc_file_map *ret_map,
                                                 struct voc_error *error);
/* A map that was never opened (all zero) is fine. */
void voc_file_map_close(struct voc_file_map *map);

#endif
