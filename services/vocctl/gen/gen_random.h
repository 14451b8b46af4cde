/*
 * Chance for the generator: the same seed gives the same numbers on every machine (integers only). Pure.
 */
#ifndef VOC_VOCCTL_GEN_RANDOM_H
#define VOC_VOCCTL_GEN_RANDOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014). */
struct gen_random {
	uint64_t state;
};

/* A number for `n` under `seed`, without a stream: what is drawn once for a customer or an event. */
uint64_t gen_mix(uint64_t seed, uint64_t n);

uint64_t gen_random_next(struct gen_random *random);
/* 0 to n - 1; n at least 1. */
uint32_t gen_random_below(struct gen_random *random, uint32_t n);
/* True this many times in a thousand. */
bool gen_random_chance(struct gen_random *random, uint32_t per_thousand);

/*
 * Zipf and Mandelbrot's law over ranks 0 to count - 1: weight 1 / (rank + shift). Few customers call often, most call
 * once; the shift keeps the first from being a tenth of everything.
 */
struct gen_zipf {
	uint64_t *sums; /* owned; sums[i] is the weight of ranks 0 to i */
	uint32_t count;
};

/* False when memory runs out. */
bool gen_zipf_init(struct gen_zipf *zipf, uint32_t count);
void gen_zipf_free(struct gen_zipf *zipf);
uint32_t gen_zipf_draw(const struct gen_zipf *zipf, struct gen_random *random);

#endif
