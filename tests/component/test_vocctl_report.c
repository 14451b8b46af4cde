/* vocctl report and lapsed, as programs, against a redis-server of the test's own. */
#include "base/clock.h"
#include "support/program_run.h"
#include "support/redis_server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <jansson.h>

#define RULES VOC_SOURCE_DIR "/deploy/rules.json"

static struct redis_server server;
static struct program_run run;

/* 20768 is 2026-11-11. Team A is surely better than B; C's three contacts are all delighted. */
static int start(void **state)
{
	(void)state;
	redis_server_start(&server, NULL);
	setenv("VOC_REDIS_URL", server.url, 1);
	REDIS_DO(&server, "HSET", "voc:meta", "partitions", "24", "state_version", "3");
	REDIS_DO(&server, "HSET", "voc:{3}:index:20768", "contacts", "700", "complaints", "300", "churn_intents", "9",
	         "n", "493", "sum", "30900", "n:team:A", "300", "sum:team:A", "27000", "n:team:B", "190", "sum:team:B",
	         "3600", "n:team:C", "3", "sum:team:C", "300", "names", "4", "pairs", "4", "perceived", "10",
	         "expected", "16", "gap:communication", "5", "gap_weak:communication", "2", "gap_late:communication",
	         "4", "need:time", "20", "need_unmet:time", "15", "n:servqual:reliability", "100",
	         "sum:servqual:reliability", "4000", "n:servqual:tangibles", "50", "sum:servqual:tangibles", "500");
	REDIS_DO(&server, "HSET", "voc:{5}:index:20769", "contacts", "300", "n", "300", "sum", "23900", "n:team:A",
	         "100", "sum:team:A", "9000", "n:team:B", "200", "sum:team:B", "14900", "names", "2",
	         "gap:communication", "1", "gap_weak:communication", "1", "need:time", "1", "n:agent:", "7",
	         "sum:agent:", "0", "case:opened", "40", "case:opened:team:A", "40", "case:reopened:team:A", "10",
	         "case:recovered:team:A", "20", "case:resolved:team:A", "30", "case:respond_overdue:team:A", "3",
	         "case:resolve_overdue:team:A", "4", "case:silent:team:A", "5", "case:reopened:team:B", "1",
	         "case:recovered:team:B", "9", "case:opened:cause:emotion", "41");
	REDIS_DO(&server, "HSET", "voc:{5}:index:20800", "contacts", "1", "n", "1", "sum", "0");
	return 0;
}

static int stop(void **state)
{
	(void)state;
	redis_server_stop(&server);
	return 0;
}

static void test_teams_and_what_their_intervals_tell(void **state)
{
	(void)state;
	PROGRAM_RUN(&run, NULL, "vocctl", "report", "--by", "team", "--from", "2026-11-11", "--to", "2026-11-12");
	assert_string_equal(run.err, "");
	assert_int_equal(run.status, 0);
	assert_string_equal(
	        run.out,
	        "2026-11-11 to 2026-11-12 (2 days, UTC): 1000 contacts, 300 complaints, 9 that they leave\n"
	        "satisfaction index 69.1 of 100 (95 % interval 65.8 to 72.3, n 793)\n"
	        "perceived 2.5 - expected 4.0 = -1.5 (of 5, n 4)\n"
	        "\n"
	        "quality gap                  contacts  weak evidence  after a late delivery\n"
	        "  4 communication                   6              3                      4\n"
	        "\n"
	        "need                         contacts  of these in trouble\n"
	        "  time                             21                   15\n"
	        "\n"
	        "cases by team               begun  resolved  recovered   rate   95 % interval   late  silent\n"
	        "  A                           50        30         20   40.0   27.6 -  53.9       7       5\n"
	        "  B                            1*        0          9  100.0   20.6 - 100.0       0       0\n"
	        "\n"
	        "team                        index   95 % interval         n     rank  importance  driver\n"
	        "  A                          90.0   86.6 -  92.6       400      1-2      50.4 %     5.0\n"
	        "  C                         100.0   43.8 - 100.0         3*     1-3       0.3 %     0.0\n"
	        "  B                          47.4   42.5 -  52.4       390      2-3      49.1 %    25.8\n"
	        "\n"
	        "* a small sample, fewer than 30\n"
	        "rank: \"2-4\" may be any of these, since the intervals overlap: no order among them is told\n");
}

