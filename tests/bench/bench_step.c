/*
 * bench_step MODEL PHRASES GAPS RULES EVENTS [ROUNDS]: the hot path of both services without Kafka and Redis,
 * single-threaded.
 *
 * EVENTS is a file of raw events, a line each. Each round gives them new ids, classifies them (decode, classify,
 * encode: the classifier's step) and then aggregates what came out, in batches, up to the bytes of the command for
 * Redis. The first round warms caches and is not measured; tests/bench/instructions.sh counts the instructions of the
 * two measured functions, which must keep their names.
 */
#include "base/hash.h"
#include "classifier/step.h"
#include "core/aggregate/aggregate_step.h"
#include "io/redis/redis_step.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* What callgrind counts is found by its name: neither inlined nor cloned. Clang, which only builds this, knows no
 * noipa. */
#ifdef __clang__
#define WHOLE __attribute__((noinline))
#else
#define WHOLE __attribute__((noipa))
#endif

#define START_MS   INT64_C(1738368000000) /* of the records, a month after the events' own beginning */
#define LINES_MAX  100000
#define BATCH      100
#define ID         "\"id\":\""
#define ROUND_BASE 'g' /* beyond the hexadecimal digits of the file's own ids */

struct line {
	char *text, *id; /* NULL: it has none */
	size_t len;
	struct voc_buf classified; /* empty if it was refused */
	char source[32];
	struct voc_str key;
};

struct bench {
	struct line lines[LINES_MAX];
	size_t line_count;
	int round;
	struct voc_step *step;
	struct voc_aggregate aggregate;
	struct voc_partition_state state;
	struct voc_agg_step *batch;
	struct voc_customer_cache *cache;
	struct voc_rollup *rollup;
	struct voc_redis_step call;
	struct voc_buf command;
	size_t refused, told_bytes;
	uint64_t classified_hash, told_hash; /* of all the bytes that came out: no change of the code may change them */
};

