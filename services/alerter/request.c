#include "alerter/request.h"

#include "core/record/trace.h"

#include <inttypes.h>

#define TEXT_MAX_BYTES 1024

static const char *content_type(enum voc_webhook_format format)
{
	return format == VOC_WEBHOOK_SLACK ? "Content-Type: application/json; charset=utf-8"
	                                   : "Content-Type: application/cloudevents+json; charset=utf-8";
}

static void end_line(struct request_headers *headers, size_t start)
{
	voc_buf_add_char(&headers->text, '\0');
	headers->lines[headers->count++] = headers->text.ptr + start;
}

bool request_headers_make(struct request_headers *headers, const struct voc_endpoint *endpoint, const char *id,
                          struct voc_str body, struct voc_str trace, int64_t time_s)
{
	struct voc_buf *text = &headers->text;
	headers->count = 0;
	voc_buf_init(text, TEXT_MAX_BYTES);
	/* All at once: the lines point into it. */
	if (!voc_buf_reserve(text, TEXT_MAX_BYTES))
		return false;
	headers->lines[headers->count++] = content_type(endpoint->format);
	size_t start = text->len;
	voc_buf_addf(text, "webhook-id: %s", id);
	end_line(headers, start);
	start = text->len;
	voc_buf_addf(text, "webhook-timestamp: %" PRId64, time_s);
	end_line(headers, start);
	if (endpoint->secret.len > 0) {
		start = text->len;
		voc_buf_add_str(text, VOC_STR("webhook-signature: "));
		/* one with half a signature would be refused for good */
		if (!voc_webhook_sign(text, &endpoint->secret, voc_str_from(id), time_s, body))
			return false;
		if (endpoint->older.len > 0 &&
		    !(voc_buf_add_char(text, ' ') &&
		      voc_webhook_sign(text, &endpoint->older, voc_str_from(id), time_s, body)))
			return false;
		end_line(headers, start);
	}
	if (trace.len > 0) {
		start = text->len;
		voc_buf_add_str(text, VOC_STR(VOC_TRACE_HEADER ": "));
		voc_buf_add_str(text, trace);
		end_line(headers, start);
	}
	for (size_t i = 0; i < endpoint->header_count; i++)
		headers->lines[headers->count++] = endpoint->headers[i];
	return !text->failed;
}

void request_headers_free(struct request_headers *headers)
{
	voc_buf_free(&headers->text);
}
