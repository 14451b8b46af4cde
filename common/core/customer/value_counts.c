#include "core/customer/value_counts.h"

#define STEPS 16 /* buckets to a doubling */

unsigned voc_value_bucket(int64_t value)
{
	unsigned power = 0;
	while (value >> power > 1)
		power++;
	/* the four bits behind the first */
	uint64_t bits = power >= 4 ? (uint64_t)value >> (power - 4) : (uint64_t)value << (4 - power);
	return power * STEPS + (unsigned)(bits & (STEPS - 1));
}

void voc_value_counts_move(struct voc_value_counts *counts, int64_t before, int64_t now)
{
	if (before > 0) {
		counts->counts[voc_value_bucket(before)]--;
		counts->all--;
	}
	if (now > 0) {
		counts->counts[voc_value_bucket(now)]++;
		counts->all++;
	}
}

bool voc_value_counts_is_top(const struct voc_value_counts *counts, int64_t value)
{
	uint64_t as_much = 0;
	if (!counts || value <= 0)
		return false;
	for (unsigned bucket = voc_value_bucket(value); bucket < VOC_VALUE_BUCKETS; bucket++)
		as_much += counts->counts[bucket];
	return as_much * 5 <= counts->all;
}

bool voc_value_counts_write(const struct voc_value_counts *counts, struct voc_buf *buf)
{
	const char *comma = "";
	for (unsigned bucket = 0; bucket < VOC_VALUE_BUCKETS; bucket++) {
		if (counts->counts[bucket] == 0)
			continue;
		voc_buf_addf(buf, "%s%u:%u", comma, bucket, (unsigned)counts->counts[bucket]);
		comma = ",";
	}
	return !buf->failed;
}

static bool read_number(struct voc_str *text, char mark, int64_t least, int64_t most, int64_t *ret_value)
{
	const char *at = text->len > 0 ? memchr(text->ptr, mark, text->len) : NULL;
	size_t len = at ? (size_t)(at - text->ptr) : text->len;
	bool good = voc_str_to_i64(voc_str_of(text->ptr, len), ret_value) && *ret_value >= least && *ret_value <= most;
	size_t used = at ? len + 1 : len;
	good = good && (!at || used < text->len);
	*text = voc_str_of(text->ptr + used, text->len - used);
	return good;
}

bool voc_value_counts_read(struct voc_value_counts *ret_counts, struct voc_str text)
{
	int64_t last = -1;
	*ret_counts = (struct voc_value_counts){ .all = 0 };
	while (text.len > 0) {
		int64_t bucket, count;
		if (!read_number(&text, ':', last + 1, VOC_VALUE_BUCKETS - 1, &bucket) ||
		    !read_number(&text, ',', 1, UINT32_MAX, &count))
			return false;
		ret_counts->counts[bucket] = (uint32_t)count;
		ret_counts->all += (uint32_t)count;
		last = bucket;
	}
	return last >= 0;
}
