/*
 * One HTTP request over a plain socket to 127.0.0.1 (or ::1), for tests.
 */
#ifndef TESTS_SUPPORT_HTTP_GET_H
#define TESTS_SUPPORT_HTTP_GET_H

#include <stddef.h>

/* A connected socket with a receive time-out of 5 s; -1 and errno if it fails. */
int test_http_connect(const char *host, int port);
/* Sends `request` as it is and reads to the end, or to `size`; returns the length, ended by a NUL. */
size_t test_http_exchange(const char *host, int port, const char *request, char *to, size_t size);
/* Status code of GET path, and the whole response. 0 if there was none. */
int test_http_get(int port, const char *path, char *to, size_t size);

#endif
