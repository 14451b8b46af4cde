#include "io/webhook/webhooks.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* The whole file, at most `buf`'s maximum. */
static enum voc_status read_file(struct voc_buf *buf, const char *path, struct voc_error *error)
{
	FILE *file = fopen(path, "re");
	if (!file)
		return voc_error_set(error, VOC_FATAL, VOC_REASON_CONFIG, -1, "%.120s: %s", path, strerror(errno));
	char chunk[4096];
	size_t got;
	while ((got = fread(chunk, 1, sizeof chunk, file)) > 0 && voc_buf_add(buf, chunk, got))
		;
	bool failed = ferror(file) || buf->failed;
	(void)fclose(file);
	explicit_bzero(chunk, sizeof chunk);
	if (failed)
		return voc_error_set(error, VOC_FATAL, VOC_REASON_CONFIG, -1, "%.120s: unreadable, or over %zu bytes",
		                     path, buf->max);
	return VOC_OK;
}

/* Wipes before it frees: a secret was in it. */
static void free_secret_buf(struct voc_buf *buf)
{
	if (buf->ptr)
		explicit_bzero(buf->ptr, buf->cap);
	voc_buf_free(buf);
}

enum voc_status voc_endpoint_load_secret(struct voc_endpoint *endpoint, struct voc_error *error)
{
	struct voc_buf buf;
	voc_buf_init(&buf, 1024);
	enum voc_status status = read_file(&buf, endpoint->secret_file, error);
	if (status == VOC_OK && !voc_webhook_secrets_parse(voc_buf_str(&buf), &endpoint->secret, &endpoint->older))
		status = voc_error_set(error, VOC_FATAL, VOC_REASON_CONFIG, -1,
		                       "%.120s: whsec_ and the base64 of %d to %d bytes are wanted, once or twice",
		                       endpoint->secret_file, VOC_WEBHOOK_SECRET_MIN_BYTES,
		                       VOC_WEBHOOK_SECRET_MAX_BYTES);
	free_secret_buf(&buf);
	return status;
}

enum voc_status voc_webhooks_load(const char *path, struct voc_webhooks **ret_webhooks, struct voc_error *error)
{
	struct voc_buf buf;
	struct voc_webhooks *webhooks = NULL;
	voc_buf_init(&buf, VOC_WEBHOOKS_MAX_BYTES);
	enum voc_status status = read_file(&buf, path, error);
	if (status == VOC_OK)
		status = voc_webhooks_parse(voc_buf_str(&buf), &webhooks, error);
	free_secret_buf(&buf);
	for (size_t i = 0; status == VOC_OK && i < webhooks->count; i++) {
		if (webhooks->endpoints[i].secret_file)
			status = voc_endpoint_load_secret(&webhooks->endpoints[i], error);
	}
	if (status == VOC_OK)
		*ret_webhooks = webhooks;
	else
		voc_webhooks_free(webhooks);
	return status;
}

static void free_wiped(char *text)
{
	if (text)
		explicit_bzero(text, strlen(text));
	free(text);
}

void voc_webhooks_free(struct voc_webhooks *webhooks)
{
	if (!webhooks)
		return;
	for (size_t i = 0; i < webhooks->count; i++) {
		struct voc_endpoint *endpoint = &webhooks->endpoints[i];
		free_wiped(endpoint->url);
		free(endpoint->secret_file);
		for (size_t j = 0; j < endpoint->header_count; j++)
			free_wiped(endpoint->headers[j]);
	}
	explicit_bzero(webhooks, sizeof *webhooks);
	free(webhooks);
}

void voc_webhooks_print(struct voc_buf *buf, const struct voc_webhooks *webhooks)
{
	for (size_t i = 0; i < webhooks->count; i++) {
		const struct voc_endpoint *endpoint = &webhooks->endpoints[i];
		const char *host = strstr(endpoint->url, "://") + 3;
		int origin = (int)(host - endpoint->url) + (int)strcspn(host, "/?#");
		voc_buf_addf(buf, "endpoint %s: %s to %.*s/***, %s, min_severity %s, rules", endpoint->name,
		             endpoint->format == VOC_WEBHOOK_SLACK ? "slack" : "cloudevents", origin, endpoint->url,
		             endpoint->secret.len > 0 || endpoint->secret_file ? "signed" : "unsigned",
		             voc_severity_name(endpoint->min_severity));
		for (int rule = 0; rule < VOC_RULE_COUNT; rule++)
			if ((endpoint->rules >> rule & 1U) != 0)
				voc_buf_addf(buf, " %s", voc_rule_name((enum voc_rule)rule));
		voc_buf_addf(buf, ", %zu extra headers\n", endpoint->header_count);
	}
}
