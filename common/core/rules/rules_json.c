#include "core/rules/rules_reader.h"

#include "base/hash.h"
#include "base/memory_json.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#define HOUR_MS            INT64_C(3600000)
#define HOURS_MAX          87600 /* ten years */
#define FILE_VERSION_MAX   48
#define VERSION_HASH_BYTES 4

enum {
	TOP_VERSION,
	TOP_HALF_LIFE,
	TOP_THRESHOLDS,
	TOP_WEIGHTS,
	TOP_REPEAT,
	TOP_REPEAT_COMPLAINT,
	TOP_COOLDOWN,
	TOP_FOLLOW_UP,
	TOP_IMPORTANCE,
	TOP_CASES,
	TOP_STAGES,
	TOP_VALUE,
	TOP_PRIORITY,
	TOP_COUNT
};
static const char *const top_names[TOP_COUNT] = {
	"version",   "half_life_hours", "thresholds", "weights", "repeat", "repeat_complaint", "cooldown_hours",
	"follow_up", "importance",      "cases",      "stages",  "value",  "priority"
};
static const char *const advice_names[VOC_ADVICE_COUNT] = { "ko", "en" };
static const char *const rule_names[VOC_RULE_COUNT] = {
#define X(symbol, name, text) name,
	VOC_RULES(X)
#undef X
};

static const struct voc_rules_number importances[] = {
	{ "reliability", 0, 100 }, { "responsiveness", 0, 100 }, { "assurance", 0, 100 },
	{ "empathy", 0, 100 },     { "tangibles", 0, 100 },
};
_Static_assert(sizeof importances / sizeof *importances == VOC_SERVQUAL_COUNT - 1, "one for each dimension");
const int voc_importance_default[VOC_SERVQUAL_COUNT] = { 0, 32, 22, 19, 16, 11 };

static const struct voc_rules_number half_life = { "half_life_hours", 1, HOURS_MAX };
static const struct voc_rules_number thresholds[] = { { "raise", 1, 100 },
	                                              { "critical", 1, 100 },
	                                              { "clear", 1, 100 } };
static const struct voc_rules_number weights[VOC_WEIGHT_COUNT] = {
#define X(symbol, name, term) { name, -1000, 1000 },
	VOC_WEIGHTS(X)
#undef X
};
/* A customer's state remembers eight troubles: more can't be counted. */
static const struct voc_rules_number repeat[] = { { "window_hours", 1, HOURS_MAX }, { "max", 0, 8 } };
static const struct voc_rules_number repeat_complaint[] = { { "count", 2, 8 }, { "window_hours", 1, HOURS_MAX } };
static const struct voc_rules_number cooldowns[VOC_RULE_MARKED_COUNT] = {
#define X(symbol, name, text) { name, 0, HOURS_MAX },
	VOC_MARKED_RULES(X)
#undef X
};

