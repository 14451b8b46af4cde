/*
 * Needs: what a contact asks of us beneath its trouble, its question or its thanks: time, access, to be treated as the
 * one they are, information.
 *
 * The phrases that tell are data, the member `needs` of the gaps file (core/classify/gaps.h), in Korean and English. A
 * need is told with the phrases that were found, which are the file's and not the customer's. Pure; a finding borrows
 * from the gaps.
 */
#ifndef VOC_CORE_NEEDS_H
#define VOC_CORE_NEEDS_H

#include "base/json_write.h"

#define VOC_NEED_PHRASES_MAX 3 /* that a finding names, of one need */

/* X(symbol, name, in Korean) */
#define VOC_NEEDS(X)                                             \
	X(VOC_NEED_TIME, "time", "시간")                         \
	X(VOC_NEED_ACCESS, "access", "접근")                     \
	X(VOC_NEED_PERSONALISATION, "personalisation", "개별화") \
	X(VOC_NEED_INFORMATION, "information", "정보")

#define X(symbol, ...) symbol,
enum voc_need { VOC_NEEDS(X) VOC_NEED_COUNT };
#undef X

/* NULL for a value outside of the enum. Static. */
const char *voc_need_name(enum voc_need need);

struct voc_gaps;
struct voc_json_reader;
struct voc_stream;

struct voc_need_finding {
	const char *phrases[VOC_NEED_COUNT][VOC_NEED_PHRASES_MAX]; /* in the order in which the text has them */
	uint8_t phrase_counts[VOC_NEED_COUNT];                     /* 0: no such need */
	const char *version;                                       /* of the gaps file; NULL: no need at all */
};

/* None where the file has no needs. `text` across lines. */
void voc_needs_find(const struct voc_gaps *gaps, const struct voc_stream *text, struct voc_need_finding *ret_finding);
/* The member `needs` of an object; nothing where there is none. */
void voc_needs_write(struct voc_json_writer *json, const struct voc_need_finding *finding);
/*
 * Reads it, and gives the object as it stands, for it goes on into alerts; *ret_needs gets bits 1 << VOC_NEED_x. Fails
 * the reader for any that voc_needs_write would not write, and for one of more than VOC_NEEDS_MEMBER_MAX_BYTES, which
 * is more than it ever writes.
 */
#define VOC_NEEDS_MEMBER_MAX_BYTES 8192
void voc_needs_read_member(struct voc_json_reader *json, struct voc_str *ret_json, uint32_t *ret_needs);

#endif
