#include "io/redis_url.h"

#include "base/str.h"

#define DEFAULT_PORT 6379
#define MAX_PORT     65535
#define MAX_DB       65535

static enum voc_status bad_url(struct voc_error *error, const char *what)
{
	return voc_error_set(error, VOC_FATAL, VOC_REASON_CONFIG, -1, "VOC_REDIS_URL: %s", what);
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* False if it doesn't fit, or an escape is broken or names NUL. */
static bool percent_decode(struct voc_str from, char *to, size_t size)
{
	size_t len = 0;
	for (size_t i = 0; i < from.len; i++) {
		char c = from.ptr[i];
		if (c == '%') {
			int high = i + 2 < from.len ? hex_value(from.ptr[i + 1]) : -1;
			int low = i + 2 < from.len ? hex_value(from.ptr[i + 2]) : -1;
			c = high < 0 || low < 0 ? '\0' : (char)(high * 16 + low);
			i += 2;
		}
		if (c == '\0' || len + 1 >= size)
			return false;
		to[len++] = c;
	}
	to[len] = '\0';
	return true;
}

static bool parse_number(struct voc_str s, int64_t least, int64_t most, int *ret_value)
{
	int64_t value;
	if (!voc_str_to_i64(s, &value) || value < least || value > most)
		return false;
	*ret_value = (int)value;
	return true;
}

/* Splits at the first (or, if `last`, the last) `c`; false, and nothing changed, if there is none. */
static bool split(struct voc_str *rest, char c, bool last, struct voc_str *ret_before)
{
	const char *at = rest->len == 0 ? NULL
	                 : last         ? memrchr(rest->ptr, c, rest->len)
	                                : memchr(rest->ptr, c, rest->len);
	if (!at)
		return false;
	size_t before = (size_t)(at - rest->ptr);
	*ret_before = voc_str_of(rest->ptr, before);
	*rest = voc_str_of(at + 1, rest->len - before - 1);
	return true;
}

static enum voc_status parse_unix(struct voc_str rest, struct voc_redis_url *url, struct voc_error *error)
{
	struct voc_str path;
	if (split(&rest, '?', false, &path)) {
		if (!voc_str_starts_with(rest, VOC_STR("db=")) ||
		    !parse_number(voc_str_of(rest.ptr + 3, rest.len - 3), 0, MAX_DB, &url->db))
			return bad_url(error, "after '?' only db=<number> may stand");
	} else {
		path = rest;
	}
	if (path.len == 0 || path.ptr[0] != '/')
		return bad_url(error, "the socket's path must be absolute: unix:///path");
	if (!percent_decode(path, url->host, sizeof url->host))
		return bad_url(error, "the socket's path is too long or wrongly encoded");
	url->is_unix = true;
	return VOC_OK;
}

static enum voc_status parse_login(struct voc_str login, struct voc_redis_url *url, struct voc_error *error)
{
	struct voc_str user;
	if (!split(&login, ':', false, &user))
		return bad_url(error, "before '@' must stand user:password (the user may be empty)");
	if (!percent_decode(user, url->user, sizeof url->user) ||
	    !percent_decode(login, url->password, sizeof url->password))
		return bad_url(error, "user or password is too long or wrongly encoded");
	return VOC_OK;
}

static enum voc_status parse_host(struct voc_str rest, struct voc_redis_url *url, struct voc_error *error)
{
	struct voc_str host = rest;
	if (rest.len > 0 && rest.ptr[0] == '[') {
		if (!split(&rest, ']', false, &host))
			return bad_url(error, "the address lacks its ']'");
		host = voc_str_of(host.ptr + 1, host.len - 1);
		if (rest.len > 0 && rest.ptr[0] != ':')
			return bad_url(error, "after ']' only a port may stand");
		rest = rest.len > 0 ? voc_str_of(rest.ptr + 1, rest.len - 1) : VOC_STR("6379");
	} else if (!split(&rest, ':', true, &host)) {
		rest = VOC_STR("6379");
	}
	if (!parse_number(rest, 1, MAX_PORT, &url->port))
		return bad_url(error, "the port must be a number from 1 to 65535");
	if (host.len == 0 || !percent_decode(host, url->host, sizeof url->host))
		return bad_url(error, "the host is missing or too long");
	return VOC_OK;
}

static enum voc_status parse_tcp(struct voc_str rest, struct voc_redis_url *url, struct voc_error *error)
{
	struct voc_str part;
	if (split(&rest, '@', true, &part)) {
		enum voc_status status = parse_login(part, url, error);
		if (status != VOC_OK)
			return status;
	}
	if (split(&rest, '/', false, &part)) {
		if (rest.len > 0 && !parse_number(rest, 0, MAX_DB, &url->db))
			return bad_url(error, "after '/' must stand the database's number");
		rest = part;
	}
	return parse_host(rest, url, error);
}

enum voc_status voc_redis_url_parse(const char *text, struct voc_redis_url *ret_url, struct voc_error *error)
{
	static const struct voc_str unix_scheme = { "unix://", 7 }, tcp_scheme = { "redis://", 8 };
	struct voc_str rest = voc_str_from(text);
	struct voc_redis_url url = { .port = DEFAULT_PORT };
	enum voc_status status;
	if (voc_str_starts_with(rest, unix_scheme))
		status = parse_unix(voc_str_of(rest.ptr + unix_scheme.len, rest.len - unix_scheme.len), &url, error);
	else if (voc_str_starts_with(rest, tcp_scheme))
		status = parse_tcp(voc_str_of(rest.ptr + tcp_scheme.len, rest.len - tcp_scheme.len), &url, error);
	else if (voc_str_starts_with(rest, VOC_STR("rediss://")))
		status = bad_url(error, "rediss:// needs TLS, which this build's hiredis lacks");
	else
		status = bad_url(error, "must begin with redis:// or unix://");
	if (status == VOC_OK)
		*ret_url = url;
	return status;
}
