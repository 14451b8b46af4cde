#include "io/kafka/kafka_internal.h"

#include <librdkafka/rdkafka.h>

void kafka_message_fill(struct voc_message *message, rd_kafka_message_t *from)
{
	message->topic = voc_str_from(rd_kafka_topic_name(from->rkt));
	message->partition = from->partition;
	message->offset = from->offset;
	message->timestamp_ms = rd_kafka_message_timestamp(from, NULL);
	message->key = voc_str_of(from->key, from->key_len);
	message->value = voc_str_of(from->payload, from->len);
	message->handle = from;
}

void voc_message_release(struct voc_message *message)
{
	if (message->handle)
		rd_kafka_message_destroy(message->handle);
	message->handle = NULL;
}

size_t voc_message_headers(const struct voc_message *message, struct voc_header *headers, size_t max)
{
	rd_kafka_headers_t *list;
	size_t count = 0, size;
	const char *name;
	const void *value;
	if (!message->handle || rd_kafka_message_headers(message->handle, &list))
		return 0;
	while (count < max &&
	       rd_kafka_header_get_all(list, count, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR) {
		headers[count].name = voc_str_from(name);
		headers[count].value = voc_str_of(value, size);
		count++;
	}
	return count;
}

struct voc_str voc_message_header(const struct voc_message *message, const char *name)
{
	struct voc_header headers[VOC_MESSAGE_HEADERS_MAX];
	size_t count = voc_message_headers(message, headers, VOC_MESSAGE_HEADERS_MAX);
	for (size_t i = 0; i < count; i++) {
		if (voc_str_is(headers[i].name, name))
			return headers[i].value;
	}
	return (struct voc_str){ NULL, 0 };
}

void voc_message_forget_headers(struct voc_message *message)
{
	rd_kafka_headers_t *list;
	if (message->handle && rd_kafka_message_detach_headers(message->handle, &list) == RD_KAFKA_RESP_ERR_NO_ERROR)
		rd_kafka_headers_destroy(list);
}
