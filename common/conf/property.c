#include "conf/property.h"

#include "conf/value.h"

#include <ctype.h>
#include <stdlib.h>

#define NAME_MAX_BYTES 100

static bool name_is_secret(const char *name)
{
	static const char *const parts[] = { "password", "secret", "key", "token", "oauthbearer.config" };
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		if (strstr(name, parts[i]))
			return true;
	}
	return false;
}

bool voc_property_is_secret(const char *name)
{
	static const char *const places[] = { "location", "url", "uri" };
	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		if (strstr(name, places[i]))
			return false;
	}
	return name_is_secret(name);
}

static struct voc_kafka_property *find(struct voc_conf *conf, struct voc_str name)
{
	for (size_t i = 0; i < conf->kafka_property_count; i++) {
		if (voc_str_is(name, conf->kafka_properties[i].name))
			return &conf->kafka_properties[i];
	}
	return NULL;
}

static enum voc_status check_name(struct voc_str name, const char *where, struct voc_error *error)
{
	if (voc_str_is(name, "bootstrap.servers") || voc_str_is(name, "metadata.broker.list"))
		return voc_error_set(error, VOC_FATAL, VOC_REASON_CONFIG, -1,
		                     "%s: the brokers are set by VOC_KAFKA_BOOTSTRAP or --kafka-bootstrap", where);
	if (name.len == 0 || name.len > NAME_MAX_BYTES)
		return voc_error_set(error, VOC_FATAL, VOC_REASON_CONFIG, -1, "%.80s: names no librdkafka property",
		                     where);
	return VOC_OK;
}

static enum voc_status append(struct voc_conf *conf, struct voc_str name, const char *value, const char *where,
                              struct voc_error *error)
{
	if (conf->kafka_property_count == VOC_KAFKA_PROPERTIES_MAX)
		return voc_error_set(error, VOC_FATAL, VOC_REASON_CONFIG, -1, "%s: more than %d librdkafka properties",
		                     where, VOC_KAFKA_PROPERTIES_MAX);
	struct voc_kafka_property property = { .name = strndup(name.ptr, name.len), .value = strdup(value) };
	if (!property.name || !property.value) {
		free(property.name);
		free(property.value);
		return voc_error_set(error, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1, "%s: out of memory", where);
	}
	property.secret = name_is_secret(property.name);
	conf->kafka_properties[conf->kafka_property_count++] = property;
	return VOC_OK;
}

enum voc_status voc_property_set(struct voc_conf *conf, struct voc_str name, const char *value, const char *where,
                                 struct voc_error *error)
{
	enum voc_status status = check_name(name, where, error);
	if (status != VOC_OK)
		return status;
	struct voc_kafka_property *known = find(conf, name);
	if (!known)
		return append(conf, name, value, where, error);
	char *copy = strdup(value);
	if (!copy)
		return voc_error_set(error, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1, "%s: out of memory", where);
	free(known->value);
	known->value = copy;
	return VOC_OK;
}

enum voc_status voc_property_set_variable(struct voc_conf *conf, struct voc_str name, const char *value,
                                          const char *where, struct voc_error *error)
{
	char dotted[NAME_MAX_BYTES + 2];
	size_t len = voc_str_copy(dotted, sizeof dotted, name);
	for (size_t i = 0; i < len; i++)
		dotted[i] = dotted[i] == '_' ? '.' : (char)tolower((unsigned char)dotted[i]);
	return voc_property_set(conf, voc_str_of(dotted, len), value, where, error);
}

void voc_property_print(struct voc_buf *buf, const struct voc_conf *conf)
{
	for (size_t i = 0; i < conf->kafka_property_count; i++) {
		const struct voc_kafka_property *property = &conf->kafka_properties[i];
		voc_buf_add_str(buf, VOC_STR(VOC_PROPERTY_VARIABLE));
		for (const char *at = property->name; *at; at++)
			voc_buf_add_char(buf, *at == '.' ? '_' : (char)toupper((unsigned char)*at));
		voc_buf_addf(buf, "=%s\n", property->secret ? VOC_MASK : property->value);
	}
}

void voc_property_free_all(struct voc_conf *conf)
{
	for (size_t i = 0; i < conf->kafka_property_count; i++) {
		free(conf->kafka_properties[i].name);
		free(conf->kafka_properties[i].value);
	}
	conf->kafka_property_count = 0;
}
