/*
 * Small files that people edit while a program runs: to read them whole, to list them, to notice that they changed.
 * They are not mapped: if somebody shortened a mapped file, the next look at it would end the process. No state, any
 * thread.
 */
#ifndef VOC_BASE_FILES_H
#define VOC_BASE_FILES_H

#include "base/err.h"
#include "base/str.h"

/* VOC_FATAL with VOC_REASON_CONFIG if it is no regular, readable file of at most the buffer's `max` bytes. */
VOC_MUST_CHECK enum voc_status voc_file_read(const char *path, struct voc_buf *ret_bytes, struct voc_error *error);

#define VOC_FILE_NAME_SIZE 256

struct voc_file_names {
	char (*at)[VOC_FILE_NAME_SIZE]; /* owned: voc_file_names_free; in the order of their bytes */
	size_t count;
};

/*
 * The names in a folder that end in `suffix` and don't begin with a dot. VOC_FATAL with VOC_REASON_CONFIG if it can't
 * be read, or more than `most` are there.
 */
VOC_MUST_CHECK enum voc_status voc_file_names_list(const char *folder, const char *suffix, size_t most,
                                                   struct voc_file_names *ret_names, struct voc_error *error);
/* Names that were never listed (all zero) are fine. */
void voc_file_names_free(struct voc_file_names *names);

/* A number that changes when the file (or the folder's list of names) is replaced or written to; 0 if there is none. */
uint64_t voc_file_stamp(const char *path);

#endif
