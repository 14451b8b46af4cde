#include "recount.h"

#include "base/hash.h"

#include <stdio.h>
#include <stdlib.h>

static enum voc_status out_of_memory(struct voc_error *error)
{
	return voc_error_set(error, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1, "no memory for a partition's customers");
}

struct recount *recount_new(const struct recount_settings *settings)
{
	struct recount *recount = calloc(1, sizeof *recount);
	if (recount == NULL)
		return NULL;
	recount->settings = *settings;
	voc_partition_state_init(&recount->state);
	voc_customer_init(&recount->stranger.customer);
	recount->customers = voc_customer_cache_new(SIZE_MAX, SIZE_MAX);
	recount->minutes = minutes_new(settings->max_bytes);
	recount->step = voc_agg_step_new(settings->partition + 1, RECOUNT_BATCH_RECORDS);
	recount->rollup = voc_rollup_new(RECOUNT_BATCH_RECORDS);
	if (recount->customers != NULL && recount->minutes != NULL && recount->step != NULL && recount->rollup != NULL)
		return recount;
	recount_free(recount);
	return NULL;
}

void recount_free(struct recount *recount)
{
	if (recount == NULL)
		return;
	voc_partition_state_free(&recount->state);
	voc_customer_free(&recount->stranger.customer);
	voc_customer_cache_free(recount->customers);
	minutes_free(recount->minutes);
	voc_agg_step_free(recount->step);
	voc_rollup_free(recount->rollup);
	free(recount);
}

void recount_set_rules(struct recount *recount, const struct voc_rule_set *rules)
{
	voc_partition_state_set_rules(&recount->state, rules, -1);
}

void recount_begin(struct recount *recount)
{
	voc_agg_step_begin(recount->step);
}

bool recount_is_full(const struct recount *recount)
{
	return recount->step->record_count == RECOUNT_BATCH_RECORDS;
}

enum voc_status recount_add(struct recount *recount, const struct voc_agg_input *input, struct voc_error *error)
{
	return voc_agg_step_add(recount->step, input, error);
}

bool recount_holds(const struct recount *recount, struct voc_str customer_id)
{
	const struct recount_settings *settings = &recount->settings;
	return settings->share <= 1 || voc_hash64(customer_id) % settings->share == settings->which;
}

const struct voc_cached_customer *recount_find(const struct recount *recount, struct voc_str customer_id)
{
	const struct voc_cached_customer *known =
	        voc_customer_cache_find(recount->customers, recount->settings.partition, customer_id);
	return known != NULL && voc_customer_is_known(&known->customer) ? known : NULL;
}

/* NULL when memory runs out. */
static struct voc_cached_customer *fetch(struct recount *recount, struct voc_str id)
{
	int32_t partition = recount->settings.partition;
	if (!recount_holds(recount, id))
		return &recount->stranger;
	struct voc_cached_customer *known = voc_customer_cache_find(recount->customers, partition, id);
	if (known != NULL)
		return voc_customer_cache_pin(recount->customers, known) ? known : NULL;
	struct voc_customer fresh;
	voc_customer_init(&fresh);
	return voc_customer_cache_add(recount->customers, partition, id, &fresh);
}

struct counting {
	struct recount *recount;
	int64_t wall_ms;
};

static bool count_field(void *context, int64_t period, struct voc_str field, int64_t by)
{
	const struct counting *counting = context;
	return recount_period_is_over(counting->recount, period, counting->wall_ms) ||
	       minutes_add(counting->recount->minutes, period, field, by);
}

static bool count_day_field(void *context, int64_t day, struct voc_str field, int64_t by)
{
	return count_field(context, VOC_PERIOD_OF_DAY(day), field, by);
}

static bool count_day_name(void *context, int64_t day, struct voc_str others, struct voc_str name, int64_t n,
                           int64_t sum)
{
	const struct counting *counting = context;
	int64_t period = VOC_PERIOD_OF_DAY(day);
	return recount_period_is_over(counting->recount, period, counting->wall_ms) ||
	       minutes_add_name(counting->recount->minutes, period, others, name, n, sum);
}

static bool count_day_case_name(void *context, int64_t day, struct voc_str others, struct voc_str field, int64_t by)
{
	const struct counting *counting = context;
	int64_t period = VOC_PERIOD_OF_DAY(day);
	return recount_period_is_over(counting->recount, period, counting->wall_ms) ||
	       minutes_add_case_name(counting->recount->minutes, period, others, field, by);
}

static bool count_rollups(struct recount *recount, int64_t wall_ms)
{
	static const struct voc_day_teller days = { count_day_field, count_day_name, count_day_case_name };
	struct counting counting = { recount, wall_ms };
	return voc_rollup_each(recount->rollup, count_field, &counting) &&
	       voc_day_rollup_each(voc_rollup_days(recount->rollup), &days, &counting);
}

