/*
 * The CloudEvents attributes around the data of the records that our own programs make: the same for all of them, in
 * the same order. (What the classifier passes on keeps its sender's: core/classify/classified.h, core/record/fact.h.)
 *
 * One table of these records, a writer and a reader, so that they agree by construction. Pure, any thread.
 */
#ifndef VOC_CORE_ENVELOPE_H
#define VOC_CORE_ENVELOPE_H

#include "base/json_write.h"
#include "core/record/read_value.h"

/* X(symbol, source, type, has a subject: the customer's id, has a time) */
#define VOC_ENVELOPES(X)                                                    \
	X(VOC_ENVELOPE_ALERT, "/voc/aggregator", "voc.alert", true, true)   \
	X(VOC_ENVELOPE_DUE, "/voc/aggregator", "voc.due", true, true)       \
	X(VOC_ENVELOPE_RULES, "/voc/aggregator", "voc.rules", false, false) \
	X(VOC_ENVELOPE_FORGET, "/voc/vocctl", "voc.forget", false, true)    \
	X(VOC_ENVELOPE_CORRECTION, "/voc/vocctl", "voc.correction", false, true)

#define X(symbol, ...) symbol,
enum voc_envelope_kind { VOC_ENVELOPES(X) VOC_ENVELOPE_COUNT };
#undef X

/* What differs from record to record. Those that the kind has not are left alone. */
struct voc_envelope {
	struct voc_str id, subject;
	int64_t time_ms;
};

/* "voc.alert". Static. */
const char *voc_envelope_type(enum voc_envelope_kind kind);

/* Opens the record's object and writes all of it up to the key of the data. What is left to do is the data's value, and
 * the object's end. */
void voc_envelope_begin(struct voc_json_writer *json, enum voc_envelope_kind kind, const struct voc_envelope *envelope);

/* How a record of one kind is read. */
struct voc_envelope_shape {
	enum voc_envelope_kind kind;
	bool any_source;        /* not only the table's */
	enum voc_others others; /* attributes that are given no meaning */
	/* NULL: any that could be an event's. Fails the reader for any other. */
	bool (*read_id)(struct voc_json_reader *json, struct voc_str *ret_id);
	const struct voc_members *data;
	voc_read_member_fn read_data; /* a member of data */
	size_t max_bytes;             /* of the record */
	unsigned max_depth;
};

/*
 * Reads a record, its data into `ret_data`; texts are borrowed from `value` or the arena. VOC_INVALID with the reason
 * (empty_record, too_large, or what the reader found); VOC_FATAL if the arena was full. The outputs then hold what was
 * read so far.
 */
VOC_MUST_CHECK enum voc_status voc_envelope_read(struct voc_str value, const struct voc_envelope_shape *shape,
                                                 struct voc_arena *arena, struct voc_envelope *ret_envelope,
                                                 void *ret_data, struct voc_error *error);

#endif
