/*
 * A raw voice-of-customer event: the bytes of a Kafka record, decoded and checked.
 *
 * Pure: takes bytes, gives values. All strings of a voc_event are borrowed: from the record's bytes where they hold
 * no escapes, else from the arena. They live as long as both do. The accepted language is that of
 * schemas/raw-event.schema.json plus what no schema can say (UTF-8, duplicate keys, sizes, depth, the clock);
 * tests/contract holds this decoder against an independent validator.
 *
 * Members that this version doesn't know are ignored. A null is the same as no member (CloudEvents' JSON format says
 * so of attributes; data follows suit). A text is blank if it has nothing but Unicode White_Space.
 */
#ifndef VOC_CORE_EVENT_H
#define VOC_CORE_EVENT_H

#include "base/arena.h"
#include "base/err.h"
#include "core/mask/mask.h"
#include "core/record/labels.h"

#define VOC_EVENT_MAX_BYTES     (256 * 1024) /* of a whole record's value */
#define VOC_EVENT_MAX_DEPTH     16           /* of nested objects and arrays; the event itself is level 1 */
#define VOC_TEXT_MAX_CHARS      20000        /* code points of text, or of all customer turns together */
#define VOC_TURNS_MAX           2000         /* turns of a transcript */
#define VOC_ID_MAX_CHARS        256          /* id, source */
#define VOC_CUSTOMER_MAX_CHARS  128
#define VOC_NAME_MAX_CHARS      64 /* lang, channel, product, team, agent_id */
#define VOC_EXTENSIONS_MAX      32 /* CloudEvents extension attributes that are carried on; more are ignored */
#define VOC_EXTENSION_MAX_BYTES VOC_MASK_JSON_MAX_BYTES   /* of one's value as JSON; a longer one is ignored */
#define VOC_EVENT_ARENA_BYTES   ((size_t)4 * 1024 * 1024) /* room that always is enough for one record */

/* 2000-01-01: nothing older is believed; nor anything a day past the record's own timestamp; nor past 2100-01-01. */
#define VOC_EARLIEST_MS         INT64_C(946684800000)
#define VOC_FUTURE_TOLERANCE_MS INT64_C(86400000)
#define VOC_LATEST_MS           INT64_C(4102444800000)

/* A CloudEvents binary-mode attribute or any other Kafka header. */
struct voc_header {
	struct voc_str name;
	struct voc_str value;
};

/* What the decoder is given of a record. */
struct voc_record {
	struct voc_str value;
	const struct voc_header *headers;
	size_t header_count;
	int64_t timestamp_ms; /* the record's own; stands in for a missing `time` */
};

struct voc_extension {
	struct voc_str name;
	struct voc_str json; /* the value as JSON text, verbatim (binary mode: quoted) */
};

struct voc_event {
	struct voc_str id;
	struct voc_str source;
	enum voc_channel channel; /* from type */
	struct voc_str customer_id;
	int64_t time_ms;
	/* What the customer said; a transcript's customer turns, blank ones left out, joined by '\n'. */
	struct voc_str text;
	uint32_t turns;                         /* those turns; 0 for a plain text */
	struct voc_str lang;                    /* as given, empty if absent */
	int rating;                             /* 1..5, 0 if absent */
	int64_t promised_ms;                    /* until when something was promised; 0 if absent */
	int expected;                           /* the rating that was expected: 1..5, 0 if absent */
	struct voc_str contact;                 /* data.channel: "phone", "chat", ...; empty if absent */
	struct voc_str product, team, agent_id; /* empty if absent */
	struct voc_extension extensions[VOC_EXTENSIONS_MAX];
	size_t extension_count;
};

/* A text extension attribute's value; empty if there is none, or it is no plain text. Borrowed. */
struct voc_str voc_event_attribute(const struct voc_event *event, const char *name);

/*
 * Decodes a record in structured mode (the whole event is the value), in binary mode (`ce_specversion` among the
 * headers, the value is data), with or without a Confluent 5-byte prefix (0x00 and a schema id). A header
 * `content-type: application/cloudevents...` means structured mode, whatever else is there.
 * VOC_OK; VOC_INVALID with the reason and, in JSON, the byte position in the value; or VOC_RETRY with out_of_memory if
 * the arena had no room left: nothing is wrong with the record, decode it again after a reset. *ret_event means nothing
 * unless VOC_OK.
 */
VOC_MUST_CHECK enum voc_status voc_event_decode(const struct voc_record *record, struct voc_arena *arena,
                                                struct voc_event *ret_event, struct voc_error *error);

#endif
