/* A case as JSON, for alerts and for people's tools. */
#include "core/customer/case.h"

#include "base/json_write.h"
#include "base/timestamp.h"

static void tell_time(struct voc_json_writer *json, const char *name, int64_t ms)
{
	char time[VOC_TIMESTAMP_SIZE];
	if (ms == 0)
		return;
	size_t len = voc_timestamp_format(ms, time);
	voc_json_member_str(json, name, voc_str_of(time, len));
}

bool voc_case_tell(const struct voc_case *one, struct voc_buf *buf)
{
	struct voc_json_writer json;
	char id[VOC_CASE_ID_SIZE];
	voc_json_begin(&json, buf);
	voc_json_object(&json);
	voc_json_member_str(&json, "id", voc_str_from(voc_case_id(one, id)));
	voc_json_member_str(&json, "cause", voc_str_from(voc_cause_name(one->cause)));
	voc_json_member_str(&json, "state", voc_str_from(voc_case_state_name((enum voc_case_state)one->state)));
	voc_json_member_str(&json, "severity", voc_str_from(voc_severity_name((enum voc_severity)one->severity)));
	voc_json_member_str(&json, "team", voc_str_from(one->team));
	if (one->product)
		voc_json_member_str(&json, "product", voc_str_from(one->product));
	voc_json_member_i64(&json, "contacts", one->contacts);
	voc_json_member_i64(&json, "reopens", one->reopens);
	voc_json_member_i64(&json, "escalations", one->steps);
	voc_json_member_bool(&json, "respond_overdue", one->flags & VOC_CASE_RESPOND_OVERDUE);
	voc_json_member_bool(&json, "resolve_overdue", one->flags & VOC_CASE_RESOLVE_OVERDUE);
	voc_json_member_bool(&json, "silent", one->flags & VOC_CASE_SILENT);
	voc_json_member_bool(&json, "recovered", one->flags & VOC_CASE_RECOVERED);
	voc_json_member_bool(&json, "abandoned", one->flags & VOC_CASE_ABANDONED);
	tell_time(&json, "opened_at", one->opened_ms);
	tell_time(&json, "changed_at", one->changed_ms);
	tell_time(&json, "last_contact_at", one->last_ms);
	tell_time(&json, "respond_by", one->due_ms[VOC_DUE_CASE_RESPOND]);
	tell_time(&json, "resolve_by", one->due_ms[VOC_DUE_CASE_RESOLVE]);
	tell_time(&json, "escalates_at", one->due_ms[VOC_DUE_CASE_ESCALATE]);
	voc_json_object_end(&json);
	return !buf->failed;
}
