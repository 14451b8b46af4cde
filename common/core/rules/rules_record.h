/*
 * A rules record of voc.classified (schemas/rules.schema.json): the rules that are in force from there on in its
 * partition. Written by the aggregator that owns the partition, read by every one that ever applies it.
 *
 * It has no time and no author: two that write the same rules write the same bytes. Pure.
 */
#ifndef VOC_CORE_RULES_RECORD_H
#define VOC_CORE_RULES_RECORD_H

#include "base/arena.h"
#include "core/rules/rule_book.h"

#define VOC_RULES_RECORD_MAX_BYTES (VOC_RULES_MAX_BYTES + 1024)

struct voc_rules_record {
	struct voc_rules rules;
	struct voc_str json; /* canonical; in the arena */
};

/* Appends the CloudEvent (structured JSON). False if the buffer is full. */
bool voc_rules_record_encode(struct voc_buf *buf, const struct voc_rule_set *set);
/* VOC_OK or VOC_INVALID; VOC_FATAL if memory or the arena ran out, which says nothing of the record. */
VOC_MUST_CHECK enum voc_status voc_rules_record_decode(struct voc_str value, struct voc_arena *arena,
                                                       struct voc_rules_record *ret_record, struct voc_error *error);

#endif
