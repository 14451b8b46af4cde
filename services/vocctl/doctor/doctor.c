/* vocctl doctor: runs every look, and says what it found: one line a check, or one JSON object. */
#include "doctor.h"

#include "base/json_write.h"
#include "vocctl/commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define JSON_MAX_BYTES 65536

enum { FLAG_JSON, FLAG_LAG, FLAG_WATCH, FLAG_COUNT };

static const struct vocctl_flag flags[FLAG_COUNT] = {
	[FLAG_JSON] = { "json", VOCCTL_SWITCH, NULL, 0, 0, 0, "One JSON object" },
	[FLAG_LAG] = { "lag", VOCCTL_COUNT, "N", 0, 1000000000000, 10000, "Records behind that are too many" },
	[FLAG_WATCH] = { "watch-ms", VOCCTL_COUNT, "MS", 0, 600000, 2000,
	                 "How long to watch whether lags and dead letters grow" },
};

static const struct {
	const char *id, *well, *why, *remedy;
} checks[DOCTOR_CHECK_COUNT] = {
#define X(symbol, id, well, why, remedy) [symbol] = { id, well, why, remedy },
	DOCTOR_CHECKS(X)
#undef X
};

static const char *const verdicts[DOCTOR_VERDICT_COUNT] = { "unknown", "ok", "warn", "fail" };

void doctor_tell(struct doctor *doctor, enum doctor_check check, enum doctor_verdict verdict, const char *format, ...)
{
	struct doctor_result *result = &doctor->results[check];
	if (verdict < result->verdict)
		return;
	size_t used = verdict == result->verdict ? strlen(result->found) : 0;
	char text[DOCTOR_FOUND_SIZE];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	result->verdict = verdict;
	snprintf(result->found + used, sizeof result->found - used, "%s%s", used > 0 ? "; " : "", text);
}

/* What no look came to, since what it needs is out of reach. */
static void explain_unknown(struct doctor *doctor)
{
	for (int i = 0; i < DOCTOR_CHECK_COUNT; i++) {
		if (doctor->results[i].verdict == DOCTOR_UNKNOWN)
			voc_str_copy(doctor->results[i].found, sizeof doctor->results[i].found,
			             VOC_STR("could not be looked at"));
	}
}

static size_t count(const struct doctor *doctor, enum doctor_verdict verdict)
{
	size_t found = 0;
	for (int i = 0; i < DOCTOR_CHECK_COUNT; i++)
		found += doctor->results[i].verdict == verdict;
	return found;
}

static void print_text(const struct doctor *doctor)
{
	for (int i = 0; i < DOCTOR_CHECK_COUNT; i++) {
		const struct doctor_result *result = &doctor->results[i];
		printf("%-8s%s: %s", verdicts[result->verdict], checks[i].id, result->found);
		if (result->verdict > DOCTOR_OK)
			printf(" | wanted: %s | why: %s | do: %s", checks[i].well, checks[i].why, checks[i].remedy);
		putchar('\n');
	}
	printf("%zu ok, %zu to look at, %zu wrong, %zu not known\n", count(doctor, DOCTOR_OK),
	       count(doctor, DOCTOR_WARN), count(doctor, DOCTOR_FAIL), count(doctor, DOCTOR_UNKNOWN));
}

static void print_json(const struct doctor *doctor)
{
	struct voc_buf buf;
	struct voc_json_writer json;
	voc_buf_init(&buf, JSON_MAX_BYTES);
	voc_json_begin(&json, &buf);
	voc_json_object(&json);
	voc_json_key(&json, "checks");
	voc_json_array(&json);
	for (int i = 0; i < DOCTOR_CHECK_COUNT; i++) {
		voc_json_object(&json);
		voc_json_member_str(&json, "check", voc_str_from(checks[i].id));
		voc_json_member_str(&json, "verdict", voc_str_from(verdicts[doctor->results[i].verdict]));
		voc_json_member_str(&json, "found", voc_str_from(doctor->results[i].found));
		voc_json_member_str(&json, "wanted", voc_str_from(checks[i].well));
		voc_json_member_str(&json, "why", voc_str_from(checks[i].why));
		voc_json_member_str(&json, "do", voc_str_from(checks[i].remedy));
		voc_json_object_end(&json);
	}
	voc_json_array_end(&json);
	voc_json_member_i64(&json, "warned", (int64_t)count(doctor, DOCTOR_WARN));
	voc_json_member_i64(&json, "failed", (int64_t)count(doctor, DOCTOR_FAIL));
	voc_json_object_end(&json);
	puts(voc_buf_c_str(&buf));
	voc_buf_free(&buf);
}

void doctor_markdown(struct voc_buf *buf)
{
	voc_buf_add_str(
	        buf,
	        VOC_STR("# What vocctl doctor looks at\n\n"
	                "Generated from services/vocctl/doctor/doctor.h; `docgen` writes it, a test compares it.\n\n"
	                "`ok` is well, `warn` is to be looked at, `fail` is wrong (exit status 1), `unknown` "
	                "could not be looked at.\n\n"
	                "| check | well when | why it matters | what to do |\n|---|---|---|---|\n"));
	for (int i = 0; i < DOCTOR_CHECK_COUNT; i++)
		voc_buf_addf(buf, "| `%s` | %s | %s | %s |\n", checks[i].id, checks[i].well, checks[i].why,
		             checks[i].remedy);
}

static int run(const struct voc_conf *conf, const struct vocctl_arguments *arguments)
{
	struct doctor *doctor = calloc(1, sizeof *doctor);
	if (!doctor)
		return VOCCTL_FAILED;
	doctor->conf = conf;
	doctor->environment = environ;
	doctor->lag_limit = arguments->flags[FLAG_LAG].number;
	doctor->watch_ms = arguments->flags[FLAG_WATCH].number;
	doctor_look_at_files(doctor);
	doctor_look_at_kafka(doctor);
	doctor_look_at_topics(doctor);
	doctor_look_at_flow(doctor);
	doctor_look_at_redis(doctor);
	explain_unknown(doctor);
	if (arguments->flags[FLAG_JSON].given)
		print_json(doctor);
	else
		print_text(doctor);
	bool sick = count(doctor, DOCTOR_FAIL) > 0;
	voc_admin_free(doctor->admin);
	free(doctor);
	return sick ? VOCCTL_FAILED : VOCCTL_OK;
}

const struct vocctl_command vocctl_command_doctor = {
	.name = "doctor",
	.summary = "Look at everything that a run depends on, and name what is wrong",
	.description = "Files, Kafka and its topics, groups, lags, dead letters, clocks and Redis, as they are seen "
	               "from here with\n"
	               "this configuration. A line for each: its verdict, what was found, and for warn and fail why it "
	               "matters\n"
	               "and what to do. The exit status is 1 if anything is wrong. It changes nothing.\n",
	.flags = flags,
	.flag_count = FLAG_COUNT,
	.run = run,
};
