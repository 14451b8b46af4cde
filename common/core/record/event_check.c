/* What a draft's fields must be. The JSON Schema says the same in its own words: change both. */
#include "core/record/event_draft.h"

#include "base/timestamp.h"
#include "base/utf8.h"

bool voc_event_flaw(struct voc_event_draft *draft, enum voc_reason reason, const char *at, const char *name,
                    const char *what)
{
	const char *begin = draft->json.ptr;
	bool inside = at && at >= begin && at <= begin + draft->json.len;
	voc_error_set(&draft->flaw, VOC_INVALID, reason, inside ? at - begin : -1, "%s %s", name, what);
	return false;
}

static bool is_longer(struct voc_str s, size_t max_chars)
{
	/* Characters are at least a byte each: most texts need no count. */
	return s.len > max_chars && voc_utf8_count(s) > max_chars;
}

static bool check_required(struct voc_event_draft *draft, struct voc_str value, const char *name)
{
	return value.ptr || voc_event_flaw(draft, VOC_REASON_MISSING_FIELD, NULL, name, "is missing");
}

/* A name that others will know the thing by: it must be there, be visible, and stay on one line. */
bool voc_event_check_identity(struct voc_event_draft *draft, struct voc_str value, size_t max_chars, const char *name)
{
	if (!check_required(draft, value, name))
		return false;
	if (is_longer(value, max_chars))
		return voc_event_flaw(draft, VOC_REASON_TOO_LARGE, value.ptr, name, "is too long");
	if (voc_utf8_is_blank(value))
		return voc_event_flaw(draft, VOC_REASON_BAD_VALUE, value.ptr, name, "is blank");
	if (voc_utf8_has_control(value))
		return voc_event_flaw(draft, VOC_REASON_BAD_VALUE, value.ptr, name, "has control characters");
	return true;
}

bool voc_event_check_length(struct voc_event_draft *draft, struct voc_str value, size_t max_chars, const char *name)
{
	return !is_longer(value, max_chars) ||
	       voc_event_flaw(draft, VOC_REASON_TOO_LARGE, value.ptr, name, "is too long");
}

static bool check_name(struct voc_event_draft *draft, struct voc_str value, const char *name)
{
	return voc_event_check_length(draft, value, VOC_NAME_MAX_CHARS, name);
}

static bool is_media_token(char c)
{
	return c > ' ' && c <= '~' && c != '/' && c != ';';
}

static size_t media_token(struct voc_str s, size_t from)
{
	size_t at = from;
	while (at < s.len && is_media_token(s.ptr[at]))
		at++;
	return at;
}

static bool ends_with_json(struct voc_str s)
{
	static const char json[] = "json";
	if (s.len < 4)
		return false;
	for (size_t i = 0; i < 4; i++)
		if ((s.ptr[s.len - 4 + i] | 0x20) != json[i])
			return false;
	return true;
}

/* "application/json", "application/vnd.x+json; charset=utf-8": any type, subtype json or something+json. */
static bool is_json_media_type(struct voc_str s)
{
	size_t slash = media_token(s, 0);
	if (slash == 0 || slash == s.len || s.ptr[slash] != '/')
		return false;
	size_t end = media_token(s, slash + 1);
	struct voc_str subtype = voc_str_of(s.ptr + slash + 1, end - slash - 1);
	bool json = ends_with_json(subtype) &&
	            (subtype.len == 4 || (subtype.len > 5 && subtype.ptr[subtype.len - 5] == '+'));
	while (end < s.len && (s.ptr[end] == ' ' || (s.ptr[end] >= '\t' && s.ptr[end] <= '\r')))
		end++;
	return json && (end == s.len || s.ptr[end] == ';');
}

bool voc_event_check_time(struct voc_event_draft *draft, int64_t record_ms, int64_t *ret_ms)
{
	struct voc_str time = draft->time;
	int64_t ms = record_ms;
	if (time.ptr && !voc_timestamp_parse(time, &ms))
		return voc_event_flaw(draft, VOC_REASON_BAD_TIME, time.ptr, "time", "is not an RFC 3339 timestamp");
	if (ms < VOC_EARLIEST_MS)
		return voc_event_flaw(draft, VOC_REASON_BAD_TIME, time.ptr, "time", "is too early");
	/* A record without a sensible timestamp of its own has nothing to say about the future. */
	bool known = record_ms >= VOC_EARLIEST_MS && record_ms < VOC_LATEST_MS;
	if (ms > (known ? record_ms + VOC_FUTURE_TOLERANCE_MS : VOC_LATEST_MS))
		return voc_event_flaw(draft, VOC_REASON_BAD_TIME, time.ptr, "time", "is too late");
	*ret_ms = ms;
	return true;
}

static bool check_kind(struct voc_event_draft *draft)
{
	if (!check_required(draft, draft->specversion, "specversion"))
		return false;
	if (!voc_str_is(draft->specversion, "1.0"))
		return voc_event_flaw(draft, VOC_REASON_UNSUPPORTED_VERSION, draft->specversion.ptr, "specversion",
		                      "is not 1.0");
	return check_required(draft, draft->type, "type");
}

static bool is_unknown_type(struct voc_event_draft *draft)
{
	return voc_event_flaw(draft, VOC_REASON_UNKNOWN_TYPE, draft->type.ptr, "type", "is unknown");
}

static bool check_origin(struct voc_event_draft *draft)
{
	if (draft->content_type.ptr && !is_json_media_type(draft->content_type))
		return voc_event_flaw(draft, VOC_REASON_BAD_VALUE, draft->content_type.ptr, "datacontenttype",
		                      "is not JSON");
	return voc_event_check_identity(draft, draft->id, VOC_ID_MAX_CHARS, "id") &&
	       voc_event_check_identity(draft, draft->source, VOC_ID_MAX_CHARS, "source");
}

