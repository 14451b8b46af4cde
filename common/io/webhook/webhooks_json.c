#include "io/webhook/webhooks.h"

#include "base/memory_json.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

/* Where in the file we are, for messages, and where the first failure goes. */
struct place {
	size_t endpoint;
	struct voc_error *error;
};

#define FAIL(place, format, ...)                                                                           \
	voc_error_set((place)->error, VOC_FATAL, VOC_REASON_CONFIG, -1, "webhooks: endpoints[%zu]" format, \
	              (place)->endpoint, ##__VA_ARGS__)

static enum voc_status out_of_memory(const struct place *place)
{
	return voc_error_set(place->error, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1, "webhooks: out of memory");
}

static struct voc_str str_of(const json_t *value)
{
	return voc_str_of(json_string_value(value), json_string_length(value));
}

static enum voc_status parse_name(struct voc_endpoint *endpoint, json_t *value, const struct place *place)
{
	struct voc_str name = str_of(value);
	bool good = json_is_string(value) && name.len > 0 && name.len < VOC_ENDPOINT_NAME_SIZE;
	for (size_t at = 0; good && at < name.len; at++)
		good = (name.ptr[at] >= 'a' && name.ptr[at] <= 'z') || (name.ptr[at] >= '0' && name.ptr[at] <= '9') ||
		       name.ptr[at] == '-';
	if (!good)
		return FAIL(place, ".name: 1 to 40 of a-z, 0-9 and - are wanted");
	voc_str_copy(endpoint->name, sizeof endpoint->name, name);
	return VOC_OK;
}

static bool all_visible(struct voc_str s)
{
	for (size_t at = 0; at < s.len; at++)
		if (s.ptr[at] <= ' ' || s.ptr[at] > '~')
			return false;
	return s.len > 0;
}

static enum voc_status parse_url(struct voc_endpoint *endpoint, json_t *value, const struct place *place)
{
	struct voc_str url = str_of(value);
	size_t scheme = voc_str_starts_with(url, VOC_STR("https://"))  ? 8
	                : voc_str_starts_with(url, VOC_STR("http://")) ? 7
	                                                               : 0;
	if (!json_is_string(value) || scheme == 0 || !all_visible(url) || url.len > VOC_ENDPOINT_URL_MAX_BYTES)
		return FAIL(place, ".url: an http:// or https:// URL is wanted");
	size_t host = strcspn(url.ptr + scheme, "/?#");
	if (host == 0 || memchr(url.ptr + scheme, '@', host))
		return FAIL(place, ".url: a host without user information is wanted (credentials go into headers)");
	endpoint->url = strdup(url.ptr);
	return endpoint->url ? VOC_OK : out_of_memory(place);
}

static enum voc_status parse_format(struct voc_endpoint *endpoint, json_t *value, const struct place *place)
{
	if (json_is_string(value) && voc_str_is(str_of(value), "cloudevents"))
		endpoint->format = VOC_WEBHOOK_CLOUDEVENTS;
	else if (json_is_string(value) && voc_str_is(str_of(value), "slack"))
		endpoint->format = VOC_WEBHOOK_SLACK;
	else
		return FAIL(place, ".format: \"cloudevents\" or \"slack\" is wanted");
	return VOC_OK;
}

static enum voc_status set_secret(struct voc_endpoint *endpoint, struct voc_str text, const struct place *place)
{
	if (!voc_webhook_secrets_parse(text, &endpoint->secret, &endpoint->older))
		return FAIL(place, ".secret: whsec_ and the base64 of %d to %d bytes are wanted, once or twice",
		            VOC_WEBHOOK_SECRET_MIN_BYTES, VOC_WEBHOOK_SECRET_MAX_BYTES);
	return VOC_OK;
}

static enum voc_status parse_secret(struct voc_endpoint *endpoint, json_t *value, const struct place *place)
{
	if (!json_is_string(value))
		return FAIL(place, ".secret: a string is wanted");
	return set_secret(endpoint, str_of(value), place);
}

static enum voc_status parse_secret_file(struct voc_endpoint *endpoint, json_t *value, const struct place *place)
{
	if (!json_is_string(value) || json_string_length(value) == 0)
		return FAIL(place, ".secret_file: a path is wanted");
	endpoint->secret_file = strdup(json_string_value(value));
	return endpoint->secret_file ? VOC_OK : out_of_memory(place);
}

static enum voc_status parse_rules(struct voc_endpoint *endpoint, json_t *value, const struct place *place)
{
	if (!json_is_array(value) || json_array_size(value) == 0)
		return FAIL(place, ".rules: a list with at least one rule is wanted (leave it out for all)");
	endpoint->rules = 0;
	for (size_t i = 0; i < json_array_size(value); i++) {
		json_t *name = json_array_get(value, i);
		enum voc_rule rule;
		if (!json_is_string(name) || !voc_rule_parse(str_of(name), &rule))
			return FAIL(place, ".rules[%zu]: no such rule", i);
		endpoint->rules |= 1U << rule;
	}
	return VOC_OK;
}

static enum voc_status parse_min_severity(struct voc_endpoint *endpoint, json_t *value, const struct place *place)
{
	if (!json_is_string(value) || !voc_severity_parse(str_of(value), &endpoint->min_severity))
		return FAIL(place, ".min_severity: \"info\", \"warning\" or \"critical\" is wanted");
	return VOC_OK;
}

/* The ones that are ours to set, or that would change how the request is framed. */
static bool is_reserved(struct voc_str name)
{
	static const char *const reserved[] = { "content-type", "content-length",    "transfer-encoding",
		                                "host",         "connection",        "expect",
		                                "webhook-id",   "webhook-timestamp", "webhook-signature" };
	for (size_t i = 0; i < sizeof reserved / sizeof reserved[0]; i++)
		if (name.len == strlen(reserved[i]) && strncasecmp(name.ptr, reserved[i], name.len) == 0)
			return true;
	return false;
}

/* A token of RFC 9110. */
static bool is_token(struct voc_str s)
{
	for (size_t at = 0; at < s.len; at++) {
		char c = s.ptr[at];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
		if (!letter && !(c && strchr("!#$%&'*+-.^_`|~", c)))
			return false;
	}
	return s.len > 0;
}

static bool is_header_value(struct voc_str s)
{
	for (size_t at = 0; at < s.len; at++)
		if (s.ptr[at] < ' ' || s.ptr[at] > '~')
			return false;
	return s.len > 0;
}

static enum voc_status parse_headers(struct voc_endpoint *endpoint, json_t *value, const struct place *place)
{
	if (!json_is_object(value) || json_object_size(value) > VOC_ENDPOINT_HEADERS_MAX)
		return FAIL(place, ".headers: an object of at most %d members is wanted", VOC_ENDPOINT_HEADERS_MAX);
	const char *name;
	json_t *text;
	json_object_foreach(value, name, text)
	{
		if (!is_token(voc_str_from(name)) || is_reserved(voc_str_from(name)))
			return FAIL(place, ".headers: a name that is no header's, or is ours to set");
		if (!json_is_string(text) || !is_header_value(str_of(text)))
			return FAIL(place, ".headers.%.40s: a string of visible ASCII is wanted", name);
		char *line;
		if (asprintf(&line, "%s: %s", name, json_string_value(text)) < 0)
			return out_of_memory(place);
		endpoint->headers[endpoint->header_count++] = line;
	}
	return VOC_OK;
}

static const struct member {
	const char *name;
	enum voc_status (*parse)(struct voc_endpoint *endpoint, json_t *value, const struct place *place);
	bool required;
} members[] = {
	{ "name", parse_name, true },
	{ "url", parse_url, true },
	{ "format", parse_format, true },
	{ "secret", parse_secret, false },
	{ "secret_file", parse_secret_file, false },
	{ "rules", parse_rules, false },
	{ "min_severity", parse_min_severity, false },
	{ "headers", parse_headers, false },
};
#define MEMBER_COUNT (sizeof members / sizeof members[0])

static enum voc_status refuse_unknown(json_t *object, const struct place *place)
{
	const char *name;
	json_t *value;
	json_object_foreach(object, name, value)
	{
		size_t i = 0;
		while (i < MEMBER_COUNT && strcmp(members[i].name, name) != 0)
			i++;
		if (i == MEMBER_COUNT)
			return FAIL(place, ".%.40s: no such member", name);
	}
	return VOC_OK;
}

static enum voc_status parse_endpoint(struct voc_endpoint *endpoint, json_t *object, const struct place *place)
{
	if (!json_is_object(object))
		return FAIL(place, ": an object is wanted");
	endpoint->rules = (1U << VOC_RULE_COUNT) - 1;
	enum voc_status status = refuse_unknown(object, place);
	for (size_t i = 0; status == VOC_OK && i < MEMBER_COUNT; i++) {
		json_t *value = json_object_get(object, members[i].name);
		if (value)
			status = members[i].parse(endpoint, value, place);
		else if (members[i].required)
			status = FAIL(place, ".%s is missing", members[i].name);
	}
	if (status == VOC_OK && endpoint->secret_file && endpoint->secret.len > 0)
		status = FAIL(place, ": either secret or secret_file, not both");
	bool is_signed = endpoint->secret_file || endpoint->secret.len > 0;
	if (status == VOC_OK && !is_signed && endpoint->format != VOC_WEBHOOK_SLACK)
		status = FAIL(place, ".secret is missing (only slack goes unsigned)");
	return status;
}

static bool name_is_taken(const struct voc_webhooks *webhooks, const char *name)
{
	for (size_t i = 0; i < webhooks->count; i++)
		if (strcmp(webhooks->endpoints[i].name, name) == 0)
			return true;
	return false;
}

static enum voc_status parse_endpoints(struct voc_webhooks *webhooks, json_t *list, struct voc_error *error)
{
	if (!json_is_array(list) || json_array_size(list) == 0 || json_array_size(list) > VOC_ENDPOINTS_MAX)
		return voc_error_set(error, VOC_FATAL, VOC_REASON_CONFIG, -1,
		                     "webhooks: endpoints: a list of 1 to %d endpoints is wanted", VOC_ENDPOINTS_MAX);
	for (size_t i = 0; i < json_array_size(list); i++) {
		struct place place = { i, error };
		struct voc_endpoint *endpoint = &webhooks->endpoints[i];
		enum voc_status status = parse_endpoint(endpoint, json_array_get(list, i), &place);
		if (status == VOC_OK && name_is_taken(webhooks, endpoint->name))
			status = FAIL(&place, ".name: \"%s\" is taken", endpoint->name);
		webhooks->count++;
		if (status != VOC_OK)
			return status;
	}
	return VOC_OK;
}

static enum voc_status parse_file(struct voc_webhooks *webhooks, json_t *root, struct voc_error *error)
{
	if (!json_is_object(root))
		return voc_error_set(error, VOC_FATAL, VOC_REASON_CONFIG, 0, "webhooks: an object is wanted");
	const char *name;
	json_t *value;
	json_object_foreach(root, name, value)
	{
		if (strcmp(name, "endpoints") != 0)
			return voc_error_set(error, VOC_FATAL, VOC_REASON_CONFIG, -1, "webhooks: %.40s: no such member",
			                     name);
	}
	return parse_endpoints(webhooks, json_object_get(root, "endpoints"), error);
}

static enum voc_status parse(struct voc_str json, struct voc_webhooks *webhooks, struct voc_error *error)
{
	json_error_t where;
	json_t *root = json_loadb(json.len > 0 ? json.ptr : "", json.len, JSON_REJECT_DUPLICATES, &where);
	if (!root)
		return voc_error_set(error, VOC_FATAL, VOC_REASON_CONFIG, where.position,
		                     "webhooks: line %d, column %d: not JSON, or a member twice", where.line,
		                     where.column);
	enum voc_status status = parse_file(webhooks, root, error);
	json_decref(root);
	return status;
}

enum voc_status voc_webhooks_parse(struct voc_str json, struct voc_webhooks **ret_webhooks, struct voc_error *error)
{
	struct voc_webhooks *webhooks = calloc(1, sizeof *webhooks);
	if (!webhooks || !voc_json_memory_begin(json.len)) {
		free(webhooks);
		return out_of_memory(&(struct place){ .error = error });
	}
	enum voc_status status = parse(json, webhooks, error);
	voc_json_memory_end();
	if (status == VOC_OK)
		*ret_webhooks = webhooks;
	else
		voc_webhooks_free(webhooks);
	return status;
}
