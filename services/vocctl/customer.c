#include "commands.h"

#include "base/hash.h"
#include "base/json_write.h"
#include "core/labels.h"
#include "customer_page.h"
#include "store.h"
#include "text.h"

#include <stdio.h>
#include <unistd.h>

#define PAGE_BYTES_MAX (1 << 20)

enum { FLAG_JSON, FLAG_COUNT };

static const struct vocctl_flag flags[FLAG_COUNT] = {
	[FLAG_JSON] = { "json", VOCCTL_SWITCH, NULL, 0, 0, 0, "One JSON object: the hash as it is stored" },
};

static int run(const struct voc_conf *conf, const struct vocctl_arguments *arguments)
{
	struct voc_str id = voc_str_from(arguments->operands[0]);
	struct voc_error error = { 0 };
	struct vocctl_store store;
	struct voc_redis_fields fields;
	enum voc_status status = vocctl_store_open(&store, conf, &error);
	if (status == VOC_OK)
		status = vocctl_store_customer(&store, id, &fields, &error);
	if (status == VOC_OK && fields.count == 0)
		status = voc_error_set(&error, VOC_INVALID, VOC_REASON_NONE, -1, "nothing is known of this customer");
	if (status != VOC_OK) {
		fprintf(stderr, "vocctl customer: %s\n", error.text);
	} else {
		struct voc_buf page;
		voc_buf_init(&page, PAGE_BYTES_MAX);
		if (arguments->flags[FLAG_JSON].given)
			customer_page_json(&page, id, voc_partition_of(id, store.meta.partitions), &fields);
		else
			customer_page(&page, id, &fields, vocctl_colour_wanted(STDOUT_FILENO));
		fputs(voc_buf_c_str(&page), stdout);
		voc_buf_free(&page);
	}
	vocctl_store_close(&store);
	return status == VOC_OK ? VOCCTL_OK : VOCCTL_FAILED;
}

const struct vocctl_command vocctl_command_customer = {
	.name = "customer",
	.synopsis = "ID",
	.operands_least = 1,
	.operands_most = 1,
	.summary = "Show what is known of a customer",
	.description = "Counts, satisfaction, risk and what it is made of, as the aggregator keeps them in Redis.\n",
	.flags = flags,
	.flag_count = FLAG_COUNT,
	.run = run,
};