bool voc_event_check_attributes(struct voc_event_draft *draft, const char *type)
{
	return draft->flaw.status == VOC_OK && check_kind(draft) &&
	       (voc_str_is(draft->type, type) || is_unknown_type(draft)) && check_origin(draft);
}

static bool check_attributes(struct voc_event_draft *draft, enum voc_channel *ret_channel)
{
	return check_kind(draft) &&
	       (voc_channel_parse_event_type(draft->type, ret_channel) || is_unknown_type(draft)) &&
	       check_origin(draft);
}

static bool check_rating(struct voc_event_draft *draft, struct voc_str number, const char *name, int *ret_rating)
{
	int64_t rating = 0;
	if (number.ptr && (!voc_json_number_to_i64(number, &rating) || rating < 1 || rating > 5))
		return voc_event_flaw(draft, VOC_REASON_BAD_VALUE, number.ptr, name, "is not 1 to 5");
	*ret_rating = (int)rating;
	return true;
}

static bool check_promise(struct voc_event_draft *draft, int64_t *ret_ms)
{
	struct voc_str time = draft->promised_at;
	int64_t ms = 0;
	if (time.ptr && (!voc_timestamp_parse(time, &ms) || ms < VOC_EARLIEST_MS || ms > VOC_LATEST_MS))
		return voc_event_flaw(draft, VOC_REASON_BAD_TIME, time.ptr, "promised_at",
		                      "is not an RFC 3339 timestamp from 2000 to 2100");
	*ret_ms = ms;
	return true;
}

bool voc_event_check_customer(struct voc_event_draft *draft)
{
	return check_required(draft, draft->data, "data") &&
	       voc_event_check_identity(draft, draft->customer_id, VOC_CUSTOMER_MAX_CHARS, "customer_id");
}

static bool check_data(struct voc_event_draft *draft, struct voc_event *event)
{
	return voc_event_check_customer(draft) && check_name(draft, draft->lang, "lang") &&
	       check_name(draft, draft->contact, "channel") && check_name(draft, draft->product, "product") &&
	       check_name(draft, draft->team, "team") && check_name(draft, draft->agent_id, "agent_id") &&
	       check_rating(draft, draft->rating, "rating", &event->rating) &&
	       check_rating(draft, draft->expected, "expected", &event->expected) &&
	       check_promise(draft, &event->promised_ms);
}

static size_t count_turn_chars(const struct voc_event_draft *draft)
{
	size_t chars = 0;
	for (const struct voc_event_turn *turn = draft->first_turn; turn; turn = turn->next)
		chars += voc_utf8_count(turn->text);
	return chars;
}

static bool join_turns(struct voc_event_draft *draft, struct voc_str *ret_text)
{
	if (draft->turns == 1) {
		*ret_text = draft->first_turn->text;
		return true;
	}
	char *to = voc_arena_alloc(draft->arena, draft->turn_bytes + draft->turns);
	if (!to)
		return voc_event_flaw(draft, VOC_REASON_OUT_OF_MEMORY, NULL, "the arena", "is full");
	size_t len = 0;
	for (const struct voc_event_turn *turn = draft->first_turn; turn; turn = turn->next) {
		if (len > 0)
			to[len++] = '\n';
		memcpy(to + len, turn->text.ptr, turn->text.len);
		len += turn->text.len;
	}
	*ret_text = voc_str_of(to, len);
	return true;
}

static bool check_transcript(struct voc_event_draft *draft, struct voc_str *ret_text)
{
	const char *at = draft->transcript.ptr;
	if (draft->turns == 0)
		return voc_event_flaw(draft, VOC_REASON_EMPTY_TEXT, at, "transcript", "has no words of the customer");
	if (draft->turn_bytes > VOC_TEXT_MAX_CHARS && count_turn_chars(draft) > VOC_TEXT_MAX_CHARS)
		return voc_event_flaw(draft, VOC_REASON_TOO_LARGE, at, "transcript", "has too long a text");
	return join_turns(draft, ret_text);
}

static bool check_text(struct voc_event_draft *draft, struct voc_str *ret_text)
{
	struct voc_str text = draft->text;
	if (text.ptr && draft->transcript.ptr)
		return voc_event_flaw(draft, VOC_REASON_BAD_VALUE, draft->transcript.ptr, "data",
		                      "has both text and transcript");
	if (draft->transcript.ptr)
		return check_transcript(draft, ret_text);
	if (!check_required(draft, text, "text"))
		return false;
	if (is_longer(text, VOC_TEXT_MAX_CHARS))
		return voc_event_flaw(draft, VOC_REASON_TOO_LARGE, text.ptr, "text", "is too long");
	if (voc_utf8_is_blank(text))
		return voc_event_flaw(draft, VOC_REASON_EMPTY_TEXT, text.ptr, "text", "is blank");
	*ret_text = text;
	return true;
}

bool voc_event_check(struct voc_event_draft *draft, int64_t record_timestamp_ms, struct voc_event *event)
{
	if (draft->flaw.status != VOC_OK || !check_attributes(draft, &event->channel) ||
	    !voc_event_check_time(draft, record_timestamp_ms, &event->time_ms) || !check_data(draft, event) ||
	    !check_text(draft, &event->text))
		return false;
	event->id = draft->id;
	event->source = draft->source;
	event->customer_id = draft->customer_id;
	event->turns = (uint32_t)draft->turns;
	event->lang = draft->lang;
	event->contact = draft->contact;
	event->product = draft->product;
	event->team = draft->team;
	event->agent_id = draft->agent_id;
	event->extension_count = draft->extension_count;
	return true;
}