static void take_version(struct voc_rules_reader *reader, json_t *top, struct voc_rules *rules)
{
	json_t *value = voc_rules_take(reader, top, "", top_names[TOP_VERSION], JSON_STRING);
	if (!value)
		return;
	const char *version = json_string_value(value);
	size_t plain = strspn(version, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-");
	if (plain == 0 || plain != json_string_length(value) || plain > FILE_VERSION_MAX) {
		voc_rules_fail(reader, "", top_names[TOP_VERSION],
		               "expected 1 to 48 letters, digits, dots, dashes or underscores");
		return;
	}
	voc_str_copy(rules->version, sizeof rules->version, voc_str_from(version));
}

/*
 * The canonical text of rules that were found good, and their version from it. jansson writes what RFC 8785 asks for:
 * all names are ASCII, all numbers integers, and the control characters that it would spell otherwise are refused.
 */
static enum voc_status seal(json_t *top, struct voc_rules *rules, struct voc_buf *ret_canonical,
                            struct voc_error *error)
{
	const size_t flags = JSON_COMPACT | JSON_SORT_KEYS;
	struct voc_buf own, *text = ret_canonical ? ret_canonical : &own;
	unsigned char digest[VOC_SHA256_BYTES];
	char hex[2 * VERSION_HASH_BYTES + 1];
	size_t len = strlen(rules->version), size = json_dumpb(top, NULL, 0, flags);
	voc_buf_init(&own, size);
	voc_buf_clear(text);
	bool good = size > 0 && voc_buf_reserve(text, size);
	if (good) {
		text->len = json_dumpb(top, text->ptr, size, flags);
		voc_sha256(voc_buf_str(text), digest);
		voc_hex(digest, VERSION_HASH_BYTES, hex);
		snprintf(rules->version + len, sizeof rules->version - len, "-%s", hex);
	}
	voc_buf_free(&own);
	return good ? VOC_OK : voc_error_set(error, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1, "no memory for rules");
}

static void take_thresholds(struct voc_rules_reader *reader, json_t *top, struct voc_rules *rules)
{
	int64_t got[3];
	voc_rules_take_numbers(reader, top, "", top_names[TOP_THRESHOLDS], thresholds, 3, got);
	if (reader->failed)
		return;
	rules->raise = (int)got[0];
	rules->critical = (int)got[1];
	rules->clear = (int)got[2];
	if (rules->raise <= rules->clear)
		voc_rules_fail(reader, "thresholds", "raise", "expected more than thresholds.clear");
	if (rules->critical <= rules->raise)
		voc_rules_fail(reader, "thresholds", "critical", "expected more than thresholds.raise");
}

static void take_weights(struct voc_rules_reader *reader, json_t *top, struct voc_rules *rules)
{
	int64_t got[VOC_WEIGHT_COUNT];
	voc_rules_take_numbers(reader, top, "", top_names[TOP_WEIGHTS], weights, VOC_WEIGHT_COUNT, got);
	for (int i = 0; i < VOC_WEIGHT_COUNT && !reader->failed; i++)
		rules->weights[i] = (int)got[i];
}

/* Optional, so that rules files from before there was such a member stay valid. */
static void take_importance(struct voc_rules_reader *reader, json_t *top, struct voc_rules *rules)
{
	int64_t got[VOC_SERVQUAL_COUNT - 1], sum = 0;
	memcpy(rules->importance, voc_importance_default, sizeof rules->importance);
	if (!json_object_get(top, top_names[TOP_IMPORTANCE]))
		return;
	voc_rules_take_numbers(reader, top, "", top_names[TOP_IMPORTANCE], importances, VOC_SERVQUAL_COUNT - 1, got);
	for (int i = 1; i < VOC_SERVQUAL_COUNT && !reader->failed; i++) {
		rules->importance[i] = (int)got[i - 1];
		sum += got[i - 1];
	}
	if (!reader->failed && sum != 100)
		voc_rules_fail(reader, "", top_names[TOP_IMPORTANCE], "expected numbers that sum up to 100");
}

static void take_windows(struct voc_rules_reader *reader, json_t *top, struct voc_rules *rules)
{
	int64_t got[VOC_RULE_COUNT];
	rules->half_life_ms = voc_rules_take_number(reader, top, "", &half_life) * HOUR_MS;
	voc_rules_take_numbers(reader, top, "", top_names[TOP_REPEAT], repeat, 2, got);
	rules->repeat_window_ms = got[0] * HOUR_MS;
	rules->repeat_max = (int)got[1];
	voc_rules_take_numbers(reader, top, "", top_names[TOP_REPEAT_COMPLAINT], repeat_complaint, 2, got);
	rules->repeat_complaint_count = (int)got[0];
	rules->repeat_complaint_window_ms = got[1] * HOUR_MS;
	voc_rules_take_numbers(reader, top, "", top_names[TOP_COOLDOWN], cooldowns, VOC_RULE_MARKED_COUNT, got);
	for (int i = 0; i < VOC_RULE_MARKED_COUNT; i++)
		rules->cooldown_ms[i] = got[i] * HOUR_MS;
}

/* Line feed and tab may stand in a text for people. */
static bool has_control(struct voc_str text)
{
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.ptr[i];
		if (c < ' ' && c != '\n' && c != '\t')
			return true;
	}
	return false;
}

