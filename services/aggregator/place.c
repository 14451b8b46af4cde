#include "place.h"

void voc_agg_place_own(struct voc_agg_place *partition, bool owned)
{
	voc_partition_state_free(&partition->state);
	*partition = (struct voc_agg_place){ .owned = owned, .check_due = owned, .hole = -1, .end = -1 };
}

void voc_agg_place_forget(struct voc_agg_place *partition)
{
	voc_partition_state_free(&partition->state);
	partition->loaded = false;
	partition->check_due = true;
}

void voc_agg_place_load(struct voc_agg_place *partition, struct voc_partition_state *state, int64_t next, int64_t end)
{
	voc_partition_state_free(&partition->state);
	partition->state = *state;
	voc_partition_state_init(state);
	partition->loaded = true;
	partition->check_due = false;
	partition->seek_due = true;
	partition->next = next;
	partition->hole = -1;
	partition->end = -1;
	partition->scanning = !partition->state.rules;
	partition->load_next = next;
	partition->load_end = end;
}

void voc_agg_place_found_rules(struct voc_agg_place *partition, const struct voc_rule_set *rules)
{
	voc_partition_state_set_rules(&partition->state, rules, -1);
	partition->scanning = false;
	partition->next = partition->load_next;
	partition->seek_due = true;
	partition->hole = -1;
	partition->end = -1;
}

void voc_agg_place_note_end(struct voc_agg_place *partition, int64_t offset)
{
	if (!partition->seek_due) /* else it was met before the seek: what is read again comes first */
		partition->end = offset;
}

bool voc_agg_place_caught_up(const struct voc_agg_place *partition)
{
	/* The last offsets may be no records. */
	return !partition->seek_due &&
	       (partition->next >= partition->load_end || partition->end >= partition->load_end);
}

bool voc_agg_place_stands_at(const struct voc_agg_place *partition, const struct voc_partition_state *stored)
{
	return partition->loaded && partition->state.stored.offset == stored->stored.offset &&
	       partition->state.stored.rebuilt_at == stored->stored.rebuilt_at &&
	       partition->state.stored_rules == stored->stored_rules;
}

enum voc_agg_verdict voc_agg_place_judge(struct voc_agg_place *partition, int64_t offset)
{
	if (!partition->owned)
		return VOC_AGG_DROP;
	if (partition->check_due)
		partition->seek_due = true; /* this one is gone for now */
	if (partition->seek_due || partition->paused || offset < partition->next)
		return VOC_AGG_DROP;
	if (offset > partition->next && offset != partition->hole) {
		partition->hole = offset;
		partition->seek_due = true;
		return VOC_AGG_DROP;
	}
	partition->next = offset + 1;
	return VOC_AGG_TAKE;
}
