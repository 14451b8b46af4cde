/*
 * How far one partition of voc.classified has been applied: the hash `voc:{P}:position` as a value.
 *
 * It remembers what the store holds beside what is true now, so that a batch writes the difference only. Changed by
 * core/aggregate/aggregate.h alone. No locks: one thread at a time.
 */
#ifndef VOC_CORE_PARTITION_STATE_H
#define VOC_CORE_PARTITION_STATE_H

#include "core/classify/classified.h"
#include "core/customer/field.h"
#include "core/customer/value_counts.h"
#include "core/rules/rule_book.h"

/* Raw partitions that one partition of voc.classified may be fed from. */
#define VOC_MARKS_MAX 4096

struct voc_partition_counts {
	int64_t offset; /* the next record to apply */
	int64_t events, duplicates, copies, invalid, controls, facts;
	int64_t dues, dues_stale; /* due records that took effect, and that nothing waited for */
	int64_t moves_refused;    /* follow-ups that no case could take; counted among the others */
	int64_t rebuilt_at;       /* when a rebuild last put this state in place, ms; 0: never. Only read here */
	int64_t rules_from;       /* offset of the record that put the rules in force; -1: none has come yet */
};

/* The raw partition's high-water mark: 1 + the highest offset seen. */
struct voc_mark {
	char *topic; /* owned */
	int32_t partition;
	int64_t next, stored; /* stored: -1 when the store has none */
};

struct voc_partition_state {
	struct voc_partition_counts now, stored;
	const struct voc_rule_set *rules, *stored_rules; /* in force; held; NULL: none is known yet */
	struct voc_mark *marks;                          /* owned, sorted by topic and partition */
	size_t mark_count, mark_room;
	struct voc_value_counts *values; /* owned; NULL until a customer is worth something */
	bool values_changed;             /* since they were stored */
	bool is_stored;                  /* the store holds this partition's hash */
};

void voc_partition_state_init(struct voc_partition_state *state);
void voc_partition_state_free(struct voc_partition_state *state);

/*
 * Reads a stored hash; no fields: a partition that nothing was applied of (offset 0). The rules come from the book, or
 * into it. VOC_FATAL with VOC_REASON_REDIS and the field's name when one is unknown, missing or not what this code
 * writes.
 */
VOC_MUST_CHECK enum voc_status voc_partition_state_load(const struct voc_field *fields, size_t count,
                                                        struct voc_rule_book *book,
                                                        struct voc_partition_state *ret_state, struct voc_error *error);
/* These are in force from `offset` on (-1: from the first record on that is applied). Takes the caller's hold. */
void voc_partition_state_set_rules(struct voc_partition_state *state, const struct voc_rule_set *rules, int64_t offset);
/* A customer's value was `before` and is `now`. False when memory runs out. */
VOC_MUST_CHECK bool voc_partition_state_move_value(struct voc_partition_state *state, int64_t before, int64_t now);
/* Tells the fields that the store does not hold as they are now, always in the same order. False if `tell`
 * returned false, or memory ran out. */
bool voc_partition_state_diff(const struct voc_partition_state *state, voc_field_fn tell, void *context);
/* The store now holds what is true now. */
void voc_partition_state_saved(struct voc_partition_state *state);

/* 0 where nothing was seen of that raw partition. */
int64_t voc_partition_state_mark(const struct voc_partition_state *state, const struct voc_source_position *source);
/* VOC_FATAL when there are too many marks or memory ran out. */
VOC_MUST_CHECK enum voc_status voc_partition_state_set_mark(struct voc_partition_state *state,
                                                            const struct voc_source_position *source, int64_t next,
                                                            struct voc_error *error);

#endif