static void take_advice(struct voc_rules_reader *reader, json_t *texts, enum voc_rule rule, struct voc_rules *rules)
{
	char group[64];
	snprintf(group, sizeof group, "%s.%s", top_names[TOP_FOLLOW_UP], rule_names[rule]);
	for (int lang = 0; lang < VOC_ADVICE_COUNT; lang++) {
		json_t *text = voc_rules_take(reader, texts, group, advice_names[lang], JSON_STRING);
		if (!text)
			continue;
		size_t len = json_string_length(text);
		if (len == 0 || len >= VOC_FOLLOW_UP_SIZE)
			voc_rules_fail(reader, group, advice_names[lang], "expected 1 to 399 bytes");
		else if (has_control(voc_str_of(json_string_value(text), len)))
			voc_rules_fail(reader, group, advice_names[lang], "expected no control characters");
		else
			voc_str_copy(rules->follow_up[rule][lang], VOC_FOLLOW_UP_SIZE,
			             voc_str_of(json_string_value(text), len));
	}
	voc_rules_refuse_others(reader, texts, group, advice_names, VOC_ADVICE_COUNT, sizeof *advice_names);
}

/* What is told of cases has its advice if the rules have cases; what is told of stages likewise. */
static bool is_told(const struct voc_rules *rules, enum voc_rule rule)
{
	switch (rule) {
#define X(symbol, name, text) case symbol:
		VOC_CASE_RULES(X) return rules->cases.on;
		VOC_ACCOUNT_RULES(X) return rules->account.on;
#undef X
	default: return true;
	}
}

static void take_follow_up(struct voc_rules_reader *reader, json_t *top, struct voc_rules *rules)
{
	const char *group = top_names[TOP_FOLLOW_UP];
	json_t *object = voc_rules_take(reader, top, "", group, JSON_OBJECT);
	if (!object)
		return;
	const char *told[VOC_RULE_COUNT];
	size_t count = 0;
	for (int rule = 0; rule < VOC_RULE_COUNT; rule++) {
		if (!is_told(rules, (enum voc_rule)rule))
			continue;
		told[count++] = rule_names[rule];
		json_t *texts = voc_rules_take(reader, object, group, rule_names[rule], JSON_OBJECT);
		if (texts)
			take_advice(reader, texts, (enum voc_rule)rule, rules);
	}
	voc_rules_refuse_others(reader, object, group, told, count, sizeof *told);
}

static enum voc_status parse(struct voc_str json, struct voc_rules *ret_rules, struct voc_buf *ret_canonical,
                             struct voc_error *error)
{
	json_error_t where;
	json_t *top = json_loadb(json.len > 0 ? json.ptr : "", json.len, JSON_REJECT_DUPLICATES, &where);
	if (!top)
		return voc_error_set(error, VOC_FATAL, VOC_REASON_CONFIG, where.position, "line %d, column %d: %s",
		                     where.line, where.column, where.text);
	struct voc_rules_reader reader = { .error = error };
	struct voc_rules rules = { 0 };
	if (json_is_object(top)) {
		voc_rules_refuse_others(&reader, top, "", top_names, TOP_COUNT, sizeof *top_names);
		take_version(&reader, top, &rules);
		take_thresholds(&reader, top, &rules);
		take_weights(&reader, top, &rules);
		take_windows(&reader, top, &rules);
		voc_rules_take_cases(&reader, top, &rules);
		voc_rules_take_account(&reader, top, &rules);
		take_follow_up(&reader, top, &rules);
		take_importance(&reader, top, &rules);
	} else {
		voc_rules_fail(&reader, "", "rules", "expected an object");
	}
	enum voc_status status = reader.failed ? VOC_FATAL : seal(top, &rules, ret_canonical, error);
	json_decref(top);
	if (status == VOC_OK)
		*ret_rules = rules;
	return status;
}

enum voc_status voc_rules_read(struct voc_str json, struct voc_rules *ret_rules, struct voc_buf *ret_canonical,
                               struct voc_error *error)
{
	if (json.len > VOC_RULES_MAX_BYTES)
		return voc_error_set(error, VOC_FATAL, VOC_REASON_CONFIG, -1, "longer than %d bytes",
		                     VOC_RULES_MAX_BYTES);
	if (!voc_json_memory_begin(json.len))
		return voc_error_set(error, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1, "no memory to read the rules");
	enum voc_status status = parse(json, ret_rules, ret_canonical, error);
	voc_json_memory_end();
	return status;
}

enum voc_status voc_rules_parse(struct voc_str json, struct voc_rules *ret_rules, struct voc_error *error)
{
	return voc_rules_read(json, ret_rules, NULL, error);
}
