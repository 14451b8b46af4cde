#include "conf/loader.h"

#include "base/fault_point.h"
#include "conf/property.h"
#include "conf/suggest.h"
#include "conf/value.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#define PREFIX         "VOC_"
#define FILE_SUFFIX    "_FILE"
#define FILE_MAX_BYTES 65536
/* "VOC_KAFKA_BOOTSTRP" is a slip, not a property of librdkafka's. */
#define SLIP_DISTANCE 2

static bool is_other_variable(struct voc_str name)
{
	static const char *const others[] = {
#define X(name, text) name,
		VOC_OTHER_VARIABLES(X)
#undef X
#ifdef VOC_FAULT_POINTS
		        VOC_FAULT_VARIABLE,
#endif
	};
	return voc_str_index(name, others, sizeof others / sizeof *others) >= 0;
}

static bool cut_suffix(struct voc_str name, const char *suffix, struct voc_str *ret_stem)
{
	size_t len = strlen(suffix);
	if (name.len <= len || memcmp(name.ptr + name.len - len, suffix, len) != 0)
		return false;
	*ret_stem = voc_str_of(name.ptr, name.len - len);
	return true;
}

/* One more byte than is allowed fits, so that too much is seen. */
static ssize_t read_bytes(const char *path, char to[FILE_MAX_BYTES + 1])
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	size_t len = 0;
	ssize_t got = 0;
	while (len <= FILE_MAX_BYTES && (got = read(fd, to + len, FILE_MAX_BYTES + 1 - len)) > 0)
		len += (size_t)got;
	int saved = errno;
	close(fd);
	errno = saved;
	return got < 0 ? -1 : (ssize_t)len;
}

/* The file's contents without its last line's end; freed by the caller. */
static enum voc_status read_value_file(const char *where, const char *path, char **ret_value, struct voc_error *error)
{
	enum voc_status status = VOC_OK;
	char *value = malloc(FILE_MAX_BYTES + 1);
	if (!value)
		return voc_error_set(error, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1, "%s: out of memory", where);
	ssize_t len = read_bytes(path, value);
	if (len < 0) {
		status = voc_error_set(error, VOC_FATAL, VOC_REASON_CONFIG, -1, "%s: %.80s: %s", where, path,
		                       strerror(errno));
		goto fail;
	}
	if (len > 0 && len <= FILE_MAX_BYTES && value[len - 1] == '\n')
		len--;
	if (len > 0 && value[len - 1] == '\r')
		len--;
	if (len == 0 || len > FILE_MAX_BYTES || memchr(value, '\0', (size_t)len)) {
		status =
		        voc_error_set(error, VOC_FATAL, VOC_REASON_CONFIG, -1,
		                      "%s: %.80s: it must hold 1 to %d bytes, and no NUL", where, path, FILE_MAX_BYTES);
		goto fail;
	}
	value[len] = '\0';
	*ret_value = value;
	return VOC_OK;
fail:
	free(value);
	return status;
}

static enum voc_status refuse_unknown(struct voc_loader *loader, const char *where)
{
	struct voc_suggestion suggestion;
	voc_suggestion_begin(&suggestion, voc_str_from(where));
	for (size_t i = 0; i < VOC_OPTION_COUNT; i++)
		voc_suggestion_offer(&suggestion, voc_option_table[i].variable);
	return voc_error_set(loader->error, VOC_FATAL, VOC_REASON_CONFIG, -1, "%.60s: no such variable%s%s", where,
	                     suggestion.nearest[0] ? "; did you mean " : ", see --help", suggestion.nearest);
}

static enum voc_status set_property(struct voc_loader *loader, struct voc_str name, const char *where,
                                    const char *value)
{
	if (voc_suggest_distance(name, VOC_STR("BOOTSTRAP")) <= SLIP_DISTANCE)
		return refuse_unknown(loader, where);
	return voc_property_set_variable(loader->conf, name, value, where, loader->error);
}

/* `name` is without _FILE, `where` as it stands in the environment. */
static enum voc_status set_variable(struct voc_loader *loader, const struct voc_option *option, struct voc_str name,
                                    const char *where, const char *value)
{
	size_t prefix = strlen(VOC_PROPERTY_VARIABLE);
	if (option)
		return voc_value_set(loader->conf, option, where, value, loader->error);
	return set_property(loader, voc_str_of(name.ptr + prefix, name.len - prefix), where, value);
}

static bool is_set(char *const *environment, struct voc_str name)
{
	for (; *environment; environment++) {
		if (voc_str_starts_with(voc_str_from(*environment), name) && (*environment)[name.len] == '=')
			return true;
	}
	return false;
}

static enum voc_status set_from_file(struct voc_loader *loader, const struct voc_option *option, struct voc_str name,
                                     const char *where, const char *path)
{
	char *value = NULL;
	enum voc_status status = read_value_file(where, path, &value, loader->error);
	if (status != VOC_OK)
		return status;
	status = set_variable(loader, option, name, where, value);
	explicit_bzero(value, strlen(value));
	free(value);
	return status;
}

static enum voc_status read_entry(struct voc_loader *loader, char *const *environment, struct voc_str name,
                                  const char *value)
{
	char where[128];
	voc_str_copy(where, sizeof where, name);
	struct voc_str stem = name;
	bool from_file = cut_suffix(name, FILE_SUFFIX, &stem);
	const struct voc_option *option = voc_option_find_variable(stem);
	bool is_property = !option && voc_str_starts_with(stem, VOC_STR(VOC_PROPERTY_VARIABLE));
	unsigned programs = option ? option->programs : VOC_CONF_CLIENTS;
	if (is_other_variable(name))
		return VOC_OK;
	if (!is_property && (!option || (from_file && !voc_option_takes_file(option))))
		return refuse_unknown(loader, where);
	if (!(programs & loader->program))
		return VOC_OK;
	if (!from_file)
		return set_variable(loader, option, name, where, value);
	if (is_set(environment, stem))
		return voc_error_set(loader->error, VOC_FATAL, VOC_REASON_CONFIG, -1, "%.60s: set together with %.*s",
		                     where, VOC_STR_ARG(voc_str_clip(stem, 60)));
	return set_from_file(loader, option, stem, where, value);
}

enum voc_status voc_loader_environment(struct voc_loader *loader, char *const *environment)
{
	for (char *const *entry = environment; *entry; entry++) {
		const char *equals = strchr(*entry, '=');
		struct voc_str name = voc_str_of(*entry, equals ? (size_t)(equals - *entry) : 0);
		if (!voc_str_starts_with(name, VOC_STR(PREFIX)))
			continue;
		enum voc_status status = read_entry(loader, environment, name, equals + 1);
		if (status != VOC_OK)
			return status;
	}
	return VOC_OK;
}
