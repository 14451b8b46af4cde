/*
 * A server that answers every command as a sentinel would that knows one master: for what real sentinels do too seldom
 * to wait for it. A thread of its own.
 */
#ifndef TESTS_SUPPORT_FALSE_SENTINEL_H
#define TESTS_SUPPORT_FALSE_SENTINEL_H

#include <pthread.h>
#include <stdatomic.h>

struct false_sentinel {
	int fd, port;
	atomic_int master_port; /* on 127.0.0.1; may change at any time */
	atomic_int asked;       /* how often */
	pthread_t thread;
};

void false_sentinel_start(struct false_sentinel *sentinel, int master_port);
void false_sentinel_stop(struct false_sentinel *sentinel);

#endif
