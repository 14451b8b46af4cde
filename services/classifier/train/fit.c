#include "fit.h"

#include <math.h>
#include <stdlib.h>

#define NEWTON_STEPS 30
#define NEWTON_GOOD  1e-3
#define FIRST_ALPHA  1e-8
#define LEAST_SHARE  1e-12 /* of the cost: alpha stays this far from both of its ends */
#define LEAST_STEP   1e-9
#define CHOICE_MOST  4 /* labels */
#define CHOICE_STEPS 60
#define CHOICE_GOOD  1e-6
#define CHOICE_WIDE  40 /* logits: a share that is so far below another is none */

/*
 * Heads that are learnt as one choice among their labels (softmax): feedback type and satisfaction. All other columns
 * are learnt one by one. Of a row, alpha is then the share of each label, all of them together 1.
 */
static const struct choice {
	int first, count;
} choices[] = { { 0, 3 }, { 3, 4 } };
#define CHOICES     (sizeof choices / sizeof choices[0])
#define AFTER_THESE 7 /* the first column that is learnt by itself */

struct fit {
	const struct voc_train_rows *rows;
	float *weights;
	float (*alpha)[VOC_COLUMNS];
	size_t *order;
	uint64_t random; /* xorshift */
};

static size_t random_below(struct fit *fit, size_t limit)
{
	fit->random ^= fit->random << 13;
	fit->random ^= fit->random >> 7;
	fit->random ^= fit->random << 17;
	return (size_t)(fit->random % limit);
}

static void shuffle(struct fit *fit)
{
	for (size_t i = fit->rows->count; i > 1; i--) {
		size_t j = random_below(fit, i), kept = fit->order[i - 1];
		fit->order[i - 1] = fit->order[j];
		fit->order[j] = kept;
	}
}

/*
 * The least of z log z + (cost - z) log(cost - z) + square / 2 (z - old)^2 + slope (z - old), by Newton's steps that
 * stay between 0 and cost.
 */
static double solve_one(double old, double cost, double square, double slope)
{
	double least = LEAST_SHARE * cost, z = cost - old < cost / 2 ? old * 0.1 : old;
	for (int i = 0; i < NEWTON_STEPS; i++) {
		if (z < least)
			z = least;
		double gradient = square * (z - old) + slope + log(z / (cost - z));
		if (fabs(gradient) < NEWTON_GOOD)
			break;
		double next = z - gradient / (square + cost / ((cost - z) * z));
		if (next <= 0)
			z *= 0.1;
		else if (next >= cost)
			z = cost - (cost - z) * 0.1;
		else
			z = next;
	}
	return z;
}

/* How far the weights of one column go along this row; 0 if it is where it should be. */
static float step_of(float *alpha, double cost, double square, double margin)
{
	double old = *alpha, other = cost - old, sign = 1;
	/* Of alpha and cost - alpha, the one that lies in the lower half is sought: it is the more exact. */
	if (0.5 * square * (other - old) + margin < 0) {
		old = other;
		sign = -1;
	}
	double found = solve_one(old, cost, square, sign * margin), step = found - old;
	if (fabs(step) <= LEAST_STEP)
		return 0;
	*alpha = (float)(sign > 0 ? found : cost - found);
	return (float)(sign * step);
}

/* The share e^u for which u + square e^u = level. */
static double share_at(double square, double level)
{
	double u = level > square ? log(level / square) : level < 0 ? level : 0;
	for (int i = 0; i < NEWTON_STEPS; i++) {
		double much = square * exp(u), step = (u + much - level) / (1 + much);
		u -= step;
		if (fabs(step) < CHOICE_GOOD)
			break;
	}
	return exp(u);
}

/*
 * The shares that are the softmax of the sums that they themselves lead to: log share + square share = level - shift,
 * with the one shift for all labels that makes them 1 together. It lies between low and high.
 */
