/* librdkafka's complaints on their way to the owner: counted, named by a reason, and held back while they repeat. */
#include "base/clock.h"
#include "io/kafka/kafka_internal.h"
#include "io/service/metrics.h"

#include <librdkafka/rdkafka.h>
#include <stdio.h>

#define QUIET_MS 10000
#define TEXT_MAX 512
/* Older ones give their part of the nonce twice in SCRAM's last message (librdkafka#4895). Kafka takes that up to 3.9,
 * and from 4.0 on refuses it in the words for a wrong password. */
#define SCRAM_VERSION 0x020601ff

/* A client whose events nobody polls (an admin client) complains by its log alone, which has no codes. */
static enum voc_reason reason_of(int code, const char *text)
{
	switch (code) {
	case RD_KAFKA_RESP_ERR__AUTHENTICATION:
	case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
	case RD_KAFKA_RESP_ERR_UNSUPPORTED_SASL_MECHANISM: return VOC_REASON_KAFKA_LOGIN;
	case RD_KAFKA_RESP_ERR__SSL: return VOC_REASON_KAFKA_TLS;
	default: break;
	}
	if (strstr(text, "SASL authentication error"))
		return VOC_REASON_KAFKA_LOGIN;
	return strstr(text, "SSL handshake failed") ? VOC_REASON_KAFKA_TLS : VOC_REASON_KAFKA;
}

/* A line of librdkafka's log names the thread first, which tells an operator nothing. */
static const char *skip_thread(const char *text)
{
	const char *end = strncmp(text, "[thrd:", 6) == 0 ? strstr(text, "]: ") : NULL;
	return end ? end + 3 : text;
}

static void tell(struct kafka_client *client, int code, const char *text)
{
	char longer[TEXT_MAX];
	text = skip_thread(text);
	enum voc_reason reason = reason_of(code, text);
	void (*on_complaint)(void *, enum voc_reason, const char *) = client->on_complaint;
	if (!on_complaint)
		return;
	if (reason == VOC_REASON_KAFKA_LOGIN && client->scram && rd_kafka_version() < SCRAM_VERSION) {
		snprintf(longer, sizeof longer, "%.300s (SCRAM with Kafka 4 takes librdkafka 2.6.1, this is %s)", text,
		         rd_kafka_version_str());
		text = longer;
	}
	on_complaint(client->context, reason, text);
}

void kafka_complain(struct kafka_client *client, int code, const char *text)
{
	voc_metric_add(VOC_METRIC_KAFKA_ERRORS, 1);
	int64_t now_ms = voc_clock_ms();
	_Atomic int64_t *quiet_until_ms = &client->quiet_until_ms[(unsigned)code % KAFKA_QUIET_SLOTS];
	int64_t until_ms = atomic_load(quiet_until_ms);
	if (now_ms >= until_ms && atomic_compare_exchange_strong(quiet_until_ms, &until_ms, now_ms + QUIET_MS))
		tell(client, code, text);
}