static void take_stock(struct recount *recount)
{
	const struct voc_agg_step *step = recount->step;
	const struct voc_agg_alert *alert = step->partitions[recount->settings.partition].first_alert;
	for (; alert != NULL; alert = alert->next)
		recount->alerts++;
	for (size_t i = 0; i < step->customer_count; i++) {
		if (step->customers[i].entry != &recount->stranger)
			voc_customer_cache_weigh(recount->customers, step->customers[i].entry);
	}
	voc_customer_free(&recount->stranger.customer);
}

enum voc_status recount_apply(struct recount *recount, int64_t wall_ms, struct voc_error *error)
{
	struct voc_agg_step *step = recount->step;
	struct voc_aggregate aggregate = { voc_str_from(recount->settings.topic), recount->settings.partition,
		                           recount->settings.book };
	for (size_t i = 0; i < step->customer_count; i++) {
		step->customers[i].entry = fetch(recount, step->customers[i].id);
		if (step->customers[i].entry == NULL)
			return out_of_memory(error);
	}
	enum voc_status status = voc_agg_step_apply(step, &aggregate, &recount->state, recount->rollup, error);
	if (status != VOC_OK)
		return status;
	take_stock(recount);
	bool counted = recount->settings.share > 1 || count_rollups(recount, wall_ms);
	if (counted && recount_bytes(recount) <= recount->settings.max_bytes)
		return VOC_OK;
	return voc_error_set(error, VOC_FATAL, VOC_REASON_TOO_LARGE, -1,
	                     "partition %d: %zu customers take more than %zu MiB of memory",
	                     (int)recount->settings.partition, voc_customer_cache_count(recount->customers),
	                     recount->settings.max_bytes >> 20);
}

void recount_settle(struct recount *recount)
{
	for (size_t i = 0; i < voc_customer_cache_count(recount->customers); i++)
		voc_customer_cache_unpin(recount->customers, voc_customer_cache_at(recount->customers, i));
	for (size_t i = 0; i < minutes_count(recount->minutes); i++)
		minutes_clean(recount->minutes, i);
}

size_t recount_bytes(const struct recount *recount)
{
	return voc_customer_cache_bytes(recount->customers) + minutes_bytes(recount->minutes);
}

bool recount_tell_customer(const struct voc_cached_customer *customer, voc_field_fn tell, void *context)
{
	return voc_customer_diff(NULL, &customer->customer, tell, context);
}

bool recount_tell_position(const struct recount *recount, voc_field_fn tell, void *context)
{
	return recount->state.now.offset == 0 || voc_partition_state_diff(&recount->state, tell, context);
}

bool recount_tell_at_risk(const struct recount *recount, voc_field_fn tell, void *context)
{
	for (size_t i = 0; i < voc_customer_cache_count(recount->customers); i++) {
		const struct voc_cached_customer *customer = voc_customer_cache_at(recount->customers, i);
		char digits[16];
		int score;
		if (voc_customer_at_risk(NULL, &customer->customer, &score) != VOC_AT_RISK_SET)
			continue;
		int len = snprintf(digits, sizeof digits, "%d", score);
		struct voc_field member = { voc_cached_customer_id(customer), voc_str_of(digits, (size_t)len) };
		if (!tell(context, &member))
			return false;
	}
	return true;
}

struct telling_due {
	voc_field_fn tell;
	void *context;
};

static bool tell_due(void *context, const struct voc_due *due, int64_t before_ms)
{
	const struct telling_due *telling = context;
	char digits[24];
	struct voc_buf member;
	(void)before_ms;
	voc_buf_init(&member, VOC_DUE_MEMBER_MAX);
	voc_due_member(&member, due);
	int len = snprintf(digits, sizeof digits, "%lld", (long long)due->due_ms);
	struct voc_field field = { voc_buf_str(&member), voc_str_of(digits, (size_t)len) };
	bool told = !member.failed && telling->tell(telling->context, &field);
	voc_buf_free(&member);
	return told;
}

bool recount_tell_due(const struct recount *recount, voc_field_fn tell, void *context)
{
	struct telling_due telling = { tell, context };
	for (size_t i = 0; i < voc_customer_cache_count(recount->customers); i++) {
		const struct voc_cached_customer *customer = voc_customer_cache_at(recount->customers, i);
		if (!voc_customer_due_diff(voc_cached_customer_id(customer), NULL, &customer->customer, tell_due,
		                           &telling))
			return false;
	}
	return true;
}

int64_t recount_period_expires_ms(const struct recount *recount, int64_t period)
{
	return voc_period_expires_ms(period, recount->settings.rollup_retention_ms);
}

bool recount_period_is_over(const struct recount *recount, int64_t period, int64_t wall_ms)
{
	return recount_period_expires_ms(recount, period) <= wall_ms;
}
