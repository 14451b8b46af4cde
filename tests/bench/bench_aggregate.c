/*
 * bench_aggregate RULES [EVENTS [BATCH]]: what aggregating costs, single-threaded, without Kafka and Redis.
 *
 * The same events for one customer alone and for many, at 12,500 a second by their records' timestamps, in batches.
 * Prints microseconds of processor time and bytes for Redis per event, the bytes of the last batch, and the memory that
 * a customer takes in the end. Never asserted: machines differ.
 */
#include "core/aggregate/aggregate.h"
#include "core/customer/customer_cache.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define START_MS    INT64_C(1795253400000)
#define MANY        10000
#define ARENA_BYTES ((size_t)1 << 28)

struct bench {
	struct voc_aggregate aggregate;
	struct voc_partition_state state;
	struct voc_customer_cache *cache;
	struct voc_rollup *rollup;
	struct voc_arena *arena;
	struct voc_cached_customer **pinned;
	size_t pinned_count, told_bytes;
};

static int64_t cpu_us(void)
{
	struct timespec now;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static char *make_value(int number, int customers)
{
	char id[32], customer[32];
	struct voc_classification result = { .lang = "ko", .labels = { .feedback = VOC_FEEDBACK_QUESTION } };
	struct voc_event event = { .source = VOC_STR("/callcenter/seoul"),
		                   .channel = VOC_CHANNEL_CALL,
		                   .time_ms = START_MS + number / 12,
		                   .text = VOC_STR("40분을 기다렸어요"),
		                   .product = VOC_STR("internet-500") };
	snprintf(id, sizeof id, "e-%d", number);
	snprintf(customer, sizeof customer, "C-%06d", number % customers);
	event.id = voc_str_from(id);
	event.customer_id = voc_str_from(customer);
	struct voc_buf buf;
	voc_buf_init(&buf, 65536);
	voc_classified_encode(&buf, &event, &result, "bench", VOC_TEXT_MASKED);
	voc_buf_add_char(&buf, '\0');
	return buf.ptr;
}

static bool tell(void *context, const struct voc_field *field)
{
	struct bench *bench = context;
	bench->told_bytes += field->name.len + field->value.len;
	return true;
}

static struct voc_cached_customer *fetch(struct bench *bench, struct voc_str id)
{
	struct voc_cached_customer *cached = voc_customer_cache_find(bench->cache, 0, id);
	struct voc_customer fresh = { 0 };
	if (!cached)
		cached = voc_customer_cache_add(bench->cache, 0, id, &fresh);
	else if (cached->pinned)
		return cached;
	else if (!voc_customer_cache_pin(bench->cache, cached))
		abort();
	return bench->pinned[bench->pinned_count++] = cached;
}

static void apply(struct bench *bench, char **values, int from, int count)
{
	struct voc_error error = { 0 };
	voc_arena_reset(bench->arena);
	voc_rollup_clear(bench->rollup);
	bench->pinned_count = 0;
	for (int i = from; i < from + count; i++) {
		char source[32];
		struct voc_aggregate_record record;
		struct voc_aggregate_effects effects;
		snprintf(source, sizeof source, "voc.calls/0/%d", i);
		struct voc_aggregate_input input = { i, START_MS + i / 12, voc_str_from(values[i]),
			                             voc_str_from(source) };
		if (voc_aggregate_decode(&input, bench->arena, &record, &error) != VOC_OK ||
		    voc_aggregate_apply(&bench->aggregate, &bench->state,
		                        &fetch(bench, record.event.customer_id)->customer, bench->rollup, &record,
		                        bench->arena, &effects, &error) != VOC_OK)
			abort();
	}
	for (size_t i = 0; i < bench->pinned_count; i++) {
		if (!voc_customer_diff(bench->pinned[i]->before, &bench->pinned[i]->customer, tell, bench))
			abort();
		voc_customer_cache_unpin(bench->cache, bench->pinned[i]);
	}
}

static void measure(struct bench *bench, int customers, int events, int batch)
{
	char **values = calloc((size_t)events, sizeof *values);
	for (int i = 0; i < events; i++)
		values[i] = make_value(i, customers);
	size_t last = 0;
	int64_t begin = cpu_us();
	for (int from = 0; from < events; from += batch) {
		last = bench->told_bytes;
		apply(bench, values, from, events - from < batch ? events - from : batch);
	}
	int64_t took = cpu_us() - begin;
	size_t memory = voc_customer_cache_bytes(bench->cache) / voc_customer_cache_count(bench->cache);
	printf("%6d customers %8.2f us/event %8.1f bytes/event %8zu bytes in the last batch of %d %8zu "
	       "bytes/customer\n",
	       customers, (double)took / events, (double)bench->told_bytes / events, bench->told_bytes - last, batch,
	       memory);
	for (int i = 0; i < events; i++)
		free(values[i]);
	free(values);
}

static const struct voc_rule_set *read_rules(const char *path, struct voc_rule_book *book)
{
	static char bytes[VOC_RULES_MAX_BYTES];
	const struct voc_rule_set *set = NULL;
	struct voc_error error = { 0 };
	FILE *file = fopen(path, "r");
	size_t len = file ? fread(bytes, 1, sizeof bytes, file) : 0;
	if (voc_rule_book_read(book, voc_str_of(bytes, len), &set, &error) != VOC_OK)
		fprintf(stderr, "bench_aggregate: %s\n", error.text);
	if (file)
		fclose(file);
	return set;
}

static bool run(const char *rules_path, int customers, int events, int batch)
{
	struct bench bench = { .aggregate = { VOC_STR("voc.classified"), 0, voc_rule_book_new() } };
	voc_partition_state_init(&bench.state);
	voc_partition_state_set_rules(&bench.state, read_rules(rules_path, bench.aggregate.book), -1);
	bench.cache = voc_customer_cache_new(MANY, SIZE_MAX);
	bench.rollup = voc_rollup_new((size_t)batch);
	bench.arena = voc_arena_new(ARENA_BYTES);
	bench.pinned = calloc((size_t)batch, sizeof(struct voc_cached_customer *));
	bool good = bench.state.rules != NULL;
	if (good)
		measure(&bench, customers, events, batch);
	voc_partition_state_free(&bench.state);
	voc_customer_cache_free(bench.cache);
	voc_rollup_free(bench.rollup);
	voc_arena_free(bench.arena);
	voc_rule_book_free(bench.aggregate.book);
	free(bench.pinned);
	return good;
}

int main(int argc, char **argv)
{
	int events = argc > 2 ? (int)strtol(argv[2], NULL, 10) : 100000;
	int batch = argc > 3 ? (int)strtol(argv[3], NULL, 10) : 500;
	if (argc < 2 || events < 1 || batch < 1) {
		fprintf(stderr, "usage: bench_aggregate RULES [EVENTS [BATCH]]\n");
		return 2;
	}
	return run(argv[1], MANY, events, batch) && run(argv[1], 1, events, batch) ? 0 : 1;
}
