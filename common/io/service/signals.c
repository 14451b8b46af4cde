#include "io/service/signals.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

static atomic_int received; /* lock-free: a handler may touch it */
static atomic_bool hung_up;
static int event_fd = -1;

static void on_signal(int signal)
{
	int saved = errno;
	int none = 0;
	if (!atomic_compare_exchange_strong(&received, &none, signal))
		_exit(128 + signal);
	uint64_t one = 1;
	ssize_t written = write(event_fd, &one, sizeof one);
	(void)written; /* a fresh eventfd takes a 1 */
	errno = saved;
}

enum voc_status voc_signals_install(struct voc_error *error)
{
	if (event_fd < 0)
		event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
	struct sigaction ignore = { .sa_handler = SIG_IGN };
	sigemptyset(&action.sa_mask);
	sigaddset(&action.sa_mask, SIGTERM);
	sigaddset(&action.sa_mask, SIGINT);
	if (event_fd < 0 || sigaction(SIGTERM, &action, NULL) != 0 || sigaction(SIGINT, &action, NULL) != 0 ||
	    sigaction(SIGPIPE, &ignore, NULL) != 0)
		return voc_error_set(error, VOC_FATAL, VOC_REASON_INTERNAL, -1, "signals: %s", strerror(errno));
	return VOC_OK;
}

int voc_signals_received(void)
{
	return atomic_load(&received);
}

int voc_signals_fd(void)
{
	return event_fd;
}

static void on_hangup(int signal)
{
	(void)signal;
	atomic_store(&hung_up, true);
}

enum voc_status voc_signals_catch_hangup(struct voc_error *error)
{
	struct sigaction action = { .sa_handler = on_hangup, .sa_flags = SA_RESTART };
	sigemptyset(&action.sa_mask);
	if (sigaction(SIGHUP, &action, NULL) != 0)
		return voc_error_set(error, VOC_FATAL, VOC_REASON_INTERNAL, -1, "signals: %s", strerror(errno));
	return VOC_OK;
}

bool voc_signals_take_hangup(void)
{
	return atomic_exchange(&hung_up, false);
}
