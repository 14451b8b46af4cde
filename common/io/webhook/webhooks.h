/*
 * Webhook endpoints, as the file VOC_WEBHOOKS lists them (JSON; deploy/webhooks.example.json).
 *
 * {"endpoints": [{"name", "url", "format": "cloudevents" | "slack", "secret" or "secret_file", "rules": [...],
 * "min_severity", "headers": {...}}]}. Unknown members, wrong types and duplicate names are errors that say where.
 * Read once at start, then only read: pass it as const, to any thread. Holds secrets: URLs, too, may be one (Slack's
 * are), so print endpoints with voc_webhooks_print only, and log their names.
 */
#ifndef VOC_IO_WEBHOOKS_H
#define VOC_IO_WEBHOOKS_H

#include "base/err.h"
#include "core/deliver/standard_webhooks.h"
#include "core/rules/alert_rule.h"

#define VOC_ENDPOINTS_MAX          64 /* each is a thread and a consumer */
#define VOC_ENDPOINT_NAME_SIZE     41 /* 1 to 40 of a-z 0-9 - */
#define VOC_ENDPOINT_HEADERS_MAX   16
#define VOC_ENDPOINT_URL_MAX_BYTES 2048
#define VOC_WEBHOOKS_MAX_BYTES     (256 * 1024) /* of the file */

enum voc_webhook_format { VOC_WEBHOOK_CLOUDEVENTS, VOC_WEBHOOK_SLACK };

struct voc_endpoint {
	char name[VOC_ENDPOINT_NAME_SIZE]; /* also the consumer group's suffix: renaming it starts over */
	char *url;
	enum voc_webhook_format format;
	struct voc_webhook_secret secret; /* len 0: unsigned (slack only) */
	struct voc_webhook_secret older;  /* len 0: none; signs, too, while receivers learn the new one */
	char *secret_file;                /* NULL, or where voc_webhooks_load found the secret */
	unsigned rules;                   /* bit 1 << VOC_RULE_x: which alerts it wants */
	enum voc_severity min_severity;
	char *headers[VOC_ENDPOINT_HEADERS_MAX]; /* "Name: value" */
	size_t header_count;
};

struct voc_webhooks {
	struct voc_endpoint endpoints[VOC_ENDPOINTS_MAX];
	size_t count;
};

/* Reads and parses the file, and the secret files that it names. VOC_FATAL with VOC_REASON_CONFIG. Free with _free. */
VOC_MUST_CHECK enum voc_status voc_webhooks_load(const char *path, struct voc_webhooks **ret_webhooks,
                                                 struct voc_error *error);
/* Parses only: a secret that is in a file is not there yet. */
VOC_MUST_CHECK enum voc_status voc_webhooks_parse(struct voc_str json, struct voc_webhooks **ret_webhooks,
                                                  struct voc_error *error);
/* Reads secret_file again. VOC_FATAL with VOC_REASON_CONFIG, and the secrets as they were. */
VOC_MUST_CHECK enum voc_status voc_endpoint_load_secret(struct voc_endpoint *endpoint, struct voc_error *error);
/* NULL is fine. Secrets are wiped. */
void voc_webhooks_free(struct voc_webhooks *webhooks);
/* Appends a line for each endpoint; of its URL the origin only. */
void voc_webhooks_print(struct voc_buf *buf, const struct voc_webhooks *webhooks);

static inline bool voc_endpoint_wants(const struct voc_endpoint *endpoint, enum voc_rule rule,
                                      enum voc_severity severity)
{
	return (endpoint->rules >> rule & 1U) != 0 && severity >= endpoint->min_severity;
}

#endif