static void solve_choice(int count, double square, const double *levels, double *ret_shares)
{
	double top = levels[0];
	for (int k = 1; k < count; k++)
		top = levels[k] > top ? levels[k] : top;
	double low = top - square - CHOICE_WIDE, high = top + CHOICE_WIDE, shift = top - square;
	for (int i = 0; i < CHOICE_STEPS; i++) {
		double excess = -1, slope = 0;
		for (int k = 0; k < count; k++) {
			ret_shares[k] = share_at(square, levels[k] - shift);
			excess += ret_shares[k];
			slope += ret_shares[k] / (1 + square * ret_shares[k]);
		}
		if (fabs(excess) < CHOICE_GOOD)
			break;
		*(excess > 0 ? &low : &high) = shift;
		double next = shift + excess / slope;
		shift = next > low && next < high ? next : (low + high) / 2;
	}
}

/* How far the weights of the choice's columns go along this row. */
static void choose(const struct choice *choice, const struct voc_train_row *row, const float *sum, float *alpha,
                   float *ret_step)
{
	double levels[CHOICE_MOST] = { 0 }, shares[CHOICE_MOST] = { 0 }, square = (double)row->square * row->cost;
	for (int k = 0; k < choice->count; k++)
		levels[k] = sum[choice->first + k] + square * alpha[choice->first + k];
	solve_choice(choice->count, square, levels, shares);
	for (int k = 0; k < choice->count; k++) {
		int column = choice->first + k;
		ret_step[column] = (float)(row->cost * (alpha[column] - shares[k]));
		alpha[column] = (float)shares[k];
	}
}

static void visit(struct fit *fit, size_t index)
{
	const struct voc_train_row *row = &fit->rows->at[index];
	const struct voc_train_cell *cells = fit->rows->cells;
	float sum[VOC_COLUMNS] = { 0 }, step[VOC_COLUMNS] = { 0 };
	for (size_t i = row->begin; i < row->end; i++) {
		const float *weight = fit->weights + (size_t)cells[i].feature * VOC_COLUMNS;
		for (int c = 0; c < VOC_COLUMNS; c++)
			sum[c] += cells[i].value * weight[c];
	}
	for (size_t i = 0; i < CHOICES; i++) {
		if (row->target[choices[i].first] != 0)
			choose(&choices[i], row, sum, fit->alpha[index], step);
	}
	for (int c = AFTER_THESE; c < VOC_COLUMNS; c++) {
		double target = row->target[c];
		if (row->target[c] != 0)
			step[c] =
			        (float)target * step_of(&fit->alpha[index][c], row->cost, row->square, target * sum[c]);
	}
	for (size_t i = row->begin; i < row->end; i++) {
		float *weight = fit->weights + (size_t)cells[i].feature * VOC_COLUMNS;
		for (int c = 0; c < VOC_COLUMNS; c++)
			weight[c] += cells[i].value * step[c];
	}
}

static void start(struct fit *fit)
{
	for (size_t i = 0; i < fit->rows->count; i++) {
		fit->order[i] = i;
		float first = 0.001F * fit->rows->at[i].cost;
		for (int c = 0; c < AFTER_THESE; c++)
			fit->alpha[i][c] = fit->rows->at[i].target[c] > 0 ? 1 : 0;
		for (int c = AFTER_THESE; c < VOC_COLUMNS; c++)
			fit->alpha[i][c] = first < (float)FIRST_ALPHA ? first : (float)FIRST_ALPHA;
	}
}

bool voc_train_fit(const struct voc_train_rows *rows, float *weights)
{
	struct fit fit = { .rows = rows, .weights = weights, .random = UINT64_C(88172645463325252) };
	fit.alpha = malloc(rows->count * sizeof *fit.alpha);
	fit.order = malloc(rows->count * sizeof *fit.order);
	bool good = fit.alpha && fit.order;
	if (good) {
		start(&fit);
		int passes = rows->count < VOC_TRAIN_MANY ? VOC_TRAIN_PASSES : VOC_TRAIN_PASSES_MANY;
		for (int pass = 0; pass < passes; pass++) {
			shuffle(&fit);
			for (size_t i = 0; i < rows->count; i++)
				visit(&fit, fit.order[i]);
		}
	}
	free(fit.alpha);
	free(fit.order);
	return good;
}
