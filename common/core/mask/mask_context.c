/* The words around a number. */
#include "base/utf8.h"
#include "core/mask/mask_internal.h"

#define BEFORE_BYTES 144 /* of the text: 48 of Korean as it is composed, decomposed three times that */
#define AFTER_BYTES  96
#define NEAR_BYTES   64 /* composed: how far a word reaches */
#define AFTER_NEAR   24
#define OTHER_BYTES  28 /* how far one reaches that says that a number is nothing personal */
#define BESIDE_BYTES 2  /* between a bank's name that is an everyday word, too, and its number */

struct word {
	const char *text; /* small letters */
	enum voc_context context;
	bool whole;  /* Latin: not a part of a longer word at its front */
	bool beside; /* counts only right before the number */
};

#define KO(text, context)                                 \
	{                                                 \
		text, VOC_CONTEXT_##context, false, false \
	}
#define EN(text, context)                                \
	{                                                \
		text, VOC_CONTEXT_##context, true, false \
	}
#define BESIDE(text, context)                           \
	{                                               \
		text, VOC_CONTEXT_##context, true, true \
	}

/* Each begins with a small letter or a Korean one. */
static const struct word words[] = {
	KO("계좌", ACCOUNT),      KO("입금", ACCOUNT),        KO("송금", ACCOUNT),
	KO("은행", ACCOUNT),      KO("뱅크", ACCOUNT),        KO("통장", ACCOUNT),
	KO("예금", ACCOUNT),      KO("신한", ACCOUNT),        KO("농협", ACCOUNT),
	KO("토스", ACCOUNT),      KO("새마을", ACCOUNT),      KO("우체국", ACCOUNT),
	KO("신협", ACCOUNT),      KO("수협", ACCOUNT),        EN("account", ACCOUNT),
	EN("acct", ACCOUNT),      EN("a/c", ACCOUNT),         EN("bank", ACCOUNT),
	EN("iban", ACCOUNT),      EN("routing", ACCOUNT),     EN("sort code", ACCOUNT),
	BESIDE("하나", ACCOUNT),  BESIDE("우리", ACCOUNT),    BESIDE("기업", ACCOUNT),
	BESIDE("국민", ACCOUNT),  BESIDE("대구", ACCOUNT),    BESIDE("부산", ACCOUNT),
	BESIDE("광주", ACCOUNT),  BESIDE("전북", ACCOUNT),    BESIDE("경남", ACCOUNT),
	BESIDE("제주", ACCOUNT),  BESIDE("씨티", ACCOUNT),    BESIDE("산업", ACCOUNT),
	BESIDE("kb", ACCOUNT),    BESIDE("nh", ACCOUNT),      BESIDE("sc", ACCOUNT),
	BESIDE("ibk", ACCOUNT),   KO("전화", PHONE),          KO("연락", PHONE),
	KO("휴대폰", PHONE),      KO("핸드폰", PHONE),        KO("폰번호", PHONE),
	KO("모바일", PHONE),      KO("팩스", PHONE),          KO("문자", PHONE),
	EN("tel", PHONE),         EN("phone", PHONE),         EN("telephone", PHONE),
	EN("mobile", PHONE),      EN("cell", PHONE),          EN("call", PHONE),
	EN("text me", PHONE),     EN("fax", PHONE),           EN("contact", PHONE),
	EN("whatsapp", PHONE),    EN("reach", PHONE),         EN("ring me", PHONE),
	EN("hp", PHONE),          EN("h.p", PHONE),           KO("카드", CARD),
	EN("card", CARD),         EN("visa", CARD),           EN("mastercard", CARD),
	EN("amex", CARD),         KO("여권", PASSPORT),       EN("passport", PASSPORT),
	KO("주민", RESIDENT),     KO("외국인등록", RESIDENT), KO("외국인 등록", RESIDENT),
	EN("resident", RESIDENT), EN("alien", RESIDENT),      EN("rrn", RESIDENT),
	KO("주문", OTHER),        KO("송장", OTHER),          KO("배송", OTHER),
	KO("접수번호", OTHER),    KO("문의번호", OTHER),      KO("예약", OTHER),
	KO("티켓", OTHER),        KO("모델", OTHER),          KO("시리얼", OTHER),
	KO("일련", OTHER),        KO("제품", OTHER),          KO("상품", OTHER),
	KO("사업자", OTHER),      KO("쿠폰", OTHER),          KO("포인트", OTHER),
	KO("금액", OTHER),        KO("요금", OTHER),          KO("가격", OTHER),
	KO("거래", OTHER),        KO("승인번호", OTHER),      KO("바코드", OTHER),
	KO("버전", OTHER),        KO("품번", OTHER),          EN("order", OTHER),
	EN("invoice", OTHER),     EN("tracking", OTHER),      EN("parcel", OTHER),
	EN("ticket", OTHER),      EN("booking", OTHER),       EN("reservation", OTHER),
	EN("reference", OTHER),   EN("ref", OTHER),           EN("case", OTHER),
	EN("serial", OTHER),      EN("model", OTHER),         EN("sku", OTHER),
	EN("product", OTHER),     EN("part no", OTHER),       EN("barcode", OTHER),
	EN("price", OTHER),       EN("amount", OTHER),        EN("total", OTHER),
	EN("coupon", OTHER),      EN("version", OTHER),       EN("build", OTHER),
	EN("transaction", OTHER), EN("confirmation", OTHER),
};

