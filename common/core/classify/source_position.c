#include "core/classify/classified.h"

#define TOPIC_MAX 249 /* bytes: Kafka's own limit */

static bool is_topic(struct voc_str s)
{
	for (size_t i = 0; i < s.len; i++) {
		char c = s.ptr[i];
		bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
		             c == '_' || c == '-';
		if (!plain)
			return false;
	}
	return s.len > 0 && s.len <= TOPIC_MAX;
}

/* Only as we write it: no sign, no leading zero. Two spellings of one partition would be two high-water marks. */
static bool take_number(struct voc_str s, int64_t most, int64_t *ret_value)
{
	if (s.len == 0 || s.ptr[0] == '-' || (s.ptr[0] == '0' && s.len > 1))
		return false;
	return voc_str_to_i64(s, ret_value) && *ret_value <= most;
}

/* Splits at the last slash. */
static bool split(struct voc_str s, struct voc_str *ret_head, struct voc_str *ret_tail)
{
	size_t at = s.len;
	while (at > 0 && s.ptr[at - 1] != '/')
		at--;
	if (at == 0)
		return false;
	*ret_head = voc_str_of(s.ptr, at - 1);
	*ret_tail = voc_str_of(s.ptr + at, s.len - at);
	return true;
}

bool voc_source_partition_parse(struct voc_str s, struct voc_source_position *ret_position)
{
	struct voc_str topic, number;
	int64_t partition;
	if (!split(s, &topic, &number) || !is_topic(topic) || !take_number(number, INT32_MAX, &partition))
		return false;
	*ret_position = (struct voc_source_position){ .topic = topic, .partition = (int32_t)partition };
	return true;
}

bool voc_source_position_parse(struct voc_str s, struct voc_source_position *ret_position)
{
	struct voc_str head, number;
	int64_t offset;
	/* One less than the greatest: the mark is the offset plus 1. */
	if (!split(s, &head, &number) || !take_number(number, INT64_MAX - 1, &offset) ||
	    !voc_source_partition_parse(head, ret_position))
		return false;
	ret_position->offset = offset;
	return true;
}

bool voc_source_position_format(struct voc_buf *buf, const struct voc_source_position *position)
{
	voc_buf_add_str(buf, position->topic);
	voc_buf_add_char(buf, '/');
	voc_buf_add_i64(buf, position->partition);
	voc_buf_add_char(buf, '/');
	return voc_buf_add_i64(buf, position->offset);
}
