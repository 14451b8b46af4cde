/*
 * Where Redis is: VOC_REDIS_URL taken apart. Values only; pure, any thread.
 *
 *   redis://[user:password@]host[:port][/db]    redis://[::1]:6380/1    unix:///run/redis.sock?db=2
 *
 * User and password may be percent-encoded (RFC 3986). rediss:// is refused: hiredis 0.14 has no TLS.
 */
#ifndef VOC_IO_REDIS_URL_H
#define VOC_IO_REDIS_URL_H

#include "base/err.h"

#include <stdbool.h>

struct voc_redis_url {
	bool is_unix;
	char host[256]; /* name or address; the socket's path if is_unix */
	int port;
	int db;
	char user[128]; /* empty: the default user */
	char password[512];
};

/* VOC_FATAL with VOC_REASON_CONFIG if it is none; the text never quotes the URL, which may hold a password. */
VOC_MUST_CHECK enum voc_status voc_redis_url_parse(const char *text, struct voc_redis_url *ret_url,
                                                   struct voc_error *error);

#endif
