#include "conf/value.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#define NAME_MAX_BYTES  200
#define QUOTE_MAX_BYTES 40

struct unit {
	const char *name;
	int64_t factor;
};

static const struct unit durations[] = {
	{ "d", 86400000 }, { "h", 3600000 }, { "m", 60000 }, { "s", 1000 }, { "ms", 1 }, { 0 },
};
static const struct unit sizes[] = { { "g", 1 << 30 }, { "m", 1 << 20 }, { "k", 1 << 10 }, { "", 1 }, { 0 } };
static const struct unit plain[] = { { "", 1 }, { 0 } };

static const struct {
	const char *name;
	const char *takes;
	const struct unit *units; /* of numbers */
} types[] = {
	[VOC_TYPE_TEXT] = { "TEXT", "text, at least one character", NULL },
	[VOC_TYPE_NAME] = { "NAME", "at most 200 letters, digits, dots, dashes and underscores", NULL },
	[VOC_TYPE_URL] = { "URL", "scheme://...", NULL },
	[VOC_TYPE_SECRET] = { "SECRET", "text", NULL },
	[VOC_TYPE_PATH] = { "PATH", "a file's path", NULL },
	[VOC_TYPE_OPTIONAL] = { "OPTIONAL", "a path, or nothing", NULL },
	[VOC_TYPE_LEVEL] = { "LEVEL", "debug, info, warn or error", NULL },
	[VOC_TYPE_POLICY] = { "POLICY", "masked or absent", NULL },
	[VOC_TYPE_COUNT] = { "COUNT", "an integer", plain },
	[VOC_TYPE_DURATION] = { "DURATION", "a duration such as 500ms, 10s, 5m, 24h or 7d", durations },
	[VOC_TYPE_SIZE] = { "SIZE", "a size such as 64k, 16m or 1g", sizes },
	[VOC_TYPE_SWITCH] = { "SWITCH", "yes or no", plain },
};

const char *voc_value_type_name(enum voc_option_type type)
{
	return types[type].name;
}

/* In the type's largest unit that loses nothing: 5s, 16m. */
static void print_number(struct voc_buf *buf, enum voc_option_type type, int64_t value)
{
	if (type == VOC_TYPE_SWITCH) {
		voc_buf_add_str(buf, value ? VOC_STR("yes") : VOC_STR("no"));
		return;
	}
	const struct unit *unit = types[type].units;
	while (unit[1].name && (value == 0 || value % unit->factor != 0))
		unit++;
	voc_buf_addf(buf, "%lld%s", (long long)(value / unit->factor), unit->name);
}

void voc_value_print_allowed(struct voc_buf *buf, const struct voc_option *option)
{
	if (option->is_string || option->type == VOC_TYPE_SWITCH) {
		voc_buf_add_str(buf, voc_str_from(types[option->type].takes));
		return;
	}
	print_number(buf, option->type, option->least);
	voc_buf_add_str(buf, VOC_STR(" to "));
	print_number(buf, option->type, option->most);
}

static bool parse_switch(const char *text, int64_t *ret_value)
{
	bool yes = strcmp(text, "yes") == 0;
	if (!yes && strcmp(text, "no") != 0)
		return false;
	*ret_value = yes;
	return true;
}

/* Digits and a unit. A zero needs none. */
static bool parse_number(const struct unit *units, const char *text, int64_t *ret_value)
{
	size_t digits = strspn(text, "-0123456789");
	int64_t number;
	if (!voc_str_to_i64(voc_str_of(text, digits), &number))
		return false;
	if (number == 0 && text[digits] == '\0') {
		*ret_value = 0;
		return true;
	}
	for (const struct unit *unit = units; unit->name; unit++) {
		if (strcmp(text + digits, unit->name) == 0)
			return !__builtin_mul_overflow(number, unit->factor, ret_value);
	}
	return false;
}

static bool name_is_valid(const char *text)
{
	size_t len = 0;
	for (; text[len]; len++) {
		if (!isalnum((unsigned char)text[len]) && !strchr("._-", text[len]))
			return false;
	}
	return len <= NAME_MAX_BYTES;
}