static void test_json(void **state)
{
	(void)state;
	PROGRAM_RUN(&run, NULL, "vocctl", "report", "--by", "team", "--from", "2026-11-11", "--to", "2026-11-12",
	            "--json");
	assert_int_equal(run.status, 0);
	json_t *report = json_loads(run.out, 0, NULL);
	const char *from, *to, *name;
	double mean, gap, importance;
	int contacts, small, ranked, best, worst, count, weak;
	assert_non_null(report);
	assert_int_equal(json_unpack(report, "{s:s,s:s,s:i,s:{s:F},s:{s:F}}", "from", &from, "to", &to, "contacts",
	                             &contacts, "all", "index", &mean, "expectation", "gap", &gap),
	                 0);
	assert_string_equal(from, "2026-11-11");
	assert_string_equal(to, "2026-11-12");
	assert_int_equal(contacts, 1000);
	assert_true(mean == 69.1 && gap == -1.5);
	json_t *entry = json_array_get(json_object_get(report, "entries"), 1);
	assert_int_equal(json_unpack(entry, "{s:s,s:b,s:b,s:i,s:i,s:F}", "name", &name, "small", &small, "ranked",
	                             &ranked, "rank_best", &best, "rank_worst", &worst, "importance", &importance),
	                 0);
	assert_string_equal(name, "C");
	assert_true(small && !ranked && best == 1 && worst == 3 && importance == 0.003);
	json_t *told = json_array_get(json_object_get(report, "gaps"), 3);
	assert_int_equal(json_unpack(told, "{s:i,s:i}", "contacts", &count, "weak", &weak), 0);
	assert_true(count == 6 && weak == 3);
	json_t *need = json_array_get(json_object_get(report, "needs"), 0);
	assert_int_equal(json_unpack(need, "{s:s,s:i,s:i}", "name", &name, "contacts", &count, "unmet", &weak), 0);
	assert_string_equal(name, "time");
	assert_true(count == 21 && weak == 15);
	json_t *recovered = json_array_get(json_object_get(report, "recovery"), 0);
	assert_int_equal(json_unpack(recovered, "{s:i,s:F}", "begun", &count, "rate", &mean), 0);
	assert_true(count == 50 && mean == 40.0);
	json_decref(report);
}

/* A dimension that matters comes before one that does worse. */
static void test_drivers_by_the_rules_in_force(void **state)
{
	(void)state;
	static const char reliability[] = "  reliability                40.0",
	                  tangibles[] = "  tangibles                  10.0";
	PROGRAM_RUN(&run, NULL, "vocctl", "report", "--from", "2026-11-11", "--to", "2026-11-11");
	assert_int_equal(run.status, 0);
	const char *first = strstr(run.out, reliability), *second = strstr(run.out, tangibles);
	assert_true(first && second && first < second);
	assert_non_null(strstr(first, "32.0 %    19.2\n"));
	assert_non_null(strstr(second, "11.0 %     9.9\n"));
	char rules[16384];
	FILE *file = fopen(RULES, "r");
	assert_non_null(file);
	size_t len = fread(rules, 1, sizeof rules - 1, file);
	fclose(file);
	rules[len] = '\0';
	char *reliable = strstr(rules, "\"reliability\": 32"), *tangible = strstr(rules, "\"tangibles\": 11");
	assert_true(reliable && tangible);
	memcpy(reliable, "\"reliability\": 10", strlen("\"reliability\": 10"));
	memcpy(tangible, "\"tangibles\": 33", strlen("\"tangibles\": 33"));
	REDIS_DO(&server, "HSET", "voc:{2}:position", "rules_body", rules);
	PROGRAM_RUN(&run, NULL, "vocctl", "report", "--from", "2026-11-11", "--to", "2026-11-11");
	assert_int_equal(run.status, 0);
	first = strstr(run.out, reliability);
	second = strstr(run.out, tangibles);
	assert_true(first && second && second < first);
	assert_non_null(strstr(second, "33.0 %    29.7\n"));
}

static void test_days_are_a_series(void **state)
{
	(void)state;
	PROGRAM_RUN(&run, NULL, "vocctl", "report", "--by", "day", "--from", "2026-10-20", "--to", "2026-11-30");
	assert_int_equal(run.status, 0);
	assert_non_null(strstr(run.out, "day                         index   95 % interval         n\n"
	                                "  2026-11-11                 62.6   58.3 -  66.9       493 \n"
	                                "  2026-11-12                 79.6   74.7 -  83.9       300 \n\n"));
	assert_null(strstr(run.out, "rank"));
}

