/*
 * The partitions of voc.classified as this member sees them: which are its own, what their state is, and where their
 * reading stands. Values and small transitions only; settle.c drives them.
 */
#ifndef VOC_AGGREGATOR_PLACE_H
#define VOC_AGGREGATOR_PLACE_H

#include "core/aggregate/partition_state.h"

struct voc_agg_place {
	bool owned;
	bool loaded;    /* `state` and the cached customers are what Redis held at state.stored.offset */
	bool check_due; /* Redis may stand elsewhere: its position must be read before anything else is done */
	bool seek_due;  /* Kafka must be told to read on from `next` */
	bool paused;
	/*
	 * No rules are in force yet: records are looked through for the first that names some, and then read again,
	 * from `load_next` on.
	 */
	bool scanning;
	int64_t load_next, load_end; /* when it was loaded: where reading began, and where the log ended */
	int64_t ruled_ms;    /* voc_clock_ms when this member last wrote its rules to this partition; 0: not yet */
	int64_t due_waiting; /* due records that were written and not yet read */
	int64_t due_ms;      /* voc_clock_ms when they were written */
	int64_t next;        /* offset of the record that comes next */
	int64_t hole;        /* a gap before this offset was read twice, so it is believed; -1: none */
	int64_t end;         /* where the log's end was met last; -1: it was not */
	int64_t active_ms;   /* voc_clock_ms when the position was last known to be right */
	struct voc_partition_state state;
};

/* What to do with a record that Kafka gave. */
enum voc_agg_verdict {
	VOC_AGG_TAKE,
	VOC_AGG_DROP, /* not ours, not yet in place, or from before a seek */
};

/* A partition came or went; its state is forgotten either way. */
void voc_agg_place_own(struct voc_agg_place *partition, bool owned);
/* Its state is worth nothing any more, and must be loaded again. */
void voc_agg_place_forget(struct voc_agg_place *partition);
/* Takes the state (moved) as Redis has it; reading goes on at `next`, and the log ends at `end` for now. */
void voc_agg_place_load(struct voc_agg_place *partition, struct voc_partition_state *state, int64_t next, int64_t end);
/* The first rules of the log are found (the hold is taken): reading begins again, now to apply. */
void voc_agg_place_found_rules(struct voc_agg_place *partition, const struct voc_rule_set *rules);
/* The log ends at `offset` for now, as Kafka gave it between two records. */
void voc_agg_place_note_end(struct voc_agg_place *partition, int64_t offset);
/* All that was in the log when the partition was loaded has been read: no rules among it are still to come. */
bool voc_agg_place_caught_up(const struct voc_agg_place *partition);
/* Whether Redis holds just what this partition was loaded from or last saved as. */
bool voc_agg_place_stands_at(const struct voc_agg_place *partition, const struct voc_partition_state *stored);
/*
 * Judges a record by its offset and moves `next` on. A gap (which compaction and transactions leave, but a client's
 * defect might too) is read once more before it is believed: the seek is then due.
 */
enum voc_agg_verdict voc_agg_place_judge(struct voc_agg_place *partition, int64_t offset);

#endif
