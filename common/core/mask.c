#include "core/mask.h"

#define DIGITS_MIN     7   /* fewer are amounts, years, room numbers */
#define SEPARATORS_MAX 3   /* between two digits of one number: "+82 (0)10 - 1234" */
#define CONTEXT_BYTES  320 /* around a slice: an e-mail address has at most 254 */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_separator(char c)
{
	return c == '-' || c == ' ' || c == '.' || c == '(' || c == ')';
}

static bool is_local(char c)
{
	return is_digit(c) || is_letter(c) || (c != '\0' && strchr("._%+-", c) != NULL);
}

/* The end of the number that starts with the digit at `at`; its digits are counted. */
static size_t number_end(const char *text, size_t len, size_t at, size_t *ret_digits)
{
	size_t end = at, digits = 0;
	while (at < len && at - end <= SEPARATORS_MAX) {
		if (is_digit(text[at])) {
			digits++;
			end = at + 1;
		} else if (!is_separator(text[at])) {
			break;
		}
		at++;
	}
	*ret_digits = digits;
	return end;
}

static void mask_numbers(char *text, size_t len)
{
	for (size_t at = 0; at < len;) {
		if (!is_digit(text[at])) {
			at++;
			continue;
		}
		size_t digits;
		size_t end = number_end(text, len, at, &digits);
		for (; at < end; at++) {
			if (digits >= DIGITS_MIN && is_digit(text[at]))
				text[at] = '*';
		}
	}
}

/* The end of a domain name with at least one dot that starts at `at`; `at` if there is none. */
static size_t domain_end(const char *text, size_t len, size_t at)
{
	size_t start = at, end = at;
	bool dotted = false;
	while (at < len && (is_letter(text[at]) || is_digit(text[at]) || text[at] == '-' || text[at] == '.')) {
		if (text[at] == '.')
			dotted = dotted || (at > start && at + 1 < len && is_letter(text[at + 1]));
		else
			end = at + 1;
		at++;
	}
	return dotted ? end : start;
}

static void mask_addresses(char *text, size_t len)
{
	for (size_t at = 1; at + 1 < len; at++) {
		if (text[at] != '@')
			continue;
		size_t start = at;
		while (start > 0 && is_local(text[start - 1]))
			start--;
		size_t end = domain_end(text, len, at + 1);
		if (start == at || end == at + 1)
			continue;
		memset(text + start, '*', end - start);
		at = end - 1;
	}
}

void voc_mask(char *text, size_t len)
{
	/* Addresses first: a masked number in one would no longer look like a part of it. */
	mask_addresses(text, len);
	mask_numbers(text, len);
}

void voc_mask_slice(struct voc_str text, size_t start, size_t end, char *to)
{
	char window[CONTEXT_BYTES + VOC_MASK_SLICE_MAX + CONTEXT_BYTES];
	size_t first = start > CONTEXT_BYTES ? start - CONTEXT_BYTES : 0;
	size_t last = text.len - end > CONTEXT_BYTES ? end + CONTEXT_BYTES : text.len;
	if (end <= start)
		return;
	memcpy(window, text.ptr + first, last - first);
	voc_mask(window, last - first);
	memcpy(to, window + (start - first), end - start);
}
