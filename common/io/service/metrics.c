#include "io/service/metrics.h"

#include "io/service/process_stats.h"

#include <stdatomic.h>

#define PREFIX "voc_"

enum kind { COUNTER, GAUGE, HISTOGRAM };

static const char *const kind_names[] = { "counter", "gauge", "histogram" };

static const struct {
	const char *name;
	enum kind kind;
	const char *help;
} metrics[VOC_METRIC_COUNT] = {
#define X(symbol, name, kind, help) [symbol] = { PREFIX name, kind, help },
	VOC_METRICS(X)
#undef X
};

/* Upper bounds in microseconds: 100 us to 10 s, three a decade. */
static const int64_t bounds_us[] = { 100,   200,    500,    1000,   2000,    5000,    10000,   20000,
	                             50000, 100000, 200000, 500000, 1000000, 2000000, 5000000, 10000000 };
#define BOUND_COUNT (sizeof bounds_us / sizeof *bounds_us)

struct histogram {
	_Atomic int64_t buckets[BOUND_COUNT + 1]; /* not cumulative; the last is what lies above all bounds */
	_Atomic int64_t sum_us;
};

static _Atomic int64_t values[VOC_METRIC_COUNT];
static _Atomic int64_t done_ms; /* when the record that was done last had come in; 0: none was yet */
static struct histogram histograms[VOC_METRIC_COUNT];

static const char *const outcome_names[VOC_OUTCOME_COUNT] = {
#define X(symbol, name) [symbol] = name,
	VOC_WEBHOOK_OUTCOMES(X)
#undef X
};

static const char *const reload_names[VOC_RELOAD_COUNT] = {
#define X(symbol, name) [symbol] = name,
	VOC_RELOAD_OUTCOMES(X)
#undef X
};

static const char *reason_label(int value)
{
	return voc_reason_name((enum voc_reason)value);
}

static const char *rule_label(int value)
{
	return voc_rule_name((enum voc_rule)value);
}

static const char *outcome_label(int value)
{
	return outcome_names[value];
}

static const char *reload_label(int value)
{
	return reload_names[value];
}

static const char *head_label(int value)
{
	return voc_head_name((enum voc_head)value);
}

#define LABEL_TABLE_RELOADS  VOC_RELOAD_COUNT, reload_label
#define LABEL_TABLE_HEADS    VOC_HEAD_COUNT, head_label
#define LABEL_TABLE_REASONS  VOC_REASON_COUNT, reason_label
#define LABEL_TABLE_RULES    VOC_RULE_COUNT, rule_label
#define LABEL_TABLE_OUTCOMES VOC_OUTCOME_COUNT, outcome_label
#define LABEL_VALUES_MAX     64

static const struct {
	const char *name;
	const char *label;
	const char *help;
	int count;
	const char *(*value_name)(int value);
} labelled[VOC_LABELLED_COUNT] = {
#define X(symbol, name, label, help, table) [symbol] = { PREFIX name, label, help, LABEL_TABLE_##table },
	VOC_LABELLED_METRICS(X)
#undef X
};
_Static_assert(VOC_REASON_COUNT <= LABEL_VALUES_MAX, "the labelled counters have room for every reason");

static _Atomic int64_t labelled_values[VOC_LABELLED_COUNT][LABEL_VALUES_MAX];

/* Single values that stand for themselves: no order between metrics is promised. */
static void add(_Atomic int64_t *value, int64_t by)
{
	atomic_fetch_add_explicit(value, by, memory_order_relaxed);
}

static int64_t get(const _Atomic int64_t *value)
{
	return atomic_load_explicit(value, memory_order_relaxed);
}

void voc_metric_add(enum voc_metric metric, int64_t by)
{
	add(&values[metric], by);
}

void voc_metric_set(enum voc_metric metric, int64_t value)
{
	atomic_store_explicit(&values[metric], value, memory_order_relaxed);
}

int64_t voc_metric_get(enum voc_metric metric)
{
	return get(&values[metric]);
}

void voc_metric_observe_us(enum voc_metric metric, int64_t us)
{
	size_t bucket = 0;
	while (bucket < BOUND_COUNT && us > bounds_us[bucket])
		bucket++;
	add(&histograms[metric].buckets[bucket], 1);
	add(&histograms[metric].sum_us, us > 0 ? us : 0); /* clocks of two machines may differ */
}

/* A timestamp is the sender's: one in microseconds or nanoseconds is far in the future, and counts as no wait at all.
 */
static int64_t waited_us(int64_t came_ms, int64_t now_ms)
{
	int64_t waited_ms, us;
	if (came_ms > now_ms || __builtin_sub_overflow(now_ms, came_ms, &waited_ms))
		return 0;
	return __builtin_mul_overflow(waited_ms, 1000, &us) ? 0 : us;
}

void voc_metric_done(int64_t came_ms, int64_t now_ms)
{
	voc_metric_observe_us(VOC_METRIC_LATENCY_SECONDS, waited_us(came_ms, now_ms));
	atomic_store_explicit(&done_ms, came_ms, memory_order_relaxed);
}

int64_t voc_metric_lag_seconds(int64_t now_ms)
{
	int64_t came_ms = get(&done_ms);
	if (voc_metric_get(VOC_METRIC_LAG) <= 0 || came_ms <= 0 || came_ms > now_ms)
		return 0;
	return (now_ms - came_ms) / 1000;
}

void voc_metric_add_labelled(enum voc_labelled_metric metric, int value, int64_t by)
{
	if (value >= 0 && value < labelled[metric].count)
		add(&labelled_values[metric][value], by);
}

int64_t voc_metric_get_labelled(enum voc_labelled_metric metric, int value)
{
	return value >= 0 && value < labelled[metric].count ? get(&labelled_values[metric][value]) : 0;
}

