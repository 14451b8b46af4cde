/*
 * What Redis holds of one partition, held against a recount of its log, key by key and field by field.
 *
 * The partition may be written meanwhile. Each look takes some keys and the position in one atomic step, and before
 * they are compared the recount is brought forward to that very position: every comparison is exact, and none has to
 * be repeated, however fast the log grows. Reads only. One thread.
 */
#ifndef VOC_VOCCTL_AUDIT_H
#define VOC_VOCCTL_AUDIT_H

#include "io/redis/redis_keys.h"
#include "io/redis/redis_snapshot.h"
#include "playback.h"
#include "vocctl/shared/fields.h"

enum audit_kind { AUDIT_CUSTOMER, AUDIT_ROLLUP, AUDIT_POSITION, AUDIT_AT_RISK, AUDIT_DUE };
enum audit_fault {
	AUDIT_DIFFERS, /* in this field (of a sorted set: this member's score) */
	AUDIT_MISSING, /* the whole key */
	AUDIT_STRAY,   /* a key that no record accounts for */
};

/* Borrowed for the call. */
struct audit_finding {
	int32_t partition;
	enum audit_kind kind;
	enum audit_fault fault;
	struct voc_str key;           /* in Redis */
	struct voc_str customer_id;   /* of a customer */
	struct voc_str field;         /* AUDIT_DIFFERS */
	struct voc_str wanted, found; /* likewise; without a pointer where that side has none */
};
/* False: no memory for it. */
typedef bool audit_finding_fn(void *context, const struct audit_finding *finding);

struct audit {
	struct voc_redis *redis; /* these are borrowed */
	struct recount *recount;
	struct playback *playback;
	audit_finding_fn *tell;
	void *context;

	/* The rest is audit.c's own. */
	struct fields wanted, found, suspects;
	struct voc_redis_key names[VOC_REDIS_SNAPSHOT_KEYS];
	bool out_of_memory;
};

/* False when memory runs out. The borrowed members are set already. */
bool audit_init(struct audit *audit);
void audit_free(struct audit *audit);

/*
 * Looks at everything. The recount stands at or before Redis' position, and at the last one seen afterwards.
 * VOC_RETRY: a signal, a sick Kafka or Redis, or the position went back meanwhile.
 */
VOC_MUST_CHECK enum voc_status audit_run(struct audit *audit, struct voc_error *error);
/* For a Redis that stands before the recount: tells only of keys that the recount has none of. */
VOC_MUST_CHECK enum voc_status audit_strays(struct audit *audit, struct voc_error *error);

#endif