static int64_t cpu_us(void)
{
	struct timespec now;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void give_up(const char *what)
{
	fprintf(stderr, "bench_step: %s\n", what);
	exit(1);
}

static void read_lines(struct bench *bench, const char *path)
{
	FILE *file = fopen(path, "r");
	size_t room = 0;
	while (file && bench->line_count < LINES_MAX) {
		struct line *line = &bench->lines[bench->line_count];
		ssize_t len = getline(&line->text, &room, file);
		if (len <= 0)
			break;
		room = 0;
		line->len = (size_t)len - 1;
		line->id = strstr(line->text, ID);
		voc_buf_init(&line->classified, VOC_CLASSIFIED_MAX_BYTES);
		bench->line_count++;
	}
	if (!file || bench->line_count == 0)
		give_up("no events");
	fclose(file);
}

static void begin_round(struct bench *bench, int round)
{
	bench->round = round;
	for (size_t i = 0; i < bench->line_count; i++) {
		if (bench->lines[i].id)
			bench->lines[i].id[sizeof ID - 1] = (char)(ROUND_BASE + round);
	}
}

static int64_t offset_of(const struct bench *bench, size_t index)
{
	return bench->round * (int64_t)bench->line_count + (int64_t)index;
}

WHOLE static void classify_line(struct bench *bench, size_t index, struct voc_step_output *output)
{
	const struct line *line = &bench->lines[index];
	struct voc_error error = { 0 };
	struct voc_step_input input = {
		.topic = VOC_STR("voc.calls"),
		.offset = offset_of(bench, index),
		.record = { .value = voc_str_of(line->text, line->len),
		            .timestamp_ms = START_MS + (int64_t)index * 600 },
	};
	if (voc_step_run(bench->step, &input, START_MS, output, &error) != VOC_OK)
		give_up(error.text);
}

static void classify_all(struct bench *bench)
{
	bench->refused = 0;
	for (size_t i = 0; i < bench->line_count; i++) {
		struct line *line = &bench->lines[i];
		struct voc_step_output output;
		classify_line(bench, i, &output);
		bench->refused += output.refused != VOC_REASON_NONE;
		voc_buf_clear(&line->classified);
		if (output.refused == VOC_REASON_NONE)
			voc_buf_add_str(&line->classified, output.value);
		bench->classified_hash = bench->classified_hash * 31 + voc_hash64(output.value);
		snprintf(line->source, sizeof line->source, "voc.calls/0/%lld", (long long)offset_of(bench, i));
	}
}

static void fetch_customers(struct bench *bench)
{
	for (size_t i = 0; i < bench->batch->customer_count; i++) {
		struct voc_agg_customer *customer = &bench->batch->customers[i];
		struct voc_customer fresh = { 0 };
		customer->entry = voc_customer_cache_find(bench->cache, 0, customer->id);
		if (!customer->entry)
			customer->entry = voc_customer_cache_add(bench->cache, 0, customer->id, &fresh);
		else if (!voc_customer_cache_pin(bench->cache, customer->entry))
			give_up("no memory");
	}
}

static void store(struct bench *bench)
{
	struct voc_error error = { 0 };
	const struct voc_agg_step *batch = bench->batch;
	voc_redis_step_begin(&bench->call, 0);
	for (size_t i = 0; i < batch->customer_count; i++)
		voc_redis_step_customer(&bench->call, batch->customers[i].id, batch->customers[i].entry->before,
		                        &batch->customers[i].entry->customer);
	voc_redis_step_rollup(&bench->call, bench->rollup, START_MS, 48 * 3600 * 1000);
	voc_buf_clear(&bench->command);
	if (voc_redis_step_end(&bench->call, &bench->state, VOC_STR("0123456789012345678901234567890123456789"),
	                       &bench->command, &error) != VOC_OK)
		give_up(error.text);
	bench->told_bytes += bench->command.len;
	bench->told_hash = bench->told_hash * 31 + voc_hash64(voc_buf_str(&bench->command));
	voc_partition_state_saved(&bench->state);
	for (size_t i = 0; i < batch->customer_count; i++)
		voc_customer_cache_unpin(bench->cache, batch->customers[i].entry);
}

WHOLE static void aggregate_batch(struct bench *bench, size_t from, size_t end)
{
	struct voc_error error = { 0 };
	voc_agg_step_begin(bench->batch);
	for (size_t i = from; i < end; i++) {
		const struct line *line = &bench->lines[i];
		struct voc_agg_input input = { 0,
			                       { .offset = offset_of(bench, i),
			                         .timestamp_ms = START_MS + offset_of(bench, i) * 600,
			                         .value = voc_buf_str(&line->classified),
			                         .source = voc_str_from(line->source) } };
		if (line->classified.len > 0 && voc_agg_step_add(bench->batch, &input, &error) != VOC_OK)
			give_up(error.text);
	}
	fetch_customers(bench);
	if (voc_agg_step_apply(bench->batch, &bench->aggregate, &bench->state, bench->rollup, &error) != VOC_OK)
		give_up(error.text);
	store(bench);
}

static void aggregate_all(struct bench *bench)
{
	for (size_t from = 0; from < bench->line_count; from += BATCH) {
		size_t left = bench->line_count - from;
		aggregate_batch(bench, from, from + (left < BATCH ? left : BATCH));
	}
}

static void read_rules(struct bench *bench, const char *path)
{
	static char bytes[VOC_RULES_MAX_BYTES];
	const struct voc_rule_set *set = NULL;
	struct voc_error error = { 0 };
	FILE *file = fopen(path, "r");
	size_t len = file ? fread(bytes, 1, sizeof bytes, file) : 0;
	bench->aggregate = (struct voc_aggregate){ VOC_STR("voc.classified"), 0, voc_rule_book_new() };
	if (!file || voc_rule_book_read(bench->aggregate.book, voc_str_of(bytes, len), &set, &error) != VOC_OK)
		give_up(error.text);
	fclose(file);
	voc_partition_state_init(&bench->state);
	voc_partition_state_set_rules(&bench->state, set, -1);
}

static void open_parts(struct bench *bench, char **argv)
{
	struct voc_classifier *classifier = NULL;
	struct voc_error error = { 0 };
	const struct voc_classifier_files files = { .model = argv[1], .rules = argv[2], .gaps = argv[3] };
	if (voc_classifier_open_files(&files, NULL, &classifier, &error) != VOC_OK)
		give_up(error.text);
	bench->step = voc_step_new(classifier);
	read_rules(bench, argv[4]);
	read_lines(bench, argv[5]);
	bench->batch = voc_agg_step_new(1, BATCH);
	bench->cache = voc_customer_cache_new(LINES_MAX, SIZE_MAX);
	bench->rollup = voc_rollup_new(BATCH);
	voc_redis_step_init(&bench->call);
	voc_buf_init(&bench->command, VOC_REDIS_STEP_BYTES_MAX);
	if (!bench->step || !bench->batch || !bench->cache || !bench->rollup)
		give_up("no memory");
}

int main(int argc, char **argv)
{
	static struct bench bench;
	int rounds = argc > 6 ? (int)strtol(argv[6], NULL, 10) : 10;
	if (argc < 6 || rounds < 1 || rounds > 19) {
		fprintf(stderr, "usage: bench_step MODEL PHRASES RULES EVENTS [ROUNDS, 1 to 19]\n");
		return 2;
	}
	open_parts(&bench, argv);
	int64_t classify_us = 0, aggregate_us = 0;
	for (int round = 0; round <= rounds; round++) {
		begin_round(&bench, round);
		int64_t began = cpu_us();
		classify_all(&bench);
		int64_t between = cpu_us();
		if (round == 0)
			bench.told_bytes = 0;
		aggregate_all(&bench);
		classify_us += round > 0 ? between - began : 0;
		aggregate_us += round > 0 ? cpu_us() - between : 0;
	}
	double events = (double)bench.line_count * rounds;
	printf("%zu events (%zu refused), %d rounds: classify %.2f us/event, aggregate %.2f us/event, %.0f bytes to "
	       "Redis/event; %016llx %016llx\n",
	       bench.line_count, bench.refused, rounds, (double)classify_us / events, (double)aggregate_us / events,
	       (double)bench.told_bytes / events, (unsigned long long)bench.classified_hash,
	       (unsigned long long)bench.told_hash);
	return 0;
}
