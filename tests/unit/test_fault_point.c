/* base/fault_point: plans are read, and done at the pass that they name, in a process of their own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fault_point.h"

static void test_names_are_distinct(void **state)
{
	(void)state;
	for (unsigned i = 0; i < VOC_FAULT_POINT_COUNT; i++) {
		for (unsigned j = 0; j < i; j++)
			assert_string_not_equal(voc_fault_point_name((enum voc_fault_point)i),
			                        voc_fault_point_name((enum voc_fault_point)j));
	}
	assert_string_equal(voc_fault_point_name(VOC_FAULT_POINT_COUNT), "unknown");
}

static void test_a_plan_is_parsed(void **state)
{
	(void)state;
	struct voc_fault_plan plan;
	assert_true(voc_fault_plan_parse(VOC_STR("aggregator-told:17:stop"), &plan));
	assert_int_equal(plan.point, VOC_FAULT_AGGREGATOR_TOLD);
	assert_int_equal(plan.nth, 17);
	assert_int_equal(plan.deed, VOC_FAULT_STOP);
}

static void test_what_is_no_plan_is_refused(void **state)
{
	(void)state;
	static const char *const bad[] = {
		"",
		"aggregator-told",
		"aggregator-told:1",
		"aggregator-told:0:kill",
		"aggregator-told:x:kill",
		"aggregator-told:1:kill:",
		"aggregator-told:1:kil",
		"aggregator:1:kill",
		":1:kill",
	};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct voc_fault_plan plan = { .nth = 99 };
		assert_false(voc_fault_plan_parse(voc_str_from(bad[i]), &plan));
		assert_int_equal(plan.nth, 99);
	}
}

/* A child passes one place, another place twice, and ends with 42 unless the plan ended it before. */
static int status_under(const char *plan)
{
	int status;
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		setenv(VOC_FAULT_VARIABLE, plan, 1);
		voc_fault_point_pass(VOC_FAULT_ALERTER_TAKEN);
		voc_fault_point_pass(VOC_FAULT_ALERTER_POSTED);
		voc_fault_point_pass(VOC_FAULT_ALERTER_POSTED);
		_exit(42);
	}
	assert_int_equal(waitpid(child, &status, WUNTRACED), child);
	if (WIFSTOPPED(status)) {
		int end;
		kill(child, SIGCONT);
		assert_int_equal(waitpid(child, &end, 0), child);
		assert_true(WIFEXITED(end) && WEXITSTATUS(end) == 42);
	}
	return status;
}

static void test_the_nth_pass_does_it(void **state)
{
	(void)state;
	int status = status_under("alerter-posted:2:kill");
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	status = status_under("alerter-posted:2:stop");
	assert_true(WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP);
	status = status_under("alerter-posted:1:exit");
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
	status = status_under("alerter-posted:3:kill");
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 42);
	status = status_under("alerter-posted");
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names_are_distinct),
		cmocka_unit_test(test_a_plan_is_parsed),
		cmocka_unit_test(test_what_is_no_plan_is_refused),
		cmocka_unit_test(test_the_nth_pass_does_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
