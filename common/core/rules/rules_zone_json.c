/* Fills in the time zone's rule, the one member of a rules file that the operator may leave out. */
#include "core/rules/rules_zone.h"

#include "base/memory_json.h"
#include "core/rules/rules.h"
#include "core/rules/zone.h"

#include <jansson.h>

#define CALENDAR "cases.calendar."

static enum voc_status out_of_memory(struct voc_error *error)
{
	return voc_error_set(error, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1, "no memory to read the rules");
}

/* The calendar that has a zone and lacks its rule; NULL if there is none. */
static json_t *calendar_without_rule(json_t *top)
{
	json_t *calendar = json_object_get(json_object_get(top, "cases"), "calendar");
	bool is_named = json_is_string(json_object_get(calendar, "zone"));
	return is_named && !json_object_get(calendar, "tz") ? calendar : NULL;
}

static enum voc_status put_rule(json_t *top, json_t *calendar, struct voc_str rule, struct voc_buf *filled,
                                struct voc_error *error)
{
	if (json_object_set_new(calendar, "tz", json_stringn(rule.ptr, rule.len)) != 0)
		return out_of_memory(error);
	char *text = json_dumps(top, JSON_COMPACT);
	bool whole = text && voc_buf_add_str(filled, voc_str_from(text));
	json_free_t release;
	json_get_alloc_funcs(NULL, &release);
	release(text);
	return whole ? VOC_OK : out_of_memory(error);
}

static enum voc_status find_rule(const json_t *calendar, voc_zone_find_fn find, void *context, struct voc_buf *rule,
                                 struct voc_error *error)
{
	const json_t *zone = json_object_get(calendar, "zone");
	struct voc_error why = { .position = -1 };
	if (!voc_zone_name_is_good(voc_str_of(json_string_value(zone), json_string_length(zone))))
		return voc_error_set(error, VOC_FATAL, VOC_REASON_CONFIG, -1,
		                     CALENDAR "zone: expected a zone's name, as Asia/Seoul");
	if (find(context, json_string_value(zone), rule, &why) == VOC_OK)
		return VOC_OK;
	return voc_error_set(error, VOC_FATAL, VOC_REASON_CONFIG, -1, CALENDAR "tz: missing, and %s", why.text);
}

static enum voc_status fill(struct voc_str json, voc_zone_find_fn find, void *context, struct voc_buf *filled,
                            struct voc_error *error)
{
	char bytes[VOC_ZONE_TEXT_SIZE];
	struct voc_buf rule = { .ptr = bytes, .cap = sizeof bytes, .max = sizeof bytes };
	json_t *top = json_loadb(json.len > 0 ? json.ptr : "", json.len, JSON_REJECT_DUPLICATES, NULL);
	json_t *calendar = calendar_without_rule(top);
	enum voc_status status = VOC_OK;
	if (calendar) {
		status = find_rule(calendar, find, context, &rule, error);
		if (status == VOC_OK)
			status = put_rule(top, calendar, voc_buf_str(&rule), filled, error);
	} else if (!voc_buf_add_str(filled, json)) {
		status = out_of_memory(error);
	}
	json_decref(top);
	return status;
}

enum voc_status voc_rules_fill_zone(struct voc_str json, voc_zone_find_fn find, void *context, struct voc_buf *filled,
                                    struct voc_error *error)
{
	if (json.len > VOC_RULES_MAX_BYTES)
		return voc_error_set(error, VOC_FATAL, VOC_REASON_CONFIG, -1, "longer than %d bytes",
		                     VOC_RULES_MAX_BYTES);
	if (!voc_json_memory_begin(json.len))
		return out_of_memory(error);
	enum voc_status status = fill(json, find, context, filled, error);
	voc_json_memory_end();
	return status;
}
