#include "core/record/trace.h"

#define LEN      55
#define LEN_MOST 256 /* of a later version, with members that are not known yet */
#define DIGITS   "0123456789abcdef"

/* `len` digits from `at` on, with a dash before them unless they are the first; not all of them zeros if `some`. */
static bool is_field(struct voc_str text, size_t at, size_t len, bool some)
{
	if (at > 0 && text.ptr[at - 1] != '-')
		return false;
	bool found = false;
	for (size_t i = at; i < at + len; i++) {
		if (text.ptr[i] == '\0' || !strchr(DIGITS, text.ptr[i]))
			return false;
		found |= text.ptr[i] != '0';
	}
	return found || !some;
}

bool voc_trace_is_valid(struct voc_str text)
{
	if (text.len < LEN || text.len > LEN_MOST || !is_field(text, 0, 2, false) || !is_field(text, 3, 32, true) ||
	    !is_field(text, 36, 16, true) || !is_field(text, 53, 2, false))
		return false;
	struct voc_str version = voc_str_of(text.ptr, 2);
	if (voc_str_is(version, "00"))
		return text.len == LEN;
	/* It becomes a line of an HTTP request: nothing that could end it. */
	for (size_t i = LEN; i < text.len; i++) {
		if (text.ptr[i] <= ' ' || text.ptr[i] > '~')
			return false;
	}
	return !voc_str_is(version, "ff") && (text.len == LEN || text.ptr[LEN] == '-');
}

struct voc_str voc_trace_of_headers(const struct voc_header *headers, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (voc_str_is(headers[i].name, VOC_TRACE_HEADER) && voc_trace_is_valid(headers[i].value))
			return headers[i].value;
	}
	return VOC_STR("");
}

struct voc_str voc_trace_of_event(const struct voc_header *headers, size_t count, const struct voc_event *event)
{
	struct voc_str trace = voc_trace_of_headers(headers, count);
	if (trace.len == 0)
		trace = voc_event_attribute(event, VOC_TRACE_HEADER);
	return voc_trace_is_valid(trace) ? trace : VOC_STR("");
}
