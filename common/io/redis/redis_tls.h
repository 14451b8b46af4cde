/*
 * TLS to Redis, where this build's hiredis has it (1.0 or newer, with its SSL part): VOC_REDIS_TLS says so at compile
 * time.
 *
 * The server's certificate must be signed by a CA of the system's store (or of the file that SSL_CERT_FILE names) and
 * be for the very host that is connected to, name or address. Logins are ACL users'; no certificate of ours is shown.
 * For redis_link.c only. Any thread.
 */
#ifndef VOC_IO_REDIS_TLS_H
#define VOC_IO_REDIS_TLS_H

#include <stdbool.h>
#include <stddef.h>

struct redisContext;
struct ssl_st;

/* Whether this build can. */
bool voc_redis_tls_is_here(void);
/*
 * Puts TLS on a connection that was just begun; the handshake goes on with what is read and written. The context owns
 * *ret_ssl. NULL, or what went wrong: static, or a text of OpenSSL's.
 */
const char *voc_redis_tls_begin(struct redisContext *context, const char *host, struct ssl_st **ret_ssl);
/* The handshake, or a record, waits for the server: there is nothing to write before. */
bool voc_redis_tls_waits_to_read(const struct ssl_st *ssl);
/* Why the server's certificate was refused; NULL if it was not. Static. */
const char *voc_redis_tls_refusal(const struct ssl_st *ssl);

#endif
