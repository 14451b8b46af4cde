/*
 * The ring of a customer's recent event ids, by which a sender's duplicates are known (docs/SEMANTICS.md, "The ring").
 *
 * Ids are numbered from the customer's first event on; the ring holds those from `first` to before `next`, in memory
 * of its own of a size that follows their number: most customers have few. More than VOC_RECENT_FEW (which only a
 * customer has who is very busy just now) have an index. No locks: one thread at a time.
 */
#ifndef VOC_CORE_RECENT_H
#define VOC_CORE_RECENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VOC_RECENT_FEW       32   /* the ids that are kept whatever their age */
#define VOC_RECENT_MAX       4096 /* a power of two */
#define VOC_RECENT_CHUNK     64   /* ids of a stored field, and those that go at a time when there are too many */
#define VOC_RECENT_BYTES     6    /* of one id, big-endian */
#define VOC_RECENT_TIME_MAX  INT64_C(253402300799999)
#define VOC_RECENT_PERIOD_MS 600000 /* ids are kept for one to two of these */
#define VOC_RECENT_AHEAD_MS  86400000

struct voc_recent_index;

struct voc_recent {
	uint32_t first, next;             /* next: of the id that comes next, which is the customer's `events` */
	uint32_t marked;                  /* n0; 0: there is no mark */
	uint32_t few_room;                /* 0 or a power of two; number n stands at n modulo it */
	int64_t mark_ms;                  /* t0 */
	uint8_t (*few)[VOC_RECENT_BYTES]; /* owned */
	struct voc_recent_index *index;   /* owned; NULL: all ids are among the few */
};

/* Releases memory, leaves an empty ring. */
void voc_recent_free(struct voc_recent *recent);
static inline uint32_t voc_recent_count(const struct voc_recent *recent)
{
	return recent->next - recent->first;
}
/* The id with this number, which is in the ring. Borrowed. */
const uint8_t *voc_recent_id(const struct voc_recent *recent, uint32_t number);
bool voc_recent_has(const struct voc_recent *recent, const uint8_t id[VOC_RECENT_BYTES]);
/* Appends at `time_ms`, the record's timestamp, and drops what is over. False when memory runs out. */
bool voc_recent_append(struct voc_recent *recent, const uint8_t id[VOC_RECENT_BYTES], int64_t time_ms);

/*
 * From stored ids: an empty ring whose next id has the number `first`, then one id after the other. Neither times nor
 * the mark are touched; at most VOC_RECENT_MAX. False when memory runs out.
 */
void voc_recent_begin(struct voc_recent *recent, uint32_t first);
bool voc_recent_restore(struct voc_recent *recent, const uint8_t id[VOC_RECENT_BYTES]);

/* Bytes held beside the value itself. */
size_t voc_recent_bytes(const struct voc_recent *recent);

#endif
