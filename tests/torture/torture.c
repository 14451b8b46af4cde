#include "torture/torture.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum kind { ALONE, FROM_THERE_ON, KIND_COUNT };

static struct {
	bool armed;
	int paused;
	enum kind kind;
	size_t count;   /* allocations since the run began */
	size_t fail_at; /* 0: none */
	size_t failed;
} state;

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *pointer, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *pointer, size_t size);
char *__wrap_strdup(const char *s);
char *__wrap_strndup(const char *s, size_t max);

static bool fails(void)
{
	if (!state.armed || state.paused > 0)
		return false;
	state.count++;
	bool hit = state.fail_at > 0 &&
	           (state.kind == ALONE ? state.count == state.fail_at : state.count >= state.fail_at);
	state.failed += hit;
	return hit;
}

void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *pointer, size_t size)
{
	return fails() ? NULL : __real_realloc(pointer, size);
}

char *__wrap_strndup(const char *s, size_t max)
{
	size_t len = strnlen(s, max);
	char *copy = __wrap_malloc(len + 1);
	if (copy) {
		memcpy(copy, s, len);
		copy[len] = '\0';
	}
	return copy;
}

char *__wrap_strdup(const char *s)
{
	return __wrap_strndup(s, SIZE_MAX);
}

void torture_begin(void)
{
}

void torture_pause(void)
{
	state.paused++;
}

void torture_resume(void)
{
	state.paused--;
}

/* One run with its fail_at-th allocation failing. True if that one was reached. */
static bool run_once(torture_fn *work, void *context, enum kind kind, size_t fail_at)
{
	struct voc_error error = { .position = -1 };
	state.kind = kind;
	state.count = state.failed = 0;
	state.fail_at = fail_at;
	state.paused = 0;
	state.armed = true;
	enum voc_status status = work(context, &error);
	state.armed = false;
	if (state.failed == 0) {
		if (status != VOC_OK)
			fail_msg("undisturbed it fails: %s: %s", voc_reason_name(error.reason), error.text);
		return false;
	}
	/* it may do without, but not say anything else of it */
	if (status != VOC_OK && (status == VOC_INVALID || error.reason != VOC_REASON_OUT_OF_MEMORY))
		fail_msg("allocation %zu: status %d, %s: %s", fail_at, (int)status, voc_reason_name(error.reason),
		         error.text);
	return true;
}

void torture(const char *name, torture_fn *work, void *context, size_t runs_max)
{
	size_t runs = 0;
	(void)run_once(work, context, ALONE, 0); /* what is made once for all is made here */
	(void)run_once(work, context, ALONE, 0);
	size_t sites = state.count;
	size_t step = runs_max > 0 && sites > runs_max ? sites / runs_max : 1;
	for (int kind = 0; kind < KIND_COUNT; kind++) {
		for (size_t n = 1; run_once(work, context, (enum kind)kind, n); n += step)
			runs++;
	}
	(void)run_once(work, context, ALONE, 0); /* and nothing stays behind */
	printf("torture: %s: %zu allocations, %zu runs with failures\n", name, sites, runs);
	assert_true(sites == 0 || runs > 0);
}
