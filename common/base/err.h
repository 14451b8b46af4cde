/*
 * Failures say what to do next.
 *
 * A function that can fail returns a voc_status and fills the caller's voc_error: the first failure wins, outputs
 * stay untouched. Library code never logs and never exits; the service logs the error once. The text must never
 * hold customer text, names or numbers: field names, positions, counts and foreign libraries' messages only.
 */
#ifndef VOC_BASE_ERR_H
#define VOC_BASE_ERR_H

#include "base/reason.h"

#include <stdint.h>

#define VOC_MUST_CHECK __attribute__((warn_unused_result))

enum voc_status {
	VOC_OK = 0,
	VOC_INVALID, /* the data is bad: dead-letter it and go on */
	VOC_RETRY,   /* a dependency is sick: back off and try the same again */
	VOC_FATAL,   /* this process can't go on: stop with a message */
};

struct voc_error {
	enum voc_status status;
	enum voc_reason reason;
	int64_t position; /* byte offset in the input, -1 if that means nothing here */
	char text[200];   /* well-formed UTF-8, cut if it was longer */
};

/* Fills `error` (may be NULL) unless it already holds a failure, and returns `status`. */
enum voc_status voc_error_set(struct voc_error *error, enum voc_status status, enum voc_reason reason, int64_t position,
                              const char *format, ...) __attribute__((format(printf, 5, 6)));
#ifdef __clang_analyzer__
/* Lets clang's analyzer see that the status that is passed in is the one that is returned. */
#define voc_error_set(error, status, ...) (voc_error_set((error), (status), __VA_ARGS__), (status))
#endif
void voc_error_clear(struct voc_error *error);

#endif