static bool string_is_valid(enum voc_option_type type, const char *text)
{
	enum voc_log_level level;
	switch (type) {
	case VOC_TYPE_NAME: return name_is_valid(text);
	case VOC_TYPE_URL: return strstr(text, "://") != NULL;
	case VOC_TYPE_TEXT:
	case VOC_TYPE_PATH: return text[0] != '\0';
	case VOC_TYPE_POLICY: return strcmp(text, "masked") == 0 || strcmp(text, "absent") == 0;
	case VOC_TYPE_LEVEL: return voc_log_level_parse(text, &level);
	default: return true;
	}
}

static bool number_is_valid(const struct voc_option *option, const char *text, int64_t *ret_value)
{
	int64_t value;
	bool parsed = option->type == VOC_TYPE_SWITCH ? parse_switch(text, &value)
	                                              : parse_number(types[option->type].units, text, &value);
	if (!parsed || value < option->least || value > option->most)
		return false;
	*ret_value = value;
	return true;
}

static enum voc_status refuse(const struct voc_option *option, const char *where, const char *text,
                              struct voc_error *error)
{
	char quoted[QUOTE_MAX_BYTES + 8] = "";
	if (option->type != VOC_TYPE_SECRET && option->type != VOC_TYPE_URL)
		snprintf(quoted, sizeof quoted, " '%.*s'",
		         VOC_STR_ARG(voc_str_clip(voc_str_from(text), QUOTE_MAX_BYTES)));
	struct voc_buf range;
	voc_buf_init(&range, 100);
	if (types[option->type].units && option->type != VOC_TYPE_SWITCH) {
		voc_buf_add_str(&range, VOC_STR(", from "));
		voc_value_print_allowed(&range, option);
	}
	voc_error_set(error, VOC_FATAL, VOC_REASON_CONFIG, -1, "%s: bad value%s: it takes %s%s", where, quoted,
	              types[option->type].takes, voc_buf_c_str(&range));
	voc_buf_free(&range);
	return VOC_FATAL;
}

enum voc_status voc_value_set(struct voc_conf *conf, const struct voc_option *option, const char *where,
                              const char *text, struct voc_error *error)
{
	if (!option->is_string)
		return number_is_valid(option, text, voc_option_number(conf, option))
		               ? VOC_OK
		               : refuse(option, where, text, error);
	if (!string_is_valid(option->type, text))
		return refuse(option, where, text, error);
	char *copy = strdup(text);
	if (!copy)
		return voc_error_set(error, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1, "%s: out of memory", where);
	free(*voc_option_string(conf, option));
	*voc_option_string(conf, option) = copy;
	return VOC_OK;
}

/* The value of the parameter that holds the sentinels' password; NULL if there is none. */
static const char *find_parameter(const char *url)
{
	static const char name[] = "sentinel_password=";
	for (const char *at = url; (at = strstr(at, name)) != NULL; at++) {
		if (at > url && (at[-1] == '?' || at[-1] == '&'))
			return at + sizeof name - 1;
	}
	return NULL;
}

/* Masks what stands before the last '@', since a password may hold '@' and '/' as they are, and all of the parameter.
 */
static void print_url(struct voc_buf *buf, const char *url)
{
	const char *scheme_end = strstr(url, "://");
	const char *password = find_parameter(url);
	size_t len = password ? (size_t)(password - url) : strlen(url);
	const char *at = memrchr(url, '@', len);
	const char *rest = url;
	if (scheme_end && at && at > scheme_end) {
		voc_buf_add(buf, url, (size_t)(scheme_end - url) + 3);
		voc_buf_add_str(buf, VOC_STR(VOC_MASK));
		rest = at;
	}
	voc_buf_add(buf, rest, len - (size_t)(rest - url));
	if (password)
		voc_buf_add_str(buf, VOC_STR(VOC_MASK));
}

void voc_value_print(struct voc_buf *buf, const struct voc_conf *conf, const struct voc_option *option)
{
	const char *member = (const char *)conf + option->offset;
	if (!option->is_string) {
		print_number(buf, option->type, *(const int64_t *)(const void *)member);
		return;
	}
	const char *text = *(char *const *)(const void *)member;
	if (option->type == VOC_TYPE_SECRET)
		voc_buf_add_str(buf, text[0] ? VOC_STR(VOC_MASK) : VOC_STR(""));
	else if (option->type == VOC_TYPE_URL)
		print_url(buf, text);
	else
		voc_buf_add_str(buf, voc_str_from(text));
}
