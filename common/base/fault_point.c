#include "base/fault_point.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#define EXIT_STATUS 1

static const char *const names[VOC_FAULT_POINT_COUNT] = {
#define X(symbol, name, where) [symbol] = name,
	VOC_FAULT_POINTS_TABLE(X)
#undef X
};

static const char *const deeds[] = {
	[VOC_FAULT_KILL] = "kill",
	[VOC_FAULT_STOP] = "stop",
	[VOC_FAULT_EXIT] = "exit",
};

static struct {
	pthread_once_t read;
	struct voc_fault_plan plan; /* nth 0: none */
	_Atomic int64_t passed;
} fault = { .read = PTHREAD_ONCE_INIT };

const char *voc_fault_point_name(enum voc_fault_point point)
{
	return (unsigned)point < VOC_FAULT_POINT_COUNT ? names[point] : "unknown";
}

bool voc_fault_plan_parse(struct voc_str text, struct voc_fault_plan *ret_plan)
{
	int64_t nth;
	int point = voc_str_index(voc_str_take_until(&text, ':'), names, VOC_FAULT_POINT_COUNT);
	bool counted = voc_str_to_i64(voc_str_take_until(&text, ':'), &nth) && nth > 0;
	int deed = voc_str_index(text, deeds, sizeof deeds / sizeof *deeds);
	if (point < 0 || !counted || deed < 0)
		return false;
	*ret_plan = (struct voc_fault_plan){ (enum voc_fault_point)point, nth, (enum voc_fault_deed)deed };
	return true;
}

static void read_plan(void)
{
	const char *text = getenv(VOC_FAULT_VARIABLE);
	if (text && !voc_fault_plan_parse(voc_str_from(text), &fault.plan))
		abort();
}

void voc_fault_point_pass(enum voc_fault_point point)
{
	pthread_once(&fault.read, read_plan);
	if (fault.plan.point != point || atomic_fetch_add(&fault.passed, 1) + 1 != fault.plan.nth)
		return;
	if (fault.plan.deed == VOC_FAULT_EXIT)
		_exit(EXIT_STATUS);
	raise(fault.plan.deed == VOC_FAULT_STOP ? SIGSTOP : SIGKILL);
}
