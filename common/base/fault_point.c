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

static bool find(struct voc_str text, const char *const *table, unsigned count, unsigned *ret_index)
{
	for (unsigned i = 0; i < count; i++) {
		if (voc_str_is(text, table[i])) {
			*ret_index = i;
			return true;
		}
	}
	return false;
}

/* Cuts the text before the first colon off; what follows stays in *rest. */
static struct voc_str cut_part(struct voc_str *rest)
{
	const char *colon = rest->len > 0 ? memchr(rest->ptr, ':', rest->len) : NULL;
	size_t len = colon ? (size_t)(colon - rest->ptr) : rest->len;
	struct voc_str part = voc_str_of(rest->ptr, len);
	size_t used = colon ? len + 1 : len;
	*rest = voc_str_of(rest->ptr + used, rest->len - used);
	return part;
}

bool voc_fault_plan_parse(struct voc_str text, struct voc_fault_plan *ret_plan)
{
	unsigned point, deed;
	int64_t nth;
	if (!find(cut_part(&text), names, VOC_FAULT_POINT_COUNT, &point))
		return false;
	if (!voc_str_to_i64(cut_part(&text), &nth) || nth < 1)
		return false;
	if (!find(text, deeds, sizeof deeds / sizeof *deeds, &deed))
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
