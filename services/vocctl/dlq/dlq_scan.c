#include "dlq_scan.h"

#include "vocctl/shared/scan.h"

static bool text_passes(const char *wanted, struct voc_str is)
{
	return wanted == NULL || voc_str_is(is, wanted);
}

static bool filter_passes(const struct dlq_filter *filter, const struct dlq_item *item)
{
	const struct voc_dead_letter *letter = &item->letter;
	int64_t time_ms = letter->time_ms > 0 ? letter->time_ms : item->message->timestamp_ms;
	return text_passes(filter->reason, letter->reason_name) &&
	       text_passes(filter->origin_topic, letter->origin_topic) && time_ms >= filter->since_ms &&
	       time_ms < filter->until_ms && (filter->partition < 0 || filter->partition == item->message->partition) &&
	       (filter->offset < 0 || filter->offset == item->message->offset);
}

struct search {
	const struct dlq_filter *filter;
	dlq_item_fn *each;
	void *context;
	int64_t passed;
};

static bool look_at(void *context, const struct voc_message *message, struct voc_error *error)
{
	struct search *search = context;
	struct voc_header headers[VOC_MESSAGE_HEADERS_MAX];
	struct dlq_item item = { .message = message, .headers = headers };
	item.header_count = voc_message_headers(message, headers, VOC_MESSAGE_HEADERS_MAX);
	item.known = voc_dead_letter_decode(headers, item.header_count, &item.letter);
	if (!item.known)
		item.letter = (struct voc_dead_letter){ 0 };
	if (!filter_passes(search->filter, &item))
		return true;
	search->passed++;
	return search->each(search->context, &item, error) == VOC_OK &&
	       (search->filter->limit == 0 || search->passed < search->filter->limit);
}

enum voc_status dlq_scan(const struct voc_conf *conf, const struct dlq_filter *filter, dlq_item_fn *each, void *context,
                         struct voc_error *error)
{
	static const struct vocctl_tail all = { .topic = VOC_TOPIC_DEAD_LETTERS, .last = VOCCTL_TAIL_ALL };
	struct search search = { filter, each, context, 0 };
	return vocctl_scan(conf, &all, 1, look_at, &search, error);
}
