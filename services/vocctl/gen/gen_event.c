#include "gen_event.h"

#include "base/json_write.h"
#include "base/timestamp.h"

#include <stdio.h>

/* What agents say; their words are in every transcript and are not the customer's. */
struct agent_lines {
	const char *greeting, *acknowledgement, *closing, *farewell;
};

static const struct agent_lines agent_lines[GEN_LANG_COUNT][2] = {
	[GEN_KOREAN] = {
		{ "안녕하세요, 고객센터입니다. 무엇을 도와드릴까요?", "네, 고객님. 확인해 보겠습니다. 잠시만 기다려 주세요.",
		  "확인 후 담당 부서에서 연락드리겠습니다.", "네, 알겠습니다." },
		{ "반갑습니다, 상담원입니다. 어떤 일로 전화 주셨나요?", "말씀하신 내용 접수했습니다. 더 있으신가요?",
		  "접수된 내용은 문자로 안내해 드리겠습니다.", "네, 그렇게 해 주세요." },
	},
	[GEN_ENGLISH] = {
		{ "Thank you for calling customer care, how can I help?", "I see, let me look at that for you.",
		  "I have passed this on to the team in charge.", "Okay." },
		{ "Good day, you're through to support. What is it about?", "Understood. Is there anything else?",
		  "You will get a message with the case number.", "Alright." },
	},
};

static const char *const sources[VOC_CHANNEL_COUNT][GEN_LANG_COUNT] = {
	[VOC_CHANNEL_CALL] = { "/callcenter/seoul", "/callcenter/manchester" },
	[VOC_CHANNEL_WEB] = { "/web/ko", "/web/en" },
	[VOC_CHANNEL_COMPLAINT] = { "/complaints/seoul", "/complaints/london" },
};

static const char *const contacts[VOC_CHANNEL_COUNT][3] = {
	[VOC_CHANNEL_CALL] = { "phone", "phone", "callback" },
	[VOC_CHANNEL_WEB] = { "app", "chat", "email" },
	[VOC_CHANNEL_COMPLAINT] = { "form", "form", "letter" },
};

static const char *const teams[] = { "care", "billing", "technical", "retention" };

/* Of a hundred contacts in a mood, how many are calls and how many complaint forms; the rest comes by web. */
static const struct {
	uint8_t calls, complaints;
} channel_shares[GEN_MOOD_COUNT] = {
	[GEN_PRAISE] = { 25, 0 },     [GEN_REMARK] = { 30, 1 }, [GEN_QUESTION] = { 55, 1 },
	[GEN_COMPLAINT] = { 42, 30 }, [GEN_CHURN] = { 55, 20 },
};

/* Of a hundred contacts in a mood, how many give a rating; and the least of the two ratings that it may be. */
static const struct {
	uint8_t rated;
	int least;
} rating_habits[GEN_MOOD_COUNT] = {
	[GEN_PRAISE] = { 60, 4 },    [GEN_REMARK] = { 25, 3 }, [GEN_QUESTION] = { 5, 3 },
	[GEN_COMPLAINT] = { 45, 1 }, [GEN_CHURN] = { 40, 1 },
};

void gen_event_shape(struct gen_event *event, struct gen_random *random)
{
	uint32_t at = gen_random_below(random, 100);
	uint32_t calls = channel_shares[event->mood].calls;
	event->channel = VOC_CHANNEL_WEB;
	if (at < calls)
		event->channel = VOC_CHANNEL_CALL;
	else if (at < calls + channel_shares[event->mood].complaints)
		event->channel = VOC_CHANNEL_COMPLAINT;
	event->transcript = event->channel == VOC_CHANNEL_CALL && gen_random_chance(random, 700);
	if (gen_random_below(random, 100) < rating_habits[event->mood].rated)
		event->rating = rating_habits[event->mood].least + (int)gen_random_below(random, 2);
}

/* Some leave a number or an address in what they say: invented ones, of ranges that nobody has. */
static void append_personal_data(struct voc_buf *text, enum gen_lang lang, struct gen_random *random)
{
	uint32_t number = gen_random_below(random, 100);
	if (lang == GEN_KOREAN)
		voc_buf_addf(text, " 연락처는 010-0000-00%02u입니다.", number);
	else if (number % 2 == 0)
		voc_buf_addf(text, " My number is 555-0100-%02u.", number);
	else
		voc_buf_addf(text, " Write to customer%02u@example.com.", number);
}

