#include "watch_source.h"

#include "base/clock.h"
#include "core/record/event.h"
#include "vocctl/shared/store.h"
#include "watch_kafka.h"

#include <stdlib.h>

struct watch_source {
	const struct voc_conf *conf;
	struct vocctl_store store;
	struct watch_kafka *kafka; /* NULL: not connected */
};

struct watch_source *watch_source_new(const struct voc_conf *conf)
{
	struct watch_source *source = calloc(1, sizeof *source);
	if (source != NULL)
		source->conf = conf;
	return source;
}

void watch_source_free(struct watch_source *source)
{
	if (source == NULL)
		return;
	watch_kafka_close(source->kafka);
	vocctl_store_close(&source->store);
	free(source);
}

static enum voc_status read_customers(struct watch_source *source, struct watch_view *view, struct voc_error *error)
{
	struct voc_redis_at_risk entries[WATCH_AT_RISK_MAX];
	size_t count = 0;
	enum voc_status status = voc_redis_query_at_risk(source->store.redis, source->store.meta.partitions, entries,
	                                                 WATCH_AT_RISK_MAX, &count, &view->at_risk_total, error);
	if (status != VOC_OK)
		return status;
	view->at_risk_count = count;
	/* First all ids: the next exchange takes the answer back. */
	char ids[WATCH_AT_RISK_MAX][4 * VOC_CUSTOMER_MAX_CHARS + 1];
	for (size_t i = 0; i < count; i++) {
		voc_str_copy(ids[i], sizeof ids[i], entries[i].customer_id);
		voc_str_copy(view->at_risk[i].id, sizeof view->at_risk[i].id, entries[i].customer_id);
		view->at_risk[i].risk = (int)entries[i].risk;
	}
	for (size_t i = 0; status == VOC_OK && i < count; i++) {
		struct voc_redis_fields fields;
		struct voc_str state = VOC_STR("");
		status = vocctl_store_customer(&source->store, voc_str_from(ids[i]), &fields, error);
		if (status == VOC_OK && voc_redis_field_find(&fields, "risk_state", &state))
			voc_str_copy(view->at_risk[i].state, sizeof view->at_risk[i].state, state);
	}
	return status;
}

static void look_at_redis(struct watch_source *source, struct watch_view *view)
{
	struct voc_error error = { 0 };
	enum voc_status status = VOC_OK;
	if (source->store.redis == NULL)
		status = vocctl_store_open(&source->store, source->conf, &error);
	if (status == VOC_OK)
		status = read_customers(source, view, &error);
	if (status != VOC_OK)
		vocctl_store_close(&source->store);
	voc_str_copy(view->redis_trouble, sizeof view->redis_trouble, voc_str_from(error.text));
}

static void look_at_kafka(struct watch_source *source, struct watch_view *view, bool whole)
{
	struct voc_error error = { 0 };
	enum voc_status status = VOC_OK;
	if (source->kafka == NULL)
		status = watch_kafka_open(source->conf, view, &source->kafka, &error);
	if (status == VOC_OK)
		status = watch_kafka_look(source->kafka, view, whole, &error);
	if (status != VOC_OK) {
		watch_kafka_close(source->kafka);
		source->kafka = NULL;
	}
	voc_str_copy(view->kafka_trouble, sizeof view->kafka_trouble, voc_str_from(error.text));
}

void watch_source_look(struct watch_source *source, struct watch_view *view, bool whole)
{
	look_at_kafka(source, view, whole);
	look_at_redis(source, view);
	view->now_ms = voc_clock_wall_ms();
}