#define WORD_COUNT (sizeof words / sizeof *words)

/* Composed, in small letters, as far as there is room for; returns the length. */
static size_t compose(struct voc_str text, size_t start, size_t end, char *to, size_t size)
{
	size_t len = 0, bytes;
	uint32_t c;
	for (size_t at = start; at < end && len + 4 <= size && (bytes = voc_mask_char(text, at, &c)) > 0; at += bytes) {
		if (c < 0x80)
			to[len++] = (char)c;
		else
			len += voc_utf8_put(to + len, c);
	}
	return len;
}

static bool is_continuation(char c)
{
	return ((unsigned char)c & 0xC0) == 0x80;
}

/* A sentence ends between the two: "Nothing arrived. 010…"; "order no. 123" is one. */
static bool ends_sentence(struct voc_str between)
{
	for (size_t i = 0; i < between.len; i++) {
		char c = between.ptr[i];
		bool last = i + 1 == between.len || between.ptr[i + 1] == ' ' || between.ptr[i + 1] == '\n';
		bool number = c == '.' && i >= 2 && memcmp(between.ptr + i - 2, "no", 2) == 0;
		if (c == '\n' || (last && !number && (c == '.' || c == '!' || c == '?')))
			return true;
	}
	return false;
}

/* "ordered", "주문한": what was done, not what the number is. */
static bool is_verb(struct voc_str after)
{
	static const char *const endings[] = { "한", "하", "했", "된", "됐", "되" };
	if (after.len > 0 && voc_mask_is_letter(after.ptr[0]))
		return true;
	for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
		if (voc_str_starts_with(after, voc_str_from(endings[i])))
			return true;
	}
	return false;
}

/* `after` is what stands between the word and the number. */
static bool counts(const struct word *word, struct voc_str after)
{
	if (word->beside)
		return after.len <= BESIDE_BYTES;
	return word->context != VOC_CONTEXT_OTHER ||
	       (after.len <= OTHER_BYTES && !is_verb(after) && !ends_sentence(after));
}

/* The word that begins at `at`; NULL if none does. */
static const struct word *word_at(struct voc_str near, size_t at)
{
	/* No word begins with a digit or what stands between digits: a text full of numbers would take 4 us for each.
	 */
	if ((unsigned char)near.ptr[at] < 'a')
		return NULL;
	for (size_t i = 0; i < WORD_COUNT; i++) {
		const struct word *word = &words[i];
		if (word->text[0] != near.ptr[at])
			continue;
		struct voc_str text = voc_str_from(word->text);
		if (text.len > near.len - at || memcmp(near.ptr + at, text.ptr, text.len) != 0)
			continue;
		bool front = !word->whole || at == 0 || !voc_mask_is_letter(near.ptr[at - 1]);
		if (front && counts(word, voc_str_of(near.ptr + at + text.len, near.len - at - text.len)))
			return word;
	}
	return NULL;
}

enum voc_context voc_mask_context(struct voc_str text, size_t start, size_t end)
{
	char composed[BEFORE_BYTES + 4];
	size_t first = start > BEFORE_BYTES ? start - BEFORE_BYTES : 0;
	while (first < start && is_continuation(text.ptr[first]))
		first++;
	struct voc_str near = voc_str_of(composed, compose(text, first, start, composed, sizeof composed));
	size_t least = near.len > NEAR_BYTES ? near.len - NEAR_BYTES : 0;
	for (size_t at = near.len; at > least; at--) {
		const struct word *word = is_continuation(composed[at - 1]) ? NULL : word_at(near, at - 1);
		if (word)
			return word->context;
	}
	size_t last = text.len - end > AFTER_BYTES ? end + AFTER_BYTES : text.len;
	near.len = compose(text, end, last, composed, AFTER_NEAR + 4);
	for (size_t at = 0; at < near.len; at++) {
		const struct word *word = is_continuation(composed[at]) ? NULL : word_at(near, at);
		if (word && !word->beside)
			return word->context == VOC_CONTEXT_ACCOUNT ? VOC_CONTEXT_ACCOUNT : VOC_CONTEXT_NONE;
	}
	return VOC_CONTEXT_NONE;
}

static bool starts_unit(struct voc_str after)
{
	static const char *const units[] = { "원", "만",  "억",  "천",     "년",    "월",     "개",     "명",
		                             "건", "점",  "회",  "엔",     "달러",  "포인트", "마일",   "킬로",
		                             "%",  "won", "krw", "usd",    "eur",   "dollar", "gb",     "mb",
		                             "kb", "km",  "kg",  "points", "miles", "times",  "people", "items" };
	for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
		if (voc_str_starts_with(after, voc_str_from(units[i])))
			return true;
	}
	return false;
}

bool voc_mask_is_amount(struct voc_str text, size_t start, size_t end)
{
	char composed[16];
	if (end < text.len && text.ptr[end] == ' ')
		end++;
	size_t len = compose(text, end, text.len, composed, sizeof composed);
	if (starts_unit(voc_str_of(composed, len)))
		return true;
	static const char *const signs[] = { "$", "₩", "￦", "€", "£", "¥" };
	for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
		struct voc_str sign = voc_str_from(signs[i]);
		if (start >= sign.len && memcmp(text.ptr + start - sign.len, sign.ptr, sign.len) == 0)
			return true;
	}
	return false;
}
