/*
 * The generator's customers: who they are, and how their story goes. A customer is a function of the seed and the
 * number: nothing is stored. Pure.
 */
#ifndef VOC_VOCCTL_GEN_CUSTOMER_H
#define VOC_VOCCTL_GEN_CUSTOMER_H

#include "gen_texts.h"

enum gen_arc {
	GEN_STEADY,      /* content all along */
	GEN_CHURNING,    /* good, then failing, then leaving */
	GEN_RECOVERING,  /* good, then failing, then made good */
	GEN_QUESTIONER,  /* only asks */
	GEN_COMPLAINING, /* never quite content, never leaves */
};

struct gen_customer {
	uint32_t number;
	enum gen_arc arc;
	uint32_t turns_at; /* when the story turns, in thousandths of the span */
	enum gen_lang lang;
	enum gen_domain domain;
	uint32_t product;
};

struct gen_customer gen_customer_of(uint64_t seed, uint32_t number, uint32_t korean_percent);
/* How the customer feels when `progress` thousandths of the span are over. */
enum gen_mood gen_customer_mood(const struct gen_customer *customer, uint32_t progress, struct gen_random *random);

#endif