static void test_names_beyond_those_of_a_day(void **state)
{
	(void)state;
	PROGRAM_RUN(&run, NULL, "vocctl", "report", "--by", "agent", "--from", "2026-11-12", "--to", "2026-11-12");
	assert_int_equal(run.status, 0);
	assert_non_null(strstr(run.out, "cases by cause"));
	assert_non_null(strstr(run.out, "  (others)                    0.0    0.0 -  35.5         7*"));
}

static void add_customer(int partition, const char *id, int64_t last_ms, const char *name, const char *value)
{
	char key[64], at[32];
	snprintf(key, sizeof key, "voc:{%d}:customer:%s", partition, id);
	snprintf(at, sizeof at, "%lld", (long long)last_ms);
	REDIS_DO(&server, "HSET", key, "last_at", at, "satisfaction_index", "40", "complaint", "2", "risk_state",
	         "normal", name, value);
}

static void test_whom_to_win_back(void **state)
{
	(void)state;
	const int64_t day_ms = 86400000, now_ms = voc_clock_wall_ms();
	add_customer(0, "fresh", now_ms - 10 * day_ms, "value", "900000");
	add_customer(1, "silent", now_ms - 100 * day_ms - 1000, "events", "1");
	add_customer(1, "long-silent", now_ms - 200 * day_ms - 1000, "events", "1");
	add_customer(2, "valuable", now_ms - 95 * day_ms - 1000, "value", "70000");
	add_customer(23, "고객", now_ms - 5 * day_ms - 1000, "lapsed_at", "1795000000000");
	add_customer(4, "ordered", now_ms - 300 * day_ms, "order_last_at", "4102444800000");
	PROGRAM_RUN(&run, NULL, "vocctl", "lapsed");
	assert_int_equal(run.status, 0);
	assert_string_equal(run.err, "4 to win back\n");
	const char *valuable = strstr(run.out, "valuable"), *longest = strstr(run.out, "long-silent"),
	           *silent = strstr(run.out, "\nsilent"), *lapsed = strstr(run.out, "고객");
	assert_true(valuable && longest && silent && lapsed);
	assert_true(valuable < longest && longest < silent && silent < lapsed);
	assert_null(strstr(run.out, "fresh"));
	assert_null(strstr(run.out, "ordered"));
	PROGRAM_RUN(&run, NULL, "vocctl", "lapsed", "--top", "1", "--days", "150", "--json");
	assert_int_equal(run.status, 0);
	json_t *row = json_loads(run.out, 0, NULL);
	const char *id;
	int days, has_lapsed;
	assert_int_equal(
	        json_unpack(row, "{s:s,s:i,s:b}", "customer_id", &id, "silent_days", &days, "lapsed", &has_lapsed), 0);
	assert_string_equal(id, "long-silent");
	assert_true(days == 200 && !has_lapsed);
	json_decref(row);
	PROGRAM_RUN(&run, NULL, "vocctl", "lapsed", "--days", "3000");
	assert_string_equal(run.err, "1 to win back\n");
	assert_non_null(strstr(run.out, "lapsed"));
}

static void test_nothing_and_nonsense(void **state)
{
	(void)state;
	PROGRAM_RUN(&run, NULL, "vocctl", "report", "--from", "2026-01-01", "--to", "2026-01-02");
	assert_int_equal(run.status, 0);
	assert_non_null(strstr(run.out, "no contact says how satisfied it was\n\nno scores by servqual\n"));
	PROGRAM_RUN(&run, NULL, "vocctl", "report", "--by", "mood");
	assert_int_equal(run.status, 2);
	assert_non_null(strstr(run.err, "--by takes"));
	PROGRAM_RUN(&run, NULL, "vocctl", "report", "--from", "2026-11-12", "--to", "2026-11-11");
	assert_int_equal(run.status, 2);
	PROGRAM_RUN(&run, NULL, "vocctl", "report", "--from", "2020-11-12", "--to", "2026-11-11");
	assert_int_equal(run.status, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_teams_and_what_their_intervals_tell),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_drivers_by_the_rules_in_force),
		cmocka_unit_test(test_days_are_a_series),
		cmocka_unit_test(test_names_beyond_those_of_a_day),
		cmocka_unit_test(test_whom_to_win_back),
		cmocka_unit_test(test_nothing_and_nonsense),
	};
	return cmocka_run_group_tests(tests, start, stop);
}
