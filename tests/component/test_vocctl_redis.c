/* vocctl customer, at-risk and watch --once, as programs, against a redis-server of the test's own. */
#include "base/hash.h"
#include "core/rules/rules.h"
#include "io/redis/redis_keys.h"
#include "support/mock_kafka.h"
#include "support/program_run.h"
#include "support/redis_server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <jansson.h>

#define PARTITIONS 24

static struct redis_server server;
static struct mock_kafka mock;
static struct program_run run;

/* A key of the customer's partition, in a buffer of its own. */
static const char *key_of(const char *id, bool customer)
{
	static char keys[2][VOC_REDIS_KEY_SIZE + 1];
	struct voc_redis_key key;
	int32_t partition = voc_partition_of(voc_str_from(id), PARTITIONS);
	struct voc_str name = customer ? voc_redis_key_customer(&key, partition, voc_str_from(id))
	                               : voc_redis_key_at_risk(&key, partition);
	voc_str_copy(keys[customer], sizeof keys[customer], name);
	return keys[customer];
}

static void add_customer(const char *id, const char *risk, const char *state)
{
	REDIS_DO(&server, "HSET", key_of(id, true), "events", "12", "duplicates", "1", "complaint", "7", "question",
	         "5", "dissatisfied", "7", "factor:equity", "2", "servqual:reliability", "4", "channel:call", "12",
	         "churn_intents", "1", "satisfaction_index", "31", "risk", risk, "risk_state", state, "first_at",
	         "1795219200000", "last_at", "1795221000000", "last_event", "e-77", "alert:churn_intent",
	         "1795221000000:2", "contributions",
	         "[{\"id\":\"e-77\",\"time\":\"2026-11-21T00:30:00.000Z\",\"points\":35500,\"terms\":{\"complaint\":"
	         "12000,\"satisfied\":-500},\"feedback_type\":"
	         "\"complaint\","
	         "\"satisfaction\":\"dissatisfied\",\"primary_factor\":\"equity\",\"servqual\":\"reliability\","
	         "\"churn_intent\":true,\"evidence\":[\"해지할게요\"]}]");
	REDIS_DO(&server, "ZADD", key_of(id, false), risk, id);
}

static int start(void **state)
{
	(void)state;
	redis_server_start(&server, NULL);
	mock_kafka_start(&mock);
	setenv("VOC_KAFKA_BOOTSTRAP", mock.conf.kafka_bootstrap, 1);
	setenv("VOC_REDIS_URL", server.url, 1);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	mock_kafka_stop(&mock);
	redis_server_stop(&server);
	return 0;
}

static void test_without_an_aggregator_it_says_so(void **state)
{
	(void)state;
	PROGRAM_RUN(&run, NULL, "vocctl", "customer", "C-1");
	assert_int_equal(run.status, 1);
	assert_non_null(strstr(run.err, "no aggregator has run"));
	REDIS_DO(&server, "HSET", "voc:meta", "partitions", "24", "state_version", "3");
	PROGRAM_RUN(&run, NULL, "vocctl", "customer", "C-1");
	assert_int_equal(run.status, 1);
	assert_non_null(strstr(run.err, "nothing is known of this customer"));
	assert_string_equal(run.out, "");
	add_customer("C-1", "82", "critical");
	add_customer("고객-2", "61", "at_risk");
	add_customer("C-3", "95", "critical");
}

static void test_customer_is_a_page(void **state)
{
	(void)state;
	PROGRAM_RUN(&run, NULL, "vocctl", "customer", "C-1");
	assert_int_equal(run.status, 0);
	assert_string_equal(
	        run.out,
	        "C-1   risk 82 ████████████████░░░░ critical   satisfaction 31 of 100\n"
	        "  contacts      12 (and 1 sent twice), from 2026-11-21 00:00:00Z to 2026-11-21 00:30:00Z; last e-77\n"
	        "  types         complaint 7, question 5\n"
	        "  satisfaction  dissatisfied 7\n"
	        "  factors       equity 2\n"
	        "  servqual      reliability 4\n"
	        "  channels      call 12\n"
	        "  leaving       churn_intents 1\n"
	        "  alert         2026-11-21 00:30:00Z churn_intent\n"
	        "  risk from     2026-11-21T00:30  +35.5  complaint dissatisfied equity reliability leaving  "
	        "(complaint 12.0, satisfied -0.5)  “해지할게요”\n");
}

