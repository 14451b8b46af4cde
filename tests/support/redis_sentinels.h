/*
 * A master with a replica under three Redis Sentinels of the test's own, on loopback. They take a second to see that a
 * master is away.
 */
#ifndef TESTS_SUPPORT_REDIS_SENTINELS_H
#define TESTS_SUPPORT_REDIS_SENTINELS_H

#include "support/redis_node.h"

#define SENTINEL_COUNT 3

struct redis_sentinels {
	struct redis_node servers[2]; /* the master at first, its replica */
	struct redis_node sentinels[SENTINEL_COUNT];
	char url[160]; /* for VOC_REDIS_URL */
};

void redis_sentinels_start(struct redis_sentinels *sentinels);
void redis_sentinels_stop(struct redis_sentinels *sentinels);
/* Which of the servers all sentinels name as master. */
int redis_sentinels_master(struct redis_sentinels *sentinels);
/* Starts a server again that was killed, empty, as the other one's replica. */
void redis_sentinels_restart(struct redis_sentinels *sentinels, int server);
/* Until one is the master and the other in step with it, and the sentinels know. */
void redis_sentinels_settle(struct redis_sentinels *sentinels);

#endif
