#include "base/log.h"

#include "base/clock.h"
#include "base/json_write.h"
#include "base/timestamp.h"
#include "base/utf8.h"

#include <unistd.h>

#define LINE_MAX_BYTES 4096

static const char *const level_names[] = { "debug", "info", "warn", "error" };
static const char *service_name = "voc";
static enum voc_log_level least_level = VOC_LOG_INFO;

void voc_log_init(const char *service, enum voc_log_level least)
{
	service_name = service;
	least_level = least;
}

bool voc_log_level_parse(const char *name, enum voc_log_level *ret_level)
{
	int found = voc_str_index(voc_str_from(name), level_names, sizeof level_names / sizeof *level_names);
	if (found >= 0)
		*ret_level = (enum voc_log_level)found;
	return found >= 0;
}

static void write_all(const char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t written = write(STDERR_FILENO, bytes, len);
		if (written <= 0)
			return; /* there is no other place to report it to */
		bytes += written;
		len -= (size_t)written;
	}
}

static void write_fields(struct voc_json_writer *json, const struct voc_log_field *fields)
{
	for (; fields && fields->name; fields++) {
		if (fields->text)
			voc_json_member_str(json, fields->name, voc_str_clip(voc_str_from(fields->text), 512));
		else
			voc_json_member_i64(json, fields->name, fields->number);
	}
}

static void write_line(struct voc_buf *line, enum voc_log_level level, const char *event,
                       const struct voc_log_field *fields)
{
	char time_text[VOC_TIMESTAMP_SIZE];
	struct voc_json_writer json;
	voc_timestamp_format(voc_clock_wall_ms(), time_text);
	voc_json_begin(&json, line);
	voc_json_object(&json);
	voc_json_member_str(&json, "time", voc_str_from(time_text));
	voc_json_member_str(&json, "level", voc_str_from(level_names[level]));
	voc_json_member_str(&json, "service", voc_str_from(service_name));
	voc_json_member_i64(&json, "pid", getpid());
	voc_json_member_str(&json, "event", voc_str_from(event));
	write_fields(&json, fields);
	voc_json_object_end(&json);
	voc_buf_add_char(line, '\n');
}

void voc_log(enum voc_log_level level, const char *event, const struct voc_log_field *fields)
{
	static const struct voc_log_field too_long[] = { { "fields", "too long for a line", 0 }, { 0 } };
	struct voc_buf line;
	if (level < least_level)
		return;
	voc_buf_init(&line, LINE_MAX_BYTES);
	write_line(&line, level, event, fields);
	if (line.failed) {
		/* That something happened must not be lost with what is known of it. */
		voc_buf_clear(&line);
		write_line(&line, level, event, too_long);
	}
	if (!line.failed) {
		voc_utf8_mend(line.ptr, line.len); /* paths and other libraries' messages may be in any encoding */
		write_all(line.ptr, line.len);
	}
	voc_buf_free(&line);
}

void voc_log_error(enum voc_log_level level, const char *event, const struct voc_error *error)
{
	VOC_LOG(level, event, VOC_LOG_STR("reason", voc_reason_name(error->reason)), VOC_LOG_STR("error", error->text),
	        VOC_LOG_INT("position", error->position));
}