static void test_customer_is_json(void **state)
{
	(void)state;
	PROGRAM_RUN(&run, NULL, "vocctl", "customer", "--json", "고객-2");
	assert_int_equal(run.status, 0);
	json_t *root = json_loads(run.out, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(root);
	assert_string_equal(json_string_value(json_object_get(root, "customer_id")), "고객-2");
	assert_int_equal(json_integer_value(json_object_get(root, "partition")),
	                 voc_partition_of(VOC_STR("고객-2"), PARTITIONS));
	assert_int_equal(json_integer_value(json_object_get(root, "risk")), 61);
	assert_string_equal(json_string_value(json_object_get(root, "risk_state")), "at_risk");
	assert_int_equal(json_array_size(json_object_get(root, "contributions")), 1);
	json_decref(root);
}

#define RECORD(type, id, time, data)                                                                              \
	"{\"specversion\":\"1.0\",\"id\":\"" id "\",\"source\":\"/s\",\"type\":\"" type "\",\"subject\":\"C-1\"," \
	"\"time\":\"2026-11-" time                                                                                \
	".000Z\",\"datacontenttype\":\"application/json\",\"data\":{\"customer_id\":\"C-1\"," data "}}"
#define CONTACT                                                                                                        \
	"\"channel\":\"call\",\"lang\":\"ko\",\"rating\":2,\"expected\":4,\"team\":\"retention\",\"feedback_type\":"   \
	"\"complaint\",\"satisfaction\":\"dissatisfied\",\"primary_factor\":\"equity\",\"servqual\":\"reliability\","  \
	"\"churn_intent\":true,\"evidence\":[{\"text\":\"약속\"}],\"gap\":{\"name\":\"communication\",\"strength\":" \
	"\"fair\"}"

static void send_record(struct voc_producer *producer, const char *key, const char *value)
{
	mock_send(producer, "voc.classified", voc_partition_of(VOC_STR("C-1"), PARTITIONS), key, value, 1795253400000);
}

/* All kinds of records, by their times; once each; and only the customer's. */
static void test_a_journey_from_the_log(void **state)
{
	(void)state;
	static const char contact[] = RECORD("voc.classified", "e-2", "21T09:30:00", CONTACT);
	mock_kafka_topic(&mock, "voc.classified", PARTITIONS);
	struct voc_producer *producer = mock_producer(&mock);
	send_record(producer, "C-1", RECORD("voc.order", "o-0", "01T00:00:00", "\"order_id\":\"FORGOTTEN\""));
	send_record(producer, "C-1", RECORD("voc.forget", "f-0", "02T00:00:00", "\"by\":\"dpo\""));
	send_record(producer, "C-1", contact);
	send_record(producer, "C-1", contact);
	send_record(producer, "C-9", RECORD("voc.order", "o-9", "20T00:00:00", "\"order_id\":\"ANOTHERS\""));
	send_record(producer, "C-1",
	            RECORD("voc.order", "o-1", "20T10:00:00", "\"status\":\"placed\",\"amount\":32000,\"x\":[]"));
	send_record(producer, "C-1", "no JSON");
	mock_flush(producer);
	voc_producer_free(producer);
	PROGRAM_RUN(&run, NULL, "vocctl", "customer", "C-1", "--timeline", "10");
	assert_string_equal(run.err, "");
	assert_int_equal(run.status, 0);
	const char *journey = strstr(run.out, "\njourney\n");
	assert_non_null(journey);
	assert_string_equal(journey, "\njourney\n"
	                             "  2026-11-20 10:00:00Z  order        status placed, amount 32000\n"
	                             "  2026-11-21 09:30:00Z  call         complaint dissatisfied equity reliability "
	                             "leaving; rating 2, expected 4; gap communication, fair; retention  “약속”\n");
	PROGRAM_RUN(&run, NULL, "vocctl", "customer", "C-1", "--timeline", "1", "--json");
	assert_int_equal(run.status, 0);
	json_t *root = json_loads(run.out, JSON_REJECT_DUPLICATES, NULL), *timeline = json_object_get(root, "timeline");
	assert_int_equal(json_array_size(timeline), 1);
	assert_string_equal(json_string_value(json_object_get(json_array_get(timeline, 0), "id")), "o-1");
	json_decref(root);
}

static void test_the_next_step_is_what_the_last_alert_advises(void **state)
{
	(void)state;
	char rules[VOC_RULES_MAX_BYTES], key[64];
	FILE *file = fopen(VOC_SOURCE_DIR "/deploy/rules.json", "r");
	assert_non_null(file);
	rules[fread(rules, 1, sizeof rules - 1, file)] = '\0';
	fclose(file);
	snprintf(key, sizeof key, "voc:{%d}:position", (int)voc_partition_of(VOC_STR("C-1"), PARTITIONS));
	REDIS_DO(&server, "HSET", key, "rules_body", rules);
	REDIS_DO(&server, "HSET", key_of("C-1", true), "alert:risk_raised", "1795200000000:2");
	PROGRAM_RUN(&run, NULL, "vocctl", "customer", "C-1");
	assert_int_equal(run.status, 0);
	assert_non_null(strstr(run.out, "\n  next step     Call today, in person."));
	PROGRAM_RUN(&run, NULL, "vocctl", "customer", "C-1", "--json");
	json_t *root = json_loads(run.out, JSON_REJECT_DUPLICATES, NULL), *step = json_object_get(root, "next_step");
	assert_string_equal(json_string_value(json_object_get(step, "rule")), "churn_intent");
	assert_non_null(strstr(json_string_value(json_object_get(step, "ko")), "오늘 안에"));
	json_decref(root);
}

static void add_account(const char *id)
{
	char position[64];
	snprintf(position, sizeof position, "voc:{%d}:position", (int)voc_partition_of(voc_str_from(id), PARTITIONS));
	REDIS_DO(&server, "COPY", "rules", position);
	REDIS_DO(&server, "HSET", position, "values", "0:4,185:1");
	REDIS_DO(&server, "HSET", key_of(id, true), "events", "2", "risk", "60", "risk_state", "at_risk", "troubles",
	         "1795219200000:equity:c", "profile_at", "1795000000000", "profile",
	         "{\"name\":\"김**\",\"lang\":\"ko\"}", "orders", "1", "orders_late", "1", "spent", "5000", "currency",
	         "KRW", "order_first_at", "1795100000000", "order_last_at", "1795100000000", "orders_recent",
	         "0123456789ab:1795100000000:1795200000000:5000::d:1795200000000!", "value", "3200", "stage", "client",
	         "stage_at", "1795200000000", "lapses_at", "4102444800000", "case:responsiveness",
	         "1:acknowledged:warning:1:1:2:0:ko:call:1795219200000:1795219200000:1795219300000:1795219250000::"
	         "1795220000000:4102444800000::4102444900000:team-lead:internet",
	         "cases", "1");
}

static void test_who_the_customer_is_to_us(void **state)
{
	(void)state;
	char key[64];
	snprintf(key, sizeof key, "voc:{%d}:position", (int)voc_partition_of(VOC_STR("C-1"), PARTITIONS));
	REDIS_DO(&server, "COPY", key, "rules");
	add_account("C-5");
	PROGRAM_RUN(&run, NULL, "vocctl", "customer", "C-5");
	assert_string_equal(run.err, "");
	assert_non_null(strstr(
	        run.out,
	        "\n  profile       name 김**, lang ko\n"
	        "  stage         client since 2026-11-20 18:40:00Z; lapses without an order by 2100-01-01 "
	        "00:00:00Z\n"
	        "  value         3200 KRW in a lifetime, top fifth; 1 orders, spent 5000, late 1, returned 0; "
	        "last ordered 2026-11-19 14:53:20Z\n"
	        "  priority      117 = risk 60 x stage 130 % x value 150 % x repetition 100 %\n"
	        "  case          responsiveness-1 acknowledged, warning, with team-lead; 2 contacts, reopened 0, "
	        "escalated 1, answered late; resolve by 2026-11-21 00:13:20Z (past); escalates 2100-01-01 "
	        "00:00:00Z; can: contact, resolve\n"));
	assert_non_null(strstr(run.out, "\n  next step     Unresolved, and now yours."));
	PROGRAM_RUN(&run, NULL, "vocctl", "customer", "C-5", "--json");
	json_t *root = json_loads(run.out, JSON_REJECT_DUPLICATES, NULL), *one;
	const char *stage, *rule, *state_name, *can;
	int top, score, overdue;
	assert_non_null(root);
	assert_int_equal(json_unpack(root, "{s:{s:s,s:b},s:{s:i},s:{s:s}}", "relationship", "stage", &stage,
	                             "top_fifth", &top, "priority", "score", &score, "next_step", "rule", &rule),
	                 0);
	assert_string_equal(stage, "client");
	assert_true(top && score == 117);
	assert_string_equal(rule, "case_escalated");
	one = json_array_get(json_object_get(root, "cases_now"), 0);
	assert_int_equal(
	        json_unpack(one, "{s:b,s:s,s:{s:s}}", "overdue", &overdue, "can", &can, "case", "state", &state_name),
	        0);
	assert_true(overdue);
	assert_string_equal(can, "contact, resolve");
	assert_string_equal(state_name, "acknowledged");
	json_decref(root);
	REDIS_DO(&server, "HSET", key_of("C-5", true), "case:emotion", "what is this");
	PROGRAM_RUN(&run, NULL, "vocctl", "customer", "C-5");
	assert_int_equal(run.status, 1);
	assert_non_null(strstr(run.err, "another version wrote it"));
}

static void test_at_risk_is_ordered(void **state)
{
	(void)state;
	PROGRAM_RUN(&run, NULL, "vocctl", "at-risk", "--json");
	assert_int_equal(run.status, 0);
	const char *third = strstr(run.out, "C-3"), *first = strstr(run.out, "C-1"),
	           *second = strstr(run.out, "고객-2");
	assert_true(third != NULL && first != NULL && second != NULL);
	assert_true(third < first && first < second);
	PROGRAM_RUN(&run, NULL, "vocctl", "at-risk", "--top", "1");
	assert_non_null(
	        strstr(run.out, "C-3                    95  critical            31        12           7        1"));
	assert_null(strstr(run.out, "C-1"));
	assert_non_null(strstr(run.err, "3 at risk"));
	PROGRAM_RUN(&run, NULL, "vocctl", "at-risk", "--top", "0");
	assert_int_equal(run.status, 2);
}

static void test_watch_prints_a_picture(void **state)
{
	(void)state;
	PROGRAM_RUN(&run, NULL, "vocctl", "watch", "--once");
	assert_int_equal(run.status, 0);
	assert_non_null(strstr(run.out, "redis and kafka answer"));
	assert_non_null(strstr(run.out, "CUSTOMERS AT RISK 위험 고객  3"));
	assert_non_null(strstr(run.out, "고객-2"));
	assert_null(strchr(run.out, '\x1b'));
}

static void test_redis_away_is_told(void **state)
{
	(void)state;
	redis_server_kill(&server);
	PROGRAM_RUN(&run, NULL, "vocctl", "at-risk");
	assert_int_equal(run.status, 1);
	assert_string_equal(run.out, "");
	assert_int_not_equal(run.err[0], '\0');
	PROGRAM_RUN(&run, NULL, "vocctl", "watch", "--once");
	assert_int_equal(run.status, 1);
	assert_null(strstr(run.out, "redis and kafka answer"));
	assert_non_null(strstr(run.out, "TYPE 유형"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_without_an_aggregator_it_says_so),
		cmocka_unit_test(test_customer_is_a_page),
		cmocka_unit_test(test_customer_is_json),
		cmocka_unit_test(test_a_journey_from_the_log),
		cmocka_unit_test(test_the_next_step_is_what_the_last_alert_advises),
		cmocka_unit_test(test_who_the_customer_is_to_us),
		cmocka_unit_test(test_at_risk_is_ordered),
		cmocka_unit_test(test_watch_prints_a_picture),
		cmocka_unit_test(test_redis_away_is_told),
	};
	return cmocka_run_group_tests(tests, start, stop);
}
