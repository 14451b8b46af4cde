/*
 * Customers and up to where in the log each is forgotten: an array sorted by the id's hash. Bounded. One thread at a
 * time.
 */
#ifndef VOC_ALERTER_FORGOTTEN_SET_H
#define VOC_ALERTER_FORGOTTEN_SET_H

#include "base/str.h"

#define FORGOTTEN_MAX 1000000 /* customers; in 60 days, which is how long voc.forgotten keeps them */

struct forgotten_customer {
	uint64_t hash;
	char *id; /* owned */
	size_t id_len;
	int32_t partition; /* of voc.classified */
	int64_t offset;    /* of the request: what came before it is void */
};

struct forgotten_set {
	struct forgotten_customer *customers;
	size_t count, room;
};

/* A later request of a customer takes the place of an earlier one; an earlier one changes nothing. False when memory or
 * the room ran out. */
bool forgotten_set_add(struct forgotten_set *set, struct voc_str id, int32_t partition, int64_t offset);
bool forgotten_set_covers(const struct forgotten_set *set, struct voc_str id, int32_t partition, int64_t offset);
void forgotten_set_free(struct forgotten_set *set);

#endif
