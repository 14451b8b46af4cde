#include "gen_random.h"

#include <stdlib.h>

#define GOLDEN_GAMMA UINT64_C(0x9e3779b97f4a7c15)

static uint64_t scramble(uint64_t z)
{
	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

uint64_t gen_mix(uint64_t seed, uint64_t n)
{
	return scramble(scramble(seed + GOLDEN_GAMMA) + (n + 1) * GOLDEN_GAMMA);
}

uint64_t gen_random_next(struct gen_random *random)
{
	random->state += GOLDEN_GAMMA;
	return scramble(random->state);
}

uint32_t gen_random_below(struct gen_random *random, uint32_t n)
{
	return (uint32_t)((gen_random_next(random) >> 32) * n >> 32);
}

bool gen_random_chance(struct gen_random *random, uint32_t per_thousand)
{
	return gen_random_below(random, 1000) < per_thousand;
}

bool gen_zipf_init(struct gen_zipf *zipf, uint32_t count)
{
	const uint64_t scale = UINT64_C(1) << 40;
	uint64_t shift = count / 50 + 2;
	uint64_t sum = 0;
	zipf->sums = malloc(count * sizeof *zipf->sums);
	zipf->count = count;
	if (zipf->sums == NULL)
		return false;
	for (uint32_t i = 0; i < count; i++) {
		sum += scale / (i + shift);
		zipf->sums[i] = sum;
	}
	return true;
}

void gen_zipf_free(struct gen_zipf *zipf)
{
	free(zipf->sums);
	zipf->sums = NULL;
}

uint32_t gen_zipf_draw(const struct gen_zipf *zipf, struct gen_random *random)
{
	/* The remainder's bias is below 2^-19: the sums stay under 2^45. */
	uint64_t at = gen_random_next(random) % zipf->sums[zipf->count - 1];
	uint32_t low = 0, high = zipf->count - 1;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (zipf->sums[middle] > at)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}
