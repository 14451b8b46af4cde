/*
 * Preloaded before libfaketime: the one timed wait that libfaketime 0.9.10 does not know, and librdkafka lives by. Its
 * deadline is on the faked clock (timespec_get); glibc would hold it against the real one, and wait for as long as the
 * clock had jumped.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <sys/syscall.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

enum { NS_PER_S = 1000000000 };

int cnd_timedwait(cnd_t *restrict condition, mtx_t *restrict mutex, const struct timespec *restrict deadline)
{
	static int (*wait)(cnd_t *, mtx_t *, const struct timespec *);
	struct timespec faked, until;
	if (!wait)
		*(void **)&wait = dlsym(RTLD_NEXT, "cnd_timedwait");
	timespec_get(&faked, TIME_UTC);
	syscall(SYS_clock_gettime, CLOCK_REALTIME, &until);
	until.tv_sec += deadline->tv_sec - faked.tv_sec;
	until.tv_nsec += deadline->tv_nsec - faked.tv_nsec;
	while (until.tv_nsec < 0) {
		until.tv_nsec += NS_PER_S;
		until.tv_sec--;
	}
	while (until.tv_nsec >= NS_PER_S) {
		until.tv_nsec -= NS_PER_S;
		until.tv_sec++;
	}
	return wait(condition, mutex, &until);
}
