#include "base/base64.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

bool voc_base64_encode(struct voc_buf *buf, struct voc_str bytes)
{
	for (size_t at = 0; at < bytes.len; at += 3) {
		size_t left = bytes.len - at;
		uint32_t word = 0;
		for (size_t i = 0; i < 3; i++)
			word = word << 8 | (i < left ? (unsigned char)bytes.ptr[at + i] : 0U);
		char group[4];
		for (size_t i = 0; i < 4; i++)
			group[i] = i <= left ? alphabet[word >> (18 - 6 * i) & 63] : '=';
		voc_buf_add(buf, group, sizeof group);
	}
	return !buf->failed;
}

/* 0 to 63, or -1. */
static int digit_value(char c)
{
	const char *at = c ? strchr(alphabet, c) : NULL;
	return at ? (int)(at - alphabet) : -1;
}

bool voc_base64_decode(struct voc_str text, unsigned char *to, size_t size, size_t *ret_len)
{
	size_t digits = text.len;
	while (digits > 0 && text.len - digits < 2 && text.ptr[digits - 1] == '=')
		digits--;
	size_t len = digits * 6 / 8;
	if (text.len % 4 != 0 || len > size)
		return false;
	uint32_t word = 0;
	for (size_t at = 0; at < digits; at++) {
		int value = digit_value(text.ptr[at]);
		if (value < 0)
			return false;
		word = word << 6 | (uint32_t)value;
	}
	/* The bits behind the last whole byte must be zero, or two texts would mean the same bytes. */
	if ((word & ((1U << digits * 6 % 8) - 1)) != 0)
		return false;
	word = 0;
	for (size_t at = 0, out = 0; at < digits; at++) {
		word = word << 6 | (uint32_t)digit_value(text.ptr[at]);
		if (at % 4 != 0)
			to[out++] = (unsigned char)(word >> (6 - 2 * (at % 4)));
	}
	*ret_len = len;
	return true;
}
