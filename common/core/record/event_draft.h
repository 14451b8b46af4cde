/*
 * An event between its bytes and its meaning: the fields as they were found, not yet checked. Private to core/event*.c
 * and core/fact*.c, whose records are events with other data.
 *
 * Reading never stops at the first thing that is wrong with the event, so that a text that isn't JSON at all is told as
 * that, whatever stands before the place where it breaks. The first flaw is kept.
 */
#ifndef VOC_CORE_EVENT_DRAFT_H
#define VOC_CORE_EVENT_DRAFT_H

#include "base/json_read.h"
#include "core/record/event.h"

/* A customer's turn of a transcript, in the arena. */
struct voc_event_turn {
	struct voc_event_turn *next;
	struct voc_str text;
};

struct voc_event_draft;

/* A member that means something. */
struct voc_event_field {
	struct voc_str name;
	size_t slot; /* where its text goes: see the reader */
	void (*read)(struct voc_event_draft *draft, struct voc_json_reader *json, const struct voc_event_field *field);
};

/* A field that is absent (or null, which CloudEvents' JSON format says is the same) has a NULL ptr. */
struct voc_event_draft {
	struct voc_arena *arena;
	struct voc_error flaw;
	struct voc_str json; /* what positions count from */

	struct voc_str specversion, id, source, type, subject, time, content_type, data_schema;
	struct voc_str data, transcript;  /* only whether and where they are: no length */
	struct voc_str customer_id, text; /* of data, as all below */
	struct voc_str lang, contact, product, team, agent_id;
	struct voc_str rating, expected; /* a number's text */
	struct voc_str promised_at;
	struct voc_str role, turn_text; /* of the turn that is being read */

	const struct voc_event_field *data_fields; /* of data, ended by a NULL name; NULL: an event's */
	struct voc_str *values;                    /* what those put by number; borrowed */

	struct voc_event_turn *first_turn, **last_turn;
	size_t turns;                     /* the customer's, those without a word left out */
	size_t turn_bytes;                /* of all of them */
	size_t elements;                  /* of the transcript, whoever spoke */
	struct voc_extension *extensions; /* VOC_EXTENSIONS_MAX places, borrowed */
	size_t extension_count;
	char *spare; /* VOC_EXTENSION_MAX_BYTES of the arena that the last header did not use, or NULL */
};

/* Notes what is wrong, unless something was before; `at` is the value in the draft's json, or NULL. Always false. */
bool voc_event_flaw(struct voc_event_draft *draft, enum voc_reason reason, const char *at, const char *name,
                    const char *what);

/* Reads a record's value and headers into the draft. False with `error` filled; flaws are noted in the draft. */
bool voc_event_draft_read(struct voc_event_draft *draft, const struct voc_record *record, struct voc_error *error);

/* What became of the record, once that or the check has failed: VOC_INVALID or VOC_RETRY, as `error` says then. */
enum voc_status voc_event_draft_failure(const struct voc_event_draft *draft, const struct voc_record *record,
                                        struct voc_error *error);

/* Readers for data_fields: a string's or a number's text to values[slot]. */
void voc_event_read_value_text(struct voc_event_draft *draft, struct voc_json_reader *json,
                               const struct voc_event_field *field);
void voc_event_read_value_number(struct voc_event_draft *draft, struct voc_json_reader *json,
                                 const struct voc_event_field *field);

/* The whole event (structured mode), or its data (binary mode). Flaws are noted, JSON's own errors are the reader's. */
void voc_event_read_envelope(struct voc_event_draft *draft, struct voc_json_reader *json);
void voc_event_read_data(struct voc_event_draft *draft, struct voc_json_reader *json);
/* Binary mode: the attributes among the headers. */
void voc_event_read_headers(struct voc_event_draft *draft, const struct voc_header *headers, size_t count);

/* The meaning: false if the draft has a flaw. All of *ret_event but the extensions, which the draft filled. */
bool voc_event_check(struct voc_event_draft *draft, int64_t record_timestamp_ms, struct voc_event *ret_event);
/* Parts of it, for other data: the attributes, of which type must be this one; the time; names. */
bool voc_event_check_attributes(struct voc_event_draft *draft, const char *type);
bool voc_event_check_time(struct voc_event_draft *draft, int64_t record_timestamp_ms, int64_t *ret_ms);
bool voc_event_check_customer(struct voc_event_draft *draft);
bool voc_event_check_identity(struct voc_event_draft *draft, struct voc_str value, size_t max_chars, const char *name);
bool voc_event_check_length(struct voc_event_draft *draft, struct voc_str value, size_t max_chars, const char *name);

#endif
