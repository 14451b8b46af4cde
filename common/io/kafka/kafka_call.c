/* Admin requests: the frame that all of them have. */
#include "io/kafka/kafka_internal.h"

#include <librdkafka/rdkafka.h>

void kafka_call_begin(struct kafka_call *call, rd_kafka_t *rk, int operation, int timeout_ms)
{
	char text[160];
	call->timeout_ms = timeout_ms;
	call->queue = rd_kafka_queue_new(rk);
	call->options = rd_kafka_AdminOptions_new(rk, (rd_kafka_admin_op_t)operation);
	rd_kafka_AdminOptions_set_request_timeout(call->options, timeout_ms, text, sizeof text);
}

rd_kafka_event_t *kafka_call_end(struct kafka_call *call)
{
	rd_kafka_event_t *answer = rd_kafka_queue_poll(call->queue, call->timeout_ms);
	rd_kafka_AdminOptions_destroy(call->options);
	rd_kafka_queue_destroy(call->queue);
	return answer;
}

enum voc_status kafka_outcome(int err, const char *what, struct voc_error *error)
{
	if (err == RD_KAFKA_RESP_ERR_NO_ERROR)
		return VOC_OK;
	return voc_error_set(error, VOC_RETRY, VOC_REASON_KAFKA, -1, "%s: %s", what,
	                     rd_kafka_err2str((rd_kafka_resp_err_t)err));
}
