#include "base/json_scan.h"

#include "base/utf8.h"

static bool fail(struct voc_json_scan *scan, const char *at, enum voc_reason reason, const char *what)
{
	scan->at = at;
	scan->reason = reason;
	scan->what = what;
	return false;
}

/* The four digits of \uXXXX, or -1. */
static int32_t hex4(const char *at, const char *end)
{
	int32_t value = 0;
	if (end - at < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		int digit = voc_hex_digit(at[i]);
		if (digit < 0)
			return -1;
		value = value << 4 | digit;
	}
	return value;
}

static bool is_high_surrogate(int32_t unit)
{
	return unit >= 0xD800 && unit <= 0xDBFF;
}

static bool is_low_surrogate(int32_t unit)
{
	return unit >= 0xDC00 && unit <= 0xDFFF;
}

/* `at` is the backslash; scan->at is moved behind the escape. */
static bool scan_escape(const char *at, const char *end, struct voc_json_scan *scan)
{
	scan->special = true;
	if (end - at < 2 || at[1] == '\0' || !strchr("\"\\/bfnrtu", at[1]))
		return fail(scan, at, VOC_REASON_BAD_JSON, "unknown escape");
	scan->at = at + 2;
	if (at[1] != 'u')
		return true;
	int32_t unit = hex4(at + 2, end);
	if (unit < 0)
		return fail(scan, at, VOC_REASON_BAD_JSON, "\\u without four hexadecimal digits");
	if (unit == 0)
		return fail(scan, at, VOC_REASON_NUL_CHARACTER, "escaped U+0000");
	scan->at = at + 6;
	if (is_low_surrogate(unit))
		return fail(scan, at, VOC_REASON_BAD_UTF8, "lone surrogate escape");
	if (!is_high_surrogate(unit))
		return true;
	if (end - at < 12 || at[6] != '\\' || at[7] != 'u' || !is_low_surrogate(hex4(at + 8, end)))
		return fail(scan, at, VOC_REASON_BAD_UTF8, "lone surrogate escape");
	scan->at = at + 12;
	return true;
}

bool voc_json_scan_string(const char *at, const char *end, struct voc_json_scan *scan)
{
	scan->special = false;
	for (;;) {
		at = voc_json_skip_plain(at, end);
		if (at == end)
			return fail(scan, at, VOC_REASON_BAD_JSON, "string without an end");
		unsigned char c = (unsigned char)*at;
		if (c >= 0x80) {
			size_t len;
			do {
				len = voc_utf8_length(at, end);
				if (len == 0)
					return fail(scan, at, VOC_REASON_BAD_UTF8, "ill-formed UTF-8");
				at += len;
				/* words of such characters are short: on over the space between two */
			} while (at < end && ((unsigned char)*at >= 0x80 || *at == ' '));
		} else if (c == '"') {
			scan->at = at;
			return true;
		} else if (c == '\\') {
			if (!scan_escape(at, end, scan))
				return false;
			at = scan->at;
		} else if (c == '\0') {
			return fail(scan, at, VOC_REASON_NUL_CHARACTER, "raw U+0000");
		} else if (c < 0x20) {
			return fail(scan, at, VOC_REASON_BAD_JSON, "control character in a string");
		} else {
			at++;
		}
	}
}

static const char *skip_digits(const char *at, const char *end)
{
	while (at < end && *at >= '0' && *at <= '9')
		at++;
	return at;
}

bool voc_json_scan_number(const char *at, const char *end, struct voc_json_scan *scan)
{
	scan->special = false;
	if (*at == '-')
		at++;
	const char *digits = at;
	at = skip_digits(at, end);
	if (at == digits || (*digits == '0' && at - digits > 1))
		return fail(scan, digits, VOC_REASON_BAD_JSON, "bad number");
	if (at < end && *at == '.') {
		scan->special = true;
		digits = ++at;
		at = skip_digits(at, end);
		if (at == digits)
			return fail(scan, at, VOC_REASON_BAD_JSON, "bad fraction");
	}
	if (at < end && (*at == 'e' || *at == 'E')) {
		scan->special = true;
		at++;
		if (at < end && (*at == '+' || *at == '-'))
			at++;
		digits = at;
		at = skip_digits(at, end);
		if (at == digits)
			return fail(scan, at, VOC_REASON_BAD_JSON, "bad exponent");
	}
	scan->at = at;
	return true;
}

static char simple_escape(char c)
{
	switch (c) {
	case 'b': return '\b';
	case 'f': return '\f';
	case 'n': return '\n';
	case 'r': return '\r';
	case 't': return '\t';
	default: return c;
	}
}

/* `at` is behind "\u"; writes the character and returns the place behind the escape, a pair's second half included. */
static const char *unescape_unicode(const char *at, const char *end, char **to)
{
	uint32_t code_point = (uint32_t)hex4(at, end);
	at += 4;
	if (is_high_surrogate((int32_t)code_point)) {
		uint32_t low = (uint32_t)hex4(at + 2, end);
		code_point = 0x10000 + ((code_point - 0xD800) << 10) + (low - 0xDC00);
		at += 6;
	}
	*to += voc_utf8_put(*to, code_point);
	return at;
}

size_t voc_json_unescape(char *to, struct voc_str from)
{
	const char *end = from.ptr + from.len;
	char *out = to;
	for (const char *at = from.ptr; at < end;) {
		const char *backslash = memchr(at, '\\', (size_t)(end - at));
		size_t plain = (size_t)((backslash ? backslash : end) - at);
		memcpy(out, at, plain);
		out += plain;
		if (!backslash)
			break;
		at = backslash + 2;
		if (backslash[1] == 'u')
			at = unescape_unicode(at, end, &out);
		else
			*out++ = simple_escape(backslash[1]);
	}
	return (size_t)(out - to);
}
