/*
 * Base64 (RFC 4648, section 4: the alphabet with + and /, padded). Pure, any thread.
 */
#ifndef VOC_BASE_BASE64_H
#define VOC_BASE_BASE64_H

#include "base/str.h"

/* Appends the encoding; false if the buffer is full. */
bool voc_base64_encode(struct voc_buf *buf, struct voc_str bytes);
/*
 * Strict: padded, no white space, no stray bits. False, and the outputs untouched, if `text` is anything else or
 * decodes to more than `size` bytes.
 */
bool voc_base64_decode(struct voc_str text, unsigned char *to, size_t size, size_t *ret_len);

#endif