/* One to two utterances as a JSON string, into `scratch`. */
static struct voc_str draw_text(const struct gen_event *event, const struct gen_texts *texts, struct gen_random *random,
                                struct voc_buf *scratch)
{
	const struct gen_customer *customer = &event->customer;
	voc_buf_clear(scratch);
	voc_buf_add_char(scratch, '"');
	voc_buf_add_str(scratch, gen_texts_draw(texts, customer->lang, customer->domain, event->mood, random));
	if (!event->transcript && gen_random_chance(random, 150)) {
		voc_buf_add_char(scratch, ' ');
		voc_buf_add_str(scratch, gen_texts_draw(texts, customer->lang, customer->domain, event->mood, random));
	}
	if (gen_random_chance(random, 20))
		append_personal_data(scratch, customer->lang, random);
	voc_buf_add_char(scratch, '"');
	return voc_buf_str(scratch);
}

static void write_turn(struct voc_json_writer *json, const char *role, struct voc_str text_json)
{
	voc_json_object(json);
	voc_json_member_str(json, "role", voc_str_from(role));
	voc_json_key(json, "text");
	voc_json_raw(json, text_json);
	voc_json_object_end(json);
}

static void write_agent_turn(struct voc_json_writer *json, const char *text)
{
	voc_json_object(json);
	voc_json_member_str(json, "role", VOC_STR("agent"));
	voc_json_member_str(json, "text", voc_str_from(text));
	voc_json_object_end(json);
}

static void write_transcript(struct voc_json_writer *json, const struct gen_event *event, const struct gen_texts *texts,
                             struct gen_random *random, struct voc_buf *scratch)
{
	enum gen_lang lang = event->customer.lang;
	const struct agent_lines *agent = &agent_lines[lang][gen_random_below(random, 2)];
	voc_json_key(json, "transcript");
	voc_json_array(json);
	write_agent_turn(json, agent->greeting);
	write_turn(json, "customer", draw_text(event, texts, random, scratch));
	write_agent_turn(json, agent->acknowledgement);
	if (gen_random_chance(random, 350))
		write_turn(json, "customer", draw_text(event, texts, random, scratch));
	write_agent_turn(json, agent->closing);
	voc_json_object(json);
	voc_json_member_str(json, "role", VOC_STR("customer"));
	voc_json_member_str(json, "text", voc_str_from(agent->farewell));
	voc_json_object_end(json);
	voc_json_array_end(json);
}

static void write_data(struct voc_json_writer *json, const struct gen_event *event, const struct gen_texts *texts,
                       struct gen_random *random, struct voc_buf *scratch)
{
	const struct gen_customer *customer = &event->customer;
	char text[32];
	voc_json_object(json);
	snprintf(text, sizeof text, "C-%06u", customer->number + 1);
	voc_json_member_str(json, "customer_id", voc_str_from(text));
	voc_json_member_str(json, "channel", voc_str_from(contacts[event->channel][gen_random_below(random, 3)]));
	if (event->transcript) {
		write_transcript(json, event, texts, random, scratch);
	} else {
		voc_json_key(json, "text");
		voc_json_raw(json, draw_text(event, texts, random, scratch));
	}
	voc_json_member_str(json, "lang", customer->lang == GEN_KOREAN ? VOC_STR("ko") : VOC_STR("en"));
	if (event->rating != 0)
		voc_json_member_i64(json, "rating", event->rating);
	voc_json_member_str(json, "product", voc_str_from(gen_product_name(customer->domain, customer->product)));
	if (event->channel != VOC_CHANNEL_WEB) {
		snprintf(text, sizeof text, "A-%02u", 1 + gen_random_below(random, 60));
		voc_json_member_str(json, "agent_id", voc_str_from(text));
		voc_json_member_str(
		        json, "team",
		        voc_str_from(event->mood == GEN_CHURN ? "retention" : teams[gen_random_below(random, 3)]));
	}
	voc_json_object_end(json);
}

void gen_event_write(struct voc_buf *line, const struct gen_event *event, const struct gen_texts *texts,
                     struct gen_random *random, struct voc_buf *scratch)
{
	struct voc_json_writer json;
	char text[40];
	voc_json_begin(&json, line);
	voc_json_object(&json);
	voc_json_member_str(&json, "specversion", VOC_STR("1.0"));
	snprintf(text, sizeof text, "%016llx%016llx", (unsigned long long)event->id[0],
	         (unsigned long long)event->id[1]);
	voc_json_member_str(&json, "id", voc_str_from(text));
	voc_json_member_str(&json, "source", voc_str_from(sources[event->channel][event->customer.lang]));
	voc_json_member_str(&json, "type", voc_str_from(voc_channel_event_type(event->channel)));
	snprintf(text, sizeof text, "C-%06u", event->customer.number + 1);
	voc_json_member_str(&json, "subject", voc_str_from(text));
	voc_timestamp_format(event->time_ms, text);
	voc_json_member_str(&json, "time", voc_str_from(text));
	voc_json_member_str(&json, "datacontenttype", VOC_STR("application/json"));
	voc_json_key(&json, "data");
	write_data(&json, event, texts, random, scratch);
	voc_json_object_end(&json);
}
