#include "base/json_write.h"

#define MAX_DEPTH 32
#define ONES      UINT64_C(0x0101010101010101)
#define HIGHS     UINT64_C(0x8080808080808080)

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

static bool is_plain(unsigned char c)
{
	return c >= 0x20 && c != '"' && c != '\\';
}

/* None of eight bytes needs an escape. The high bit of each byte that is below 0x20 or one of the two is set, and a
 * borrow may set another's above it: never none where there is one. */
static bool is_plain_word(const char *at)
{
	uint64_t word;
	memcpy(&word, at, sizeof word);
	uint64_t quote = word ^ (ONES * '"'), backslash = word ^ (ONES * '\\');
	uint64_t marks = ((word - ONES * 0x20) & ~word) | ((quote - ONES) & ~quote) | ((backslash - ONES) & ~backslash);
	return (marks & HIGHS) == 0;
}

/* The first byte from `at` on that needs an escape, or s.len. */
static size_t find_special(struct voc_str s, size_t at)
{
	while (s.len - at >= sizeof(uint64_t) && is_plain_word(s.ptr + at))
		at += sizeof(uint64_t);
	/* The last few bytes of a longer string: as a word that begins among those that were looked at already. */
	if (s.len - at < sizeof(uint64_t) && s.len >= sizeof(uint64_t) &&
	    is_plain_word(s.ptr + s.len - sizeof(uint64_t)))
		return s.len;
	while (at < s.len && is_plain((unsigned char)s.ptr[at]))
		at++;
	return at;
}

static void add_escaped(struct voc_buf *buf, struct voc_str s, size_t special)
{
	voc_buf_add_char(buf, '"');
	size_t from = 0;
	for (size_t at = special; at < s.len; at = find_special(s, at + 1)) {
		char unicode[7];
		const char *escape = escape_of((unsigned char)s.ptr[at], unicode);
		voc_buf_add(buf, s.ptr + from, at - from);
		voc_buf_add(buf, escape, strlen(escape));
		from = at + 1;
	}
	if (s.len > from)
		voc_buf_add(buf, s.ptr + from, s.len - from);
	voc_buf_add_char(buf, '"');
}

static void add_quoted(struct voc_buf *buf, struct voc_str s)
{
	size_t special = find_special(s, 0);
	if (special < s.len) {
		add_escaped(buf, s, special);
	} else if (voc_buf_reserve(buf, s.len + 2)) {
		char *to = buf->ptr + buf->len;
		to[0] = '"';
		if (s.len > 0)
			memcpy(to + 1, s.ptr, s.len);
		to[s.len + 1] = '"';
		buf->len += s.len + 2;
	}
}

void voc_json_key_str(struct voc_json_writer *json, struct voc_str name)
{
	before_value(json);
	add_quoted(json->buf, name);
	voc_buf_add_char(json->buf, ':');
	/* The value that follows comes behind a colon, and takes no comma. */
	json->not_first &= ~(UINT32_C(1) << json->depth);
}

/* A name of ours, which needs no escapes, in one go; and `more` bytes of room behind it. NULL if there is none. */
static char *add_key(struct voc_json_writer *json, struct voc_str name, size_t more)
{
	struct voc_buf *buf = json->buf;
	uint32_t bit = UINT32_C(1) << (json->depth % MAX_DEPTH);
	size_t comma = json->not_first & bit ? 1 : 0, len = comma + name.len + 3;
	json->not_first &= ~bit;
	if (!voc_buf_reserve(buf, len + more))
		return NULL;
	char *to = buf->ptr + buf->len;
	to[0] = ',';
	to[comma] = '"';
	memcpy(to + comma + 1, name.ptr, name.len);
	memcpy(to + len - 2, "\":", 2);
	buf->len += len;
	return to + len;
}

void voc_json_own_key(struct voc_json_writer *json, struct voc_str name)
{
	(void)add_key(json, name, 0);
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
	char text[1 + VOC_I64_SIZE + 4];
	text[0] = '-';
	size_t point = thousandths < 0 && whole == 0;
	point += voc_str_put_i64(text + point, whole);
	const char digits[4] = { '.', (char)('0' + part / 100), (char)('0' + part / 10 % 10), (char)('0' + part % 10) };
	memcpy(text + point, digits, sizeof digits);
	size_t len = point + sizeof digits;
	while (len > point + 2 && text[len - 1] == '0')
		len--;
	voc_buf_add(json->buf, text, len);
}

void voc_json_own_member_str(struct voc_json_writer *json, struct voc_str name, struct voc_str value)
{
	char *to = add_key(json, name, value.len + 2);
	if (!to)
		return;
	voc_json_str(json, value);
}

void voc_json_own_member_i64(struct voc_json_writer *json, struct voc_str name, int64_t value)
{
	voc_json_own_key(json, name);
	voc_json_i64(json, value);
}
