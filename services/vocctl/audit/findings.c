#include "findings.h"

#include "base/hash.h"
#include "base/json_write.h"
#include "vocctl/shared/text.h"

#include <stdio.h>

#define JSON_MAX_BYTES ((size_t)16 * 1024 * 1024)
#define LINE_MAX_BYTES 4096
#define VALUE_MAX      24 /* of what is shown of a value: a number, or a risk state */

static const char *const kinds[] = { [AUDIT_CUSTOMER] = "customer",
	                             [AUDIT_ROLLUP] = "rollup",
	                             [AUDIT_POSITION] = "position",
	                             [AUDIT_AT_RISK] = "at_risk",
	                             [AUDIT_DUE] = "due" };
static const char *const faults[] = {
	[AUDIT_DIFFERS] = "differs", [AUDIT_MISSING] = "missing", [AUDIT_STRAY] = "stray"
};

void findings_init(struct findings *findings, int64_t limit, bool as_json)
{
	*findings = (struct findings){ .limit = limit, .as_json = as_json };
	voc_buf_init(&findings->json, JSON_MAX_BYTES);
}

void findings_free(struct findings *findings)
{
	voc_buf_free(&findings->json);
}

/* Counters, times and scores; not what a customer or a sender wrote. */
static bool is_plain(struct voc_str field, struct voc_str value)
{
	int64_t number;
	return !voc_str_is(field, "last_event") && value.len <= VALUE_MAX &&
	       (voc_str_is(field, "risk_state") || voc_str_to_i64(value, &number));
}

static void add_value(struct voc_buf *buf, struct voc_str value)
{
	if (value.ptr == NULL)
		voc_buf_add_str(buf, VOC_STR("absent"));
	else
		vocctl_text_add(buf, value);
}

static void describe_field(struct voc_buf *buf, const struct audit_finding *finding)
{
	bool shown = (finding->found.ptr == NULL || is_plain(finding->field, finding->found)) &&
	             (finding->wanted.ptr == NULL || is_plain(finding->field, finding->wanted));
	vocctl_text_add(buf, finding->field);
	if (!shown) {
		voc_buf_add_str(buf, VOC_STR(" differs"));
		return;
	}
	voc_buf_add_str(buf, VOC_STR(" is "));
	add_value(buf, finding->found);
	voc_buf_add_str(buf, VOC_STR(", the log makes it "));
	add_value(buf, finding->wanted);
}

void finding_describe(struct voc_buf *buf, const struct audit_finding *finding)
{
	vocctl_text_add(buf, finding->key);
	voc_buf_add_str(buf, VOC_STR(": "));
	switch (finding->fault) {
	case AUDIT_DIFFERS: describe_field(buf, finding); break;
	case AUDIT_MISSING: voc_buf_add_str(buf, VOC_STR("missing")); break;
	case AUDIT_STRAY: voc_buf_add_str(buf, VOC_STR("no record accounts for it")); break;
	}
}

static void print(const struct audit_finding *finding)
{
	struct voc_buf line;
	voc_buf_init(&line, LINE_MAX_BYTES);
	finding_describe(&line, finding);
	puts(voc_buf_c_str(&line));
	voc_buf_free(&line);
}

static void member_value(struct voc_json_writer *json, const char *name, struct voc_str field, struct voc_str value)
{
	if (value.ptr == NULL)
		voc_json_key(json, name), voc_json_null(json);
	else if (is_plain(field, value))
		voc_json_member_str(json, name, value);
}

static void keep(struct findings *findings, const struct audit_finding *finding)
{
	struct voc_json_writer json;
	struct voc_buf text;
	voc_buf_init(&text, LINE_MAX_BYTES);
	if (findings->shown > 0)
		voc_buf_add_char(&findings->json, ',');
	voc_json_begin(&json, &findings->json);
	voc_json_object(&json);
	voc_json_member_i64(&json, "partition", finding->partition);
	voc_json_member_str(&json, "kind", voc_str_from(kinds[finding->kind]));
	voc_json_member_str(&json, "fault", voc_str_from(faults[finding->fault]));
	vocctl_text_add(&text, finding->key);
	voc_json_member_str(&json, "key", voc_buf_str(&text));
	if (finding->fault == AUDIT_DIFFERS) {
		voc_buf_clear(&text);
		vocctl_text_add(&text, finding->field);
		voc_json_member_str(&json, "field", voc_buf_str(&text));
		member_value(&json, "redis", finding->field, finding->found);
		member_value(&json, "log", finding->field, finding->wanted);
	}
	voc_json_object_end(&json);
	voc_buf_free(&text);
}

bool findings_add(void *context, const struct audit_finding *finding)
{
	struct findings *findings = context;
	uint64_t key = voc_hash64(finding->key);
	findings->keys += findings->count++ == 0 || key != findings->last_key;
	findings->last_key = key;
	if (findings->shown >= findings->limit)
		return true;
	if (findings->as_json)
		keep(findings, finding);
	else
		print(finding);
	findings->shown++;
	return !findings->json.failed;
}

void findings_end(const struct findings *findings)
{
	if (!findings->as_json && findings->shown < findings->count)
		printf("... and %lld more (--limit)\n", (long long)(findings->count - findings->shown));
}
