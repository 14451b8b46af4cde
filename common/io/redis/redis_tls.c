#include "io/redis/redis_tls.h"

#ifdef VOC_REDIS_TLS

#include <arpa/inet.h>
#include <hiredis/hiredis.h>
#include <hiredis/hiredis_ssl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <pthread.h>

/* The process': a store of CAs takes milliseconds to read. */
static SSL_CTX *shared;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void make_shared(void)
{
	SSL_CTX *made = SSL_CTX_new(TLS_client_method());
	if (!made)
		return;
	SSL_CTX_set_verify(made, SSL_VERIFY_PEER, NULL);
	if (SSL_CTX_set_min_proto_version(made, TLS1_2_VERSION) == 1 && SSL_CTX_set_default_verify_paths(made) == 1)
		shared = made;
	else
		SSL_CTX_free(made);
}

bool voc_redis_tls_is_here(void)
{
	return true;
}

/* Whom the certificate must be for. */
static bool expect_host(SSL *ssl, const char *host)
{
	unsigned char bytes[sizeof(struct in6_addr)];
	if (inet_pton(AF_INET, host, bytes) == 1 || inet_pton(AF_INET6, host, bytes) == 1)
		return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host) == 1;
	return SSL_set1_host(ssl, host) == 1 && SSL_set_tlsext_host_name(ssl, host) == 1;
}

const char *voc_redis_tls_begin(struct redisContext *context, const char *host, struct ssl_st **ret_ssl)
{
	if (pthread_once(&once, make_shared) != 0 || !shared)
		return "TLS: the system's CAs could not be read";
	SSL *ssl = SSL_new(shared);
	if (!ssl)
		return "TLS: out of memory";
	if (!expect_host(ssl, host)) {
		SSL_free(ssl);
		return "TLS: no certificate can be for such a host";
	}
	if (redisInitiateSSL(context, ssl) != REDIS_OK) {
		SSL_free(ssl);
		return context->errstr;
	}
	*ret_ssl = ssl;
	return NULL;
}

bool voc_redis_tls_waits_to_read(const struct ssl_st *ssl)
{
	return SSL_want_read(ssl);
}

const char *voc_redis_tls_refusal(const struct ssl_st *ssl)
{
	long result = SSL_get_verify_result(ssl);
	return result == X509_V_OK ? NULL : X509_verify_cert_error_string(result);
}

#else

bool voc_redis_tls_is_here(void)
{
	return false;
}

const char *voc_redis_tls_begin(struct redisContext *context, const char *host, struct ssl_st **ret_ssl)
{
	(void)context, (void)host, (void)ret_ssl;
	return "TLS: this build's hiredis lacks it";
}

bool voc_redis_tls_waits_to_read(const struct ssl_st *ssl)
{
	(void)ssl;
	return false;
}

const char *voc_redis_tls_refusal(const struct ssl_st *ssl)
{
	(void)ssl;
	return NULL;
}

#endif
