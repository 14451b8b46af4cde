#include "base/json_write.h"

#define MAX_DEPTH 32

void voc_json_begin(struct voc_json_writer *json, struct voc_buf *buf)
{
	*json = (struct voc_json_writer){ .buf = buf };
}

static void before_value(struct voc_json_writer *json)
{
	uint32_t bit = UINT32_C(1) << (json->depth % MAX_DEPTH);
	if (json->not_first & bit)
		voc_buf_add_char(json->buf, ',');
	json->not_first |= bit;
}

static void open_level(struct voc_json_writer *json, char bracket)
{
	before_value(json);
	voc_buf_add_char(json->buf, bracket);
	if (json->depth + 1 >= MAX_DEPTH) {
		json->buf->failed = true;
		return;
	}
	json->depth++;
	json->not_first &= ~(UINT32_C(1) << json->depth);
}

static void close_level(struct voc_json_writer *json, char bracket)
{
	if (json->depth == 0) {
		json->buf->failed = true;
		return;
	}
	json->depth--;
	voc_buf_add_char(json->buf, bracket);
}

void voc_json_object(struct voc_json_writer *json)
{
	open_level(json, '{');
}

void voc_json_object_end(struct voc_json_writer *json)
{
	close_level(json, '}');
}

void voc_json_array(struct voc_json_writer *json)
{
	open_level(json, '[');
}

void voc_json_array_end(struct voc_json_writer *json)
{
	close_level(json, ']');
}

static const char *escape_of(unsigned char c, char unicode[7])
{
	static const char hex[] = "0123456789abcdef";
	switch (c) {
	case '"': return "\\\"";
	case '\\': return "\\\\";
	case '\b': return "\\b";
	case '\f': return "\\f";
	case '\n': return "\\n";
	case '\r': return "\\r";
	case '\t': return "\\t";
	default: break;
	}
	memcpy(unicode, "\\u00", 4);
	unicode[4] = hex[c >> 4];
	unicode[5] = hex[c & 15];
	unicode[6] = '\0';
	return unicode;
}

static void add_quoted(struct voc_buf *buf, struct voc_str s)
{
	voc_buf_add_char(buf, '"');
	size_t from = 0;
	for (size_t at = 0; at < s.len; at++) {
		unsigned char c = (unsigned char)s.ptr[at];
		if (c >= 0x20 && c != '"' && c != '\\')
			continue;
		char unicode[7];
		const char *escape = escape_of(c, unicode);
		voc_buf_add(buf, s.ptr + from, at - from);
		voc_buf_add(buf, escape, strlen(escape));
		from = at + 1;
	}
	if (s.len > from)
		voc_buf_add(buf, s.ptr + from, s.len - from);
	voc_buf_add_char(buf, '"');
}

void voc_json_key_str(struct voc_json_writer *json, struct voc_str name)
{
	before_value(json);
	add_quoted(json->buf, name);
	voc_buf_add_char(json->buf, ':');
	/* The value that follows stands behind the colon: no comma. */
	json->not_first &= ~(UINT32_C(1) << json->depth);
}

void voc_json_key(struct voc_json_writer *json, const char *name)
{
	voc_json_key_str(json, voc_str_from(name));
}

void voc_json_str(struct voc_json_writer *json, struct voc_str value)
{
	before_value(json);
	add_quoted(json->buf, value);
}

void voc_json_i64(struct voc_json_writer *json, int64_t value)
{
	before_value(json);
	voc_buf_add_i64(json->buf, value);
}

void voc_json_raw(struct voc_json_writer *json, struct voc_str value)
{
	before_value(json);
	voc_buf_add_str(json->buf, value);
}

void voc_json_bool(struct voc_json_writer *json, bool value)
{
	voc_json_raw(json, value ? VOC_STR("true") : VOC_STR("false"));
}

void voc_json_null(struct voc_json_writer *json)
{
	voc_json_raw(json, VOC_STR("null"));
}

void voc_json_milli(struct voc_json_writer *json, int64_t thousandths)
{
	before_value(json);
	int64_t whole = thousandths / 1000;
	int64_t part = thousandths % 1000;
	if (part < 0)
		part = -part;
	if (thousandths < 0 && whole == 0)
		voc_buf_add_char(json->buf, '-');
	voc_buf_add_i64(json->buf, whole);
	char digits[4] = { '.', (char)('0' + part / 100), (char)('0' + part / 10 % 10), (char)('0' + part % 10) };
	size_t len = sizeof digits;
	while (len > 2 && digits[len - 1] == '0')
		len--;
	voc_buf_add(json->buf, digits, len);
}

void voc_json_member_str(struct voc_json_writer *json, const char *name, struct voc_str value)
{
	voc_json_key(json, name);
	voc_json_str(json, value);
}

void voc_json_member_i64(struct voc_json_writer *json, const char *name, int64_t value)
{
	voc_json_key(json, name);
	voc_json_i64(json, value);
}

void voc_json_member_bool(struct voc_json_writer *json, const char *name, bool value)
{
	voc_json_key(json, name);
	voc_json_bool(json, value);
}
