/*
 * The satisfaction index of some days, added up over all partitions: what reports are made of. One thread.
 */
#ifndef VOC_VOCCTL_INDEX_TALLY_H
#define VOC_VOCCTL_INDEX_TALLY_H

#include "core/customer/index.h"
#include "core/rules/rules.h"
#include "vocctl/shared/store.h"

struct index_tally;

/* A team, a dimension, a day: how it did. */
struct index_entry {
	struct voc_str name; /* borrowed from the tally; empty: all beyond those that a day knows by name */
	int64_t n, sum;
	struct voc_index index;
	struct voc_index_rank rank;
	int importance; /* thousandths: of a SERVQUAL dimension as the rules say, of all else its share of the contacts
	                 */
	int driver;     /* tenths of a point */
};

/* Owns its list. */
struct index_list {
	struct index_entry *entries;
	size_t count;
};

/* `max_bytes` bounds what is held. */
VOC_MUST_CHECK enum voc_status index_tally_read(struct vocctl_store *store, int64_t first_day, int64_t days,
                                                size_t max_bytes, struct index_tally **ret_tally,
                                                struct voc_error *error);
/* NULL is fine. */
void index_tally_free(struct index_tally *tally);

/* A field of all days together; 0 if there is none. */
int64_t index_tally_field(const struct index_tally *tally, const char *name);
/*
 * The entries of a dimension ("factor", "servqual", "channel", "product", "team", "agent"), or with "day" the days that
 * have scores. Factors and SERVQUAL dimensions come by what they drive, most first, days by date, all else by rank.
 */
VOC_MUST_CHECK bool index_tally_list(const struct index_tally *tally, const char *dimension,
                                     const int importance[VOC_SERVQUAL_COUNT], struct index_list *ret_list);
void index_list_free(struct index_list *list);

/* What became of the cases of a cause, a team or a product. */
struct recovery_entry {
	struct voc_str name; /* as above */
	int64_t begun;       /* opened and reopened */
	int64_t resolved, recovered, late, silent;
	struct voc_index rate; /* recovered of those begun; of cases, n is `begun` */
};

struct recovery_list {
	struct recovery_entry *entries; /* owned */
	size_t count;
};

/* By "cause", "team" or "product", in the order of names. Free with recovery_list_free. */
VOC_MUST_CHECK bool index_tally_recovery(const struct index_tally *tally, const char *by,
                                         struct recovery_list *ret_list);
void recovery_list_free(struct recovery_list *list);

/* The importance of the SERVQUAL dimensions by the rules in force in Redis; the default where there are none. */
VOC_MUST_CHECK enum voc_status index_tally_importance(struct vocctl_store *store,
                                                      int ret_importance[VOC_SERVQUAL_COUNT], struct voc_error *error);

#endif
