/* The endpoints' file: whatever it holds, it is parsed or refused with a reason, and what was parsed can be printed. */
#include <stdint.h>
#include <stdlib.h>

#include "io/webhook/webhooks.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct voc_webhooks *webhooks = NULL;
	struct voc_error error = { .position = -1 };
	enum voc_status status = voc_webhooks_parse(voc_str_of((const char *)data, size), &webhooks, &error);
	if (status != VOC_OK) {
		if (webhooks || error.text[0] == '\0')
			abort();
		return 0;
	}
	struct voc_buf buf;
	voc_buf_init(&buf, (size_t)1024 * 1024);
	voc_webhooks_print(&buf, webhooks);
	if (buf.failed || webhooks->count == 0)
		abort();
	voc_buf_free(&buf);
	voc_webhooks_free(webhooks);
	return 0;
}
