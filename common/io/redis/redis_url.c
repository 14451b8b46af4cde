#include "io/redis/redis_url.h"

#include "base/str.h"
#include "io/redis/redis_tls.h"

#define DEFAULT_PORT          6379
#define DEFAULT_SENTINEL_PORT 26379
#define MAX_PORT              65535
#define MAX_DB                65535

static enum voc_status bad_url(struct voc_error *error, const char *what)
{
	return voc_error_set(error, VOC_FATAL, VOC_REASON_CONFIG, -1, "VOC_REDIS_URL: %s", what);
}

/* False if it doesn't fit, or an escape is broken or names NUL. */
static bool percent_decode(struct voc_str from, char *to, size_t size)
{
	size_t len = 0;
	for (size_t i = 0; i < from.len; i++) {
		char c = from.ptr[i];
		if (c == '%') {
			int high = i + 2 < from.len ? voc_hex_digit(from.ptr[i + 1]) : -1;
			int low = i + 2 < from.len ? voc_hex_digit(from.ptr[i + 2]) : -1;
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
	struct voc_redis_address *node = &url->nodes[0];
	if (split(&rest, '?', false, &path)) {
		if (!voc_str_starts_with(rest, VOC_STR("db=")) ||
		    !parse_number(voc_str_of(rest.ptr + 3, rest.len - 3), 0, MAX_DB, &url->db))
			return bad_url(error, "after '?' only db=<number> may stand");
	} else {
		path = rest;
	}
	if (path.len == 0 || path.ptr[0] != '/')
		return bad_url(error, "the socket's path must be absolute: unix:///path");
	if (!percent_decode(path, node->host, sizeof node->host))
		return bad_url(error, "the socket's path is too long or wrongly encoded");
	node->is_unix = true;
	url->node_count = 1;
	return VOC_OK;
}

static enum voc_status parse_login(struct voc_str text, struct voc_redis_login *login, struct voc_error *error)
{
	struct voc_str user;
	if (!split(&text, ':', false, &user))
		return bad_url(error, "before '@' must stand user:password (the user may be empty)");
	if (!percent_decode(user, login->user, sizeof login->user) ||
	    !percent_decode(text, login->password, sizeof login->password))
		return bad_url(error, "user or password is too long or wrongly encoded");
	return VOC_OK;
}

static enum voc_status parse_host(struct voc_str rest, int default_port, struct voc_redis_address *node,
                                  struct voc_error *error)
{
	struct voc_str host = rest;
	struct voc_str port = { NULL, 0 };
	node->port = default_port;
	if (rest.len > 0 && rest.ptr[0] == '[') {
		if (!split(&rest, ']', false, &host))
			return bad_url(error, "the address lacks its ']'");
		host = voc_str_of(host.ptr + 1, host.len - 1);
		if (rest.len > 0 && rest.ptr[0] != ':')
			return bad_url(error, "after ']' only a port may stand");
		if (rest.len > 0)
			port = voc_str_of(rest.ptr + 1, rest.len - 1);
	} else if (split(&rest, ':', true, &host)) {
		port = rest;
	}
	if (port.ptr && !parse_number(port, 1, MAX_PORT, &node->port))
		return bad_url(error, "the port must be a number from 1 to 65535");
	if (host.len == 0 || !percent_decode(host, node->host, sizeof node->host))
		return bad_url(error, "the host is missing or too long");
	return VOC_OK;
}

/* host[:port][,host[:port]...] */
static enum voc_status parse_hosts(struct voc_str rest, int default_port, struct voc_redis_url *url,
                                   struct voc_error *error)
{
	bool more = true;
	while (more) {
		struct voc_str host;
		more = split(&rest, ',', false, &host);
		if (url->node_count == VOC_REDIS_SEEDS_MAX)
			return bad_url(error, "too many hosts: at most 16");
		enum voc_status status =
		        parse_host(more ? host : rest, default_port, &url->nodes[url->node_count], error);
		if (status != VOC_OK)
			return status;
		url->node_count++;
	}
	return VOC_OK;
}

/* What stands before the last '@', if anything; `rest` is what is left. */
static enum voc_status take_login(struct voc_str *rest, struct voc_redis_url *url, struct voc_error *error)
{
	struct voc_str login;
	return split(rest, '@', true, &login) ? parse_login(login, &url->login, error) : VOC_OK;
}

static enum voc_status parse_one(struct voc_str rest, struct voc_redis_url *url, struct voc_error *error)
{
	struct voc_str host;
	enum voc_status status = take_login(&rest, url, error);
	if (status != VOC_OK)
		return status;
	if (split(&rest, '/', false, &host)) {
		if (rest.len > 0 && !parse_number(rest, 0, MAX_DB, &url->db))
			return bad_url(error, "after '/' must stand the database's number");
		rest = host;
	}
	if (rest.len > 0 && memchr(rest.ptr, ',', rest.len))
		return bad_url(error, "several hosts need redis-sentinel:// or redis-cluster://");
	url->node_count = 1;
	return parse_host(rest, DEFAULT_PORT, &url->nodes[0], error);
}

static enum voc_status parse_parameters(struct voc_str rest, struct voc_redis_url *url, struct voc_error *error)
{
	static const struct voc_str user = { "sentinel_user=", 14 }, password = { "sentinel_password=", 18 };
	struct voc_redis_login *login = &url->sentinel_login;
	bool more = true, good = true;
	while (more && good) {
		struct voc_str part;
		more = split(&rest, '&', false, &part);
		if (!more)
			part = rest;
		if (voc_str_starts_with(part, user))
			good = percent_decode(voc_str_of(part.ptr + user.len, part.len - user.len), login->user,
			                      sizeof login->user);
		else if (voc_str_starts_with(part, password))
			good = percent_decode(voc_str_of(part.ptr + password.len, part.len - password.len),
			                      login->password, sizeof login->password);
		else
			return bad_url(error, "after '?' only sentinel_user= and sentinel_password= may stand");
	}
	return good ? VOC_OK : bad_url(error, "the sentinels' user or password is too long or wrongly encoded");
}

static enum voc_status parse_sentinel(struct voc_str rest, struct voc_redis_url *url, struct voc_error *error)
{
	struct voc_str before, hosts;
	enum voc_status status = VOC_OK;
	if (split(&rest, '?', false, &before)) {
		status = parse_parameters(rest, url, error);
		rest = before;
	}
	if (status == VOC_OK)
		status = take_login(&rest, url, error);
	if (status != VOC_OK)
		return status;
	if (!split(&rest, '/', false, &hosts))
		return bad_url(error, "after the sentinels must stand the master's name: .../name");
	if (split(&rest, '/', false, &before)) {
		if (!parse_number(rest, 0, MAX_DB, &url->db))
			return bad_url(error, "after the master's name may only stand the database's number");
		rest = before;
	}
	if (rest.len == 0 || !percent_decode(rest, url->master, sizeof url->master))
		return bad_url(error, "the master's name is missing, too long or wrongly encoded");
	return parse_hosts(hosts, DEFAULT_SENTINEL_PORT, url, error);
}

static enum voc_status parse_cluster(struct voc_str rest, struct voc_redis_url *url, struct voc_error *error)
{
	struct voc_str hosts;
	enum voc_status status = take_login(&rest, url, error);
	if (status != VOC_OK)
		return status;
	if (split(&rest, '/', false, &hosts)) {
		if (rest.len > 0 && !voc_str_is(rest, "0"))
			return bad_url(error, "a Redis Cluster has no other database than 0");
		rest = hosts;
	}
	return parse_hosts(rest, DEFAULT_PORT, url, error);
}

static const struct {
	const char *scheme;
	enum voc_redis_kind kind;
	enum voc_status (*parse)(struct voc_str rest, struct voc_redis_url *url, struct voc_error *error);
} forms[] = {
	{ "redis://", VOC_REDIS_ONE, parse_one },
	{ "unix://", VOC_REDIS_ONE, parse_unix },
	{ "redis-sentinel://", VOC_REDIS_SENTINEL, parse_sentinel },
	{ "redis-cluster://", VOC_REDIS_CLUSTER, parse_cluster },
};

/* Whether the scheme has the s of TLS behind "redis"; it is taken out of what begins at `scheme`. */
static bool is_over_tls(struct voc_str text)
{
	return voc_str_starts_with(text, VOC_STR("rediss:")) || voc_str_starts_with(text, VOC_STR("rediss-"));
}

/* The rest behind the scheme; false if the text begins with another one. */
static bool take_scheme(struct voc_str text, bool over_tls, const char *scheme, struct voc_str *ret_rest)
{
	static const size_t plain = sizeof "redis" - 1;
	struct voc_str wanted = voc_str_from(scheme);
	if (over_tls) {
		if (!voc_str_starts_with(wanted, VOC_STR("redis")))
			return false;
		text = voc_str_of(text.ptr + plain + 1, text.len - plain - 1);
		wanted = voc_str_of(wanted.ptr + plain, wanted.len - plain);
	}
	if (!voc_str_starts_with(text, wanted))
		return false;
	*ret_rest = voc_str_of(text.ptr + wanted.len, text.len - wanted.len);
	return true;
}

enum voc_status voc_redis_url_parse(const char *text, struct voc_redis_url *ret_url, struct voc_error *error)
{
	struct voc_str whole = voc_str_from(text), rest;
	bool over_tls = is_over_tls(whole);
	if (over_tls && !voc_redis_tls_is_here())
		return bad_url(error, "rediss needs TLS, which this build's hiredis lacks (1.0 or newer has it)");
	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
		if (!take_scheme(whole, over_tls, forms[i].scheme, &rest))
			continue;
		struct voc_redis_url url = { .kind = forms[i].kind };
		enum voc_status status = forms[i].parse(rest, &url, error);
		for (size_t n = 0; n < url.node_count; n++)
			url.nodes[n].is_tls = over_tls;
		if (status == VOC_OK)
			*ret_url = url;
		return status;
	}
	return bad_url(error, "must begin with redis://, unix://, redis-sentinel:// or redis-cluster://");
}

bool voc_redis_address_eq(const struct voc_redis_address *a, const struct voc_redis_address *b)
{
	return a->is_unix == b->is_unix && a->is_tls == b->is_tls && a->port == b->port &&
	       strcmp(a->host, b->host) == 0;
}
