#include "io/service/http_address.h"

static bool split(const char *addr, struct voc_http_address *ret_address)
{
	const char *colon = strrchr(addr, ':');
	if (!colon)
		return false;
	struct voc_str host = voc_str_of(addr, (size_t)(colon - addr));
	if (host.len >= 2 && host.ptr[0] == '[' && host.ptr[host.len - 1] == ']')
		host = voc_str_of(host.ptr + 1, host.len - 2);
	else if (memchr(host.ptr, ':', host.len))
		return false;
	int64_t port;
	if (colon[1] == '-' || !voc_str_to_i64(voc_str_from(colon + 1), &port) || port > 65535 ||
	    host.len >= sizeof ret_address->host)
		return false;
	voc_str_copy(ret_address->host, sizeof ret_address->host, host);
	voc_str_copy(ret_address->port, sizeof ret_address->port, voc_str_from(colon + 1));
	return true;
}

enum voc_status voc_http_address_split(const char *addr, struct voc_http_address *ret_address, struct voc_error *error)
{
	if (split(addr, ret_address))
		return VOC_OK;
	return voc_error_set(error, VOC_FATAL, VOC_REASON_CONFIG, -1,
	                     "'%.60s' is not host:port, [v6 address]:port or :port", addr);
}
