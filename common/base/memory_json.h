/*
 * Memory for jansson that can't run out half-way. jansson 2.14 does not stand a failed allocation: its lexer drops the
 * byte and goes on, so that a number comes out shorter than it was written, or writes past its buffer. So whoever
 * parses a text sets aside, first, all that it can need. One text of a thread at a time; jansson's hooks are
 * process-wide, and without a begin they are malloc and free.
 */
#ifndef VOC_BASE_MEMORY_JSON_H
#define VOC_BASE_MEMORY_JSON_H

#include <stdbool.h>
#include <stddef.h>

/* For a text of so many bytes, and what is made of it. False when memory runs out: don't parse. */
bool voc_json_memory_begin(size_t text_bytes);
/* After the last json_decref. */
void voc_json_memory_end(void);

#endif
