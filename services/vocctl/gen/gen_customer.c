#include "gen_customer.h"

#define FAILING_LASTS 250 /* thousandths of the span */

/* In thousandths; what is left over is churn in the last act of GEN_CHURNING, else a remark. */
struct phase {
	uint16_t praise, remark, question, complaint;
};

static const struct phase happy = { 540, 210, 235, 15 };
static const struct phase failing = { 20, 80, 130, 765 };
static const struct phase leaving = { 0, 40, 60, 450 };
static const struct phase thankful = { 720, 180, 95, 5 };
static const struct phase asking = { 40, 110, 840, 10 };
static const struct phase grumbling = { 80, 300, 170, 445 };

static const struct phase *const arcs[][3] = {
	[GEN_STEADY] = { &happy, &happy, &happy },
	[GEN_CHURNING] = { &happy, &failing, &leaving },
	[GEN_RECOVERING] = { &happy, &failing, &thankful },
	[GEN_QUESTIONER] = { &asking, &asking, &asking },
	[GEN_COMPLAINING] = { &grumbling, &grumbling, &grumbling },
};

static enum gen_arc arc_of(uint32_t thousandth)
{
	if (thousandth < 460)
		return GEN_STEADY;
	if (thousandth < 560)
		return GEN_CHURNING;
	if (thousandth < 690)
		return GEN_RECOVERING;
	return thousandth < 890 ? GEN_QUESTIONER : GEN_COMPLAINING;
}

struct gen_customer gen_customer_of(uint64_t seed, uint32_t number, uint32_t korean_percent)
{
	struct gen_random random = { gen_mix(seed ^ UINT64_C(0xc0571e), number) };
	struct gen_customer customer = { .number = number };
	customer.arc = arc_of(gen_random_below(&random, 1000));
	customer.turns_at = 150 + gen_random_below(&random, 500);
	customer.lang = gen_random_below(&random, 100) < korean_percent ? GEN_KOREAN : GEN_ENGLISH;
	customer.domain = (enum gen_domain)gen_random_below(&random, GEN_DOMAIN_COUNT);
	customer.product = gen_random_below(&random, GEN_PRODUCTS_PER_DOMAIN);
	return customer;
}

enum gen_mood gen_customer_mood(const struct gen_customer *customer, uint32_t progress, struct gen_random *random)
{
	size_t act = progress < customer->turns_at ? 0 : progress < customer->turns_at + FAILING_LASTS ? 1 : 2;
	const struct phase *phase = arcs[customer->arc][act];
	const struct {
		enum gen_mood mood;
		uint32_t share;
	} moods[] = {
		{ GEN_PRAISE, phase->praise },
		{ GEN_REMARK, phase->remark },
		{ GEN_QUESTION, phase->question },
		{ GEN_COMPLAINT, phase->complaint },
	};
	uint32_t at = gen_random_below(random, 1000);
	for (size_t i = 0; i < sizeof moods / sizeof *moods; i++) {
		if (at < moods[i].share)
			return moods[i].mood;
		at -= moods[i].share;
	}
	return act == 2 && customer->arc == GEN_CHURNING ? GEN_CHURN : GEN_REMARK;
}