static void add_head(struct voc_buf *buf, const char *name, const char *help, const char *kind)
{
	voc_buf_addf(buf, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind);
}

/* Microseconds as seconds, without the zeros at the end. */
static void add_seconds(struct voc_buf *buf, int64_t us)
{
	voc_buf_add_i64(buf, us / 1000000);
	int64_t rest = us % 1000000;
	if (rest == 0)
		return;
	int digits = 6;
	for (; rest % 10 == 0; rest /= 10)
		digits--;
	voc_buf_addf(buf, ".%0*lld", digits, (long long)rest);
}

static void render_histogram(struct voc_buf *buf, const char *name, const struct histogram *histogram)
{
	int64_t total = 0;
	for (size_t i = 0; i < BOUND_COUNT; i++) {
		total += get(&histogram->buckets[i]);
		voc_buf_addf(buf, "%s_bucket{le=\"", name);
		add_seconds(buf, bounds_us[i]);
		voc_buf_addf(buf, "\"} %lld\n", (long long)total);
	}
	total += get(&histogram->buckets[BOUND_COUNT]);
	voc_buf_addf(buf, "%s_bucket{le=\"+Inf\"} %lld\n%s_sum ", name, (long long)total, name);
	add_seconds(buf, get(&histogram->sum_us));
	voc_buf_addf(buf, "\n%s_count %lld\n", name, (long long)total);
}

static void render_labelled(struct voc_buf *buf, enum voc_labelled_metric metric)
{
	add_head(buf, labelled[metric].name, labelled[metric].help, kind_names[COUNTER]);
	for (int value = 0; value < labelled[metric].count; value++)
		voc_buf_addf(buf, "%s{%s=\"%s\"} %lld\n", labelled[metric].name, labelled[metric].label,
		             labelled[metric].value_name(value), (long long)get(&labelled_values[metric][value]));
}

/* The names are those of Prometheus' own client libraries. */
static void render_process(struct voc_buf *buf)
{
	struct voc_process_stats stats;
	voc_process_stats_read(&stats);
	add_head(buf, "process_cpu_seconds_total", "User and system CPU time", "counter");
	voc_buf_add_str(buf, VOC_STR("process_cpu_seconds_total "));
	add_seconds(buf, stats.cpu_us);
	voc_buf_add_char(buf, '\n');
	add_head(buf, "process_resident_memory_bytes", "Resident memory", "gauge");
	voc_buf_addf(buf, "process_resident_memory_bytes %lld\n", (long long)stats.resident_bytes);
	add_head(buf, "process_open_fds", "Open file descriptors", "gauge");
	voc_buf_addf(buf, "process_open_fds %lld\n", (long long)stats.open_fds);
	add_head(buf, "process_start_time_seconds", "When the process began, since 1970", "gauge");
	voc_buf_add_str(buf, VOC_STR("process_start_time_seconds "));
	add_seconds(buf, stats.started_ms * 1000);
	voc_buf_add_char(buf, '\n');
}

void voc_metrics_render(struct voc_buf *buf, const char *service)
{
	add_head(buf, PREFIX "build_info", "1; which program this is", "gauge");
	voc_buf_addf(buf, PREFIX "build_info{service=\"%s\",version=\"%s\"} 1\n", service, VOC_VERSION);
	for (int i = 0; i < VOC_METRIC_COUNT; i++) {
		add_head(buf, metrics[i].name, metrics[i].help, kind_names[metrics[i].kind]);
		if (metrics[i].kind == HISTOGRAM)
			render_histogram(buf, metrics[i].name, &histograms[i]);
		else
			voc_buf_addf(buf, "%s %lld\n", metrics[i].name, (long long)get(&values[i]));
	}
	for (int i = 0; i < VOC_LABELLED_COUNT; i++)
		render_labelled(buf, (enum voc_labelled_metric)i);
	render_process(buf);
}

static const char markdown_head[] =
        "# Metrics\n"
        "\n"
        "Generated from common/io/service/metrics.h; `docgen` writes it, a test compares it.\n"
        "\n"
        "Each service serves them at `/metrics` in Prometheus' text format, all of them: what a service doesn't do "
        "stays\n"
        "at 0. Histograms are in seconds, with bounds from 100 µs to 10 s, three a decade.\n"
        "\n"
        "| metric | kind | labels | what |\n"
        "|---|---|---|---|\n"
        "| `voc_build_info` | gauge | service, version | 1; which program this is |\n";

static const char markdown_tail[] = "| `process_cpu_seconds_total` | counter | | User and system CPU time |\n"
                                    "| `process_resident_memory_bytes` | gauge | | Resident memory |\n"
                                    "| `process_open_fds` | gauge | | Open file descriptors |\n"
                                    "| `process_start_time_seconds` | gauge | | When the process began, since 1970 |\n";

void voc_metrics_markdown(struct voc_buf *buf)
{
	voc_buf_add_str(buf, voc_str_from(markdown_head));
	for (int i = 0; i < VOC_METRIC_COUNT; i++)
		voc_buf_addf(buf, "| `%s` | %s | | %s |\n", metrics[i].name, kind_names[metrics[i].kind],
		             metrics[i].help);
	for (int i = 0; i < VOC_LABELLED_COUNT; i++) {
		voc_buf_addf(buf, "| `%s` | counter | %s: ", labelled[i].name, labelled[i].label);
		for (int value = 0; value < labelled[i].count; value++)
			voc_buf_addf(buf, "%s%s", value ? ", " : "", labelled[i].value_name(value));
		voc_buf_addf(buf, " | %s |\n", labelled[i].help);
	}
	voc_buf_add_str(buf, voc_str_from(markdown_tail));
}
