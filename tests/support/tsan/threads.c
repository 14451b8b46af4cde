/*
 * C11 threads by way of POSIX's, for the TSan build only (see CMakeLists.txt): librdkafka makes its threads and locks
 * by threads.h, which gcc 12's ThreadSanitizer doesn't know. It crashes in a thread that it did not see being made.
 * glibc's mtx_t and cnd_t are its pthread types under another name, so the same memory serves.
 */
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <threads.h>

_Static_assert(sizeof(mtx_t) == sizeof(pthread_mutex_t) && sizeof(cnd_t) == sizeof(pthread_cond_t), "as in glibc");

struct start {
	thrd_start_t function;
	void *argument;
};

static void *run(void *context)
{
	struct start start = *(struct start *)context;
	free(context);
	return (void *)(intptr_t)start.function(start.argument);
}

static int result(int code)
{
	return code == 0 ? thrd_success : thrd_error;
}

int thrd_create(thrd_t *thread, thrd_start_t function, void *argument)
{
	struct start *start = malloc(sizeof *start);
	if (!start)
		return thrd_nomem;
	*start = (struct start){ function, argument };
	int code = pthread_create(thread, NULL, run, start);
	if (code != 0)
		free(start);
	return result(code);
}

int thrd_join(thrd_t thread, int *ret_code)
{
	void *value = NULL;
	int code = pthread_join(thread, &value);
	if (ret_code)
		*ret_code = (int)(intptr_t)value;
	return result(code);
}

int thrd_detach(thrd_t thread)
{
	return result(pthread_detach(thread));
}

int mtx_init(mtx_t *mutex, int type)
{
	pthread_mutexattr_t attributes;
	pthread_mutexattr_init(&attributes);
	if (type & mtx_recursive)
		pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_RECURSIVE);
	int code = pthread_mutex_init((pthread_mutex_t *)mutex, &attributes);
	pthread_mutexattr_destroy(&attributes);
	return result(code);
}

void mtx_destroy(mtx_t *mutex)
{
	pthread_mutex_destroy((pthread_mutex_t *)mutex);
}

int mtx_lock(mtx_t *mutex)
{
	return result(pthread_mutex_lock((pthread_mutex_t *)mutex));
}

int mtx_unlock(mtx_t *mutex)
{
	return result(pthread_mutex_unlock((pthread_mutex_t *)mutex));
}

int cnd_init(cnd_t *condition)
{
	return result(pthread_cond_init((pthread_cond_t *)condition, NULL));
}

void cnd_destroy(cnd_t *condition)
{
	pthread_cond_destroy((pthread_cond_t *)condition);
}

int cnd_signal(cnd_t *condition)
{
	return result(pthread_cond_signal((pthread_cond_t *)condition));
}

int cnd_broadcast(cnd_t *condition)
{
	return result(pthread_cond_broadcast((pthread_cond_t *)condition));
}

int cnd_wait(cnd_t *condition, mtx_t *mutex)
{
	return result(pthread_cond_wait((pthread_cond_t *)condition, (pthread_mutex_t *)mutex));
}

int cnd_timedwait(cnd_t *restrict condition, mtx_t *restrict mutex, const struct timespec *restrict until)
{
	int code = pthread_cond_timedwait((pthread_cond_t *)condition, (pthread_mutex_t *)mutex, until);
	return code == ETIMEDOUT ? thrd_timedout : result(code);
}
