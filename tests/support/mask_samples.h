/*
 * Made-up texts in Korean and English with personal data in them, or with numbers that are none. The same seed gives
 * the same texts. One thread at a time.
 */
#ifndef TESTS_SUPPORT_MASK_SAMPLES_H
#define TESTS_SUPPORT_MASK_SAMPLES_H

#include "core/mask/mask.h"

/* What is no personal data. X(symbol, name) */
#define MASK_DECOYS(X)                                \
	X(MASK_DECOY_ORDER, "order or parcel number") \
	X(MASK_DECOY_PRICE, "price")                  \
	X(MASK_DECOY_DATE, "date")                    \
	X(MASK_DECOY_TIME, "date and time")           \
	X(MASK_DECOY_MODEL, "model name")             \
	X(MASK_DECOY_SERVICE, "firm's number")        \
	X(MASK_DECOY_COUNT_OF, "amount of things")    \
	X(MASK_DECOY_CODE, "code, version, address")

#define X(symbol, name) symbol,
enum mask_decoy { MASK_DECOYS(X) MASK_DECOY_COUNT };
#undef X

struct mask_sample {
	char text[1024];
	size_t start, end; /* where the personal data stands; start == end: nowhere */
};

struct mask_source {
	uint64_t seed;
};

/* With one piece of that kind. */
void mask_sample_personal(struct mask_source *source, enum voc_mask_kind kind, bool korean, struct mask_sample *ret);
void mask_sample_decoy(struct mask_source *source, enum mask_decoy decoy, bool korean, struct mask_sample *ret);

#endif
