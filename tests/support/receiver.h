/*
 * tests/support/webhook_receiver.py as a child of the test, and what it was sent. Its paths say how it answers.
 */
#ifndef TESTS_SUPPORT_RECEIVER_H
#define TESTS_SUPPORT_RECEIVER_H

#include <jansson.h>
#include <stdint.h>
#include <sys/types.h>

#define TEST_SECRET "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

struct test_receiver {
	pid_t pid;
	int port;
	char log[64];
};

/* `cert` (a file with certificate and key) makes it speak TLS; NULL: plain. */
void test_receiver_start(struct test_receiver *receiver, const char *cert);
void test_receiver_stop(struct test_receiver *receiver);
/* All requests so far, as the receiver logs them, in the order in which it answered; a new reference. */
json_t *test_receiver_requests(const struct test_receiver *receiver);
/* How many requests to this path were answered so; status 0: in any way. */
size_t test_receiver_count(const struct test_receiver *receiver, const char *path, int status);
/* Waits until there are at least so many; fails the test after `patience_ms`. */
void test_receiver_wait(const struct test_receiver *receiver, const char *path, int status, size_t count,
                        int64_t patience_ms);

#endif
