/* Personal data in which letters take part: car plates, passports, IBANs, e-mail addresses. */
#include "core/mask/mask_internal.h"

#define LOCAL_MAX  64  /* bytes before the '@': RFC 5321 */
#define DOMAIN_MAX 253 /* and after it */
#define IBAN_LEAST 15
#define IBAN_MOST  34

static bool is_word(char c)
{
	return voc_mask_is_digit(c) || voc_mask_is_letter(c) || c == '_';
}

/* Private cars', then hired, taxis, deliveries, and the forces'. */
static bool is_plate_letter(uint32_t c)
{
	static const uint32_t letters[] = {
		0xAC00 /* 가 */, 0xB098 /* 나 */, 0xB2E4 /* 다 */, 0xB77C /* 라 */, 0xB9C8 /* 마 */, 0xAC70 /* 거 */,
		0xB108 /* 너 */, 0xB354 /* 더 */, 0xB7EC /* 러 */, 0xBA38 /* 머 */, 0xBC84 /* 버 */, 0xC11C /* 서 */,
		0xC5B4 /* 어 */, 0xC800 /* 저 */, 0xACE0 /* 고 */, 0xB178 /* 노 */, 0xB3C4 /* 도 */, 0xB85C /* 로 */,
		0xBAA8 /* 모 */, 0xBCF4 /* 보 */, 0xC18C /* 소 */, 0xC624 /* 오 */, 0xC870 /* 조 */, 0xAD6C /* 구 */,
		0xB204 /* 누 */, 0xB450 /* 두 */, 0xB8E8 /* 루 */, 0xBB34 /* 무 */, 0xBD80 /* 부 */, 0xC218 /* 수 */,
		0xC6B0 /* 우 */, 0xC8FC /* 주 */, 0xD558 /* 하 */, 0xD5C8 /* 허 */, 0xD638 /* 호 */, 0xBC14 /* 바 */,
		0xC0AC /* 사 */, 0xC544 /* 아 */, 0xC790 /* 자 */, 0xBC30 /* 배 */, 0xAD6D /* 국 */, 0xD569 /* 합 */,
		0xC721 /* 육 */, 0xD574 /* 해 */, 0xACF5 /* 공 */,
	};
	for (size_t i = 0; i < sizeof letters / sizeof *letters; i++) {
		if (letters[i] == c)
			return true;
	}
	return false;
}

static size_t digits_at(struct voc_str text, size_t at, size_t *ret_count)
{
	uint8_t digit;
	size_t bytes;
	*ret_count = 0;
	for (; (bytes = voc_mask_digit(text, at, false, &digit)) > 0; at += bytes)
		(*ret_count)++;
	return at;
}

size_t voc_mask_plate(struct voc_str text, size_t at)
{
	size_t count, start = at;
	uint32_t c;
	at = digits_at(text, at, &count);
	if (count < 2 || count > 3)
		return 0;
	bool apart = at < text.len && text.ptr[at] == ' ';
	at += apart;
	size_t bytes = voc_mask_char(text, at, &c);
	if (bytes == 0 || !is_plate_letter(c))
		return 0;
	at += bytes;
	bool again = at < text.len && text.ptr[at] == ' ';
	if (apart && !again) /* "12 가1234": nobody writes that, but many write "100 다1234" */
		return 0;
	size_t end = digits_at(text, at + again, &count);
	return count == 4 && !voc_mask_is_amount(text, start, end) ? end : 0;
}

/* Where the capitals begin that stand right before `at`; `at` if there are none, or they are part of a longer word. */
static size_t capitals_before(struct voc_str text, size_t at, size_t most)
{
	size_t start = at;
	while (start > 0 && at - start < most && text.ptr[start - 1] >= 'A' && text.ptr[start - 1] <= 'Z')
		start--;
	return start > 0 && is_word(text.ptr[start - 1]) ? at : start;
}

static size_t ascii_digits(struct voc_str text, size_t at, size_t count)
{
	for (size_t i = 0; i < count; i++, at++) {
		if (at >= text.len || !voc_mask_is_digit(text.ptr[at]))
			return 0;
	}
	return at;
}

static bool ends_word(struct voc_str text, size_t at)
{
	return at > 0 && (at == text.len || !is_word(text.ptr[at]));
}

/* "M12345678", since 2021 "M123A4567"; the letter is the passport's kind. */
static size_t korean_passport(struct voc_str text, size_t at)
{
	size_t old = ascii_digits(text, at, 8);
	if (ends_word(text, old))
		return old;
	size_t middle = ascii_digits(text, at, 3);
	if (middle == 0 || middle == text.len || text.ptr[middle] < 'A' || text.ptr[middle] > 'Z')
		return 0;
	size_t end = ascii_digits(text, middle + 1, 4);
	return ends_word(text, end) ? end : 0;
}

size_t voc_mask_passport(struct voc_str text, size_t at, size_t *ret_start)
{
	size_t start = capitals_before(text, at, 2);
	*ret_start = start;
	if (start == at)
		return 0;
	bool korean = at - start == 1 && memchr("MSRODG", text.ptr[start], 6) != NULL;
	size_t end = korean ? korean_passport(text, at) : 0;
	size_t count, stop = digits_at(text, at, &count);
	bool foreign = end == 0 && count >= 6 && count <= 9 && ends_word(text, stop);
	if (end == 0 && !foreign)
		return 0;
	enum voc_context context = voc_mask_context(text, start, foreign ? stop : end);
	if (foreign)
		return context == VOC_CONTEXT_PASSPORT ? stop : 0;
	return context == VOC_CONTEXT_OTHER ? 0 : end;
}

/* ISO 7064 MOD 97-10 over the characters `from` to `to`, spaces left out, after `rest`. */
static unsigned mod97(unsigned rest, const char *from, const char *to)
{
	for (; from < to; from++) {
		if (voc_mask_is_digit(*from))
			rest = (rest * 10 + (unsigned)(*from - '0')) % 97;
		else if (*from != ' ')
			rest = (rest * 100 + (unsigned)(*from - 'A') + 10) % 97;
	}
	return rest;
}

static bool is_iban_char(char c)
{
	return voc_mask_is_digit(c) || (c >= 'A' && c <= 'Z');
}

size_t voc_mask_iban(struct voc_str text, size_t at, size_t *ret_start)
{
	size_t start = capitals_before(text, at, 2), found = 0, count = 4;
	*ret_start = start;
	if (at - start != 2 || ascii_digits(text, at, 2) == 0)
		return 0;
	const char *body = text.ptr + at + 2;
	for (size_t i = at + 2; i < text.len && count < IBAN_MOST; i++) {
		bool space = text.ptr[i] == ' ' && i + 1 < text.len && is_iban_char(text.ptr[i + 1]);
		if (!space && !is_iban_char(text.ptr[i]))
			break;
		count += !space;
		if (count < IBAN_LEAST || space || (i + 1 < text.len && is_word(text.ptr[i + 1])))
			continue;
		unsigned rest = mod97(mod97(0, body, text.ptr + i + 1), text.ptr + start, body);
		found = rest == 1 ? i + 1 : found;
	}
	return found;
}

static bool is_local(char c)
{
	return voc_mask_is_digit(c) || voc_mask_is_letter(c) || (c != '\0' && strchr("._%+-", c) != NULL);
}

/* The end of a domain name with at least one dot that starts at `at`; `at` if there is none. */
static size_t domain_end(struct voc_str text, size_t at)
{
	size_t start = at, end = at;
	bool dotted = false;
	for (; at < text.len && at - start < DOMAIN_MAX; at++) {
		char c = text.ptr[at];
		if (c == '.')
			dotted = dotted || (at > start && at + 1 < text.len && voc_mask_is_letter(text.ptr[at + 1]));
		else if (voc_mask_is_letter(c) || voc_mask_is_digit(c))
			end = at + 1;
		else if (c != '-')
			break;
	}
	return dotted ? end : start;
}

size_t voc_mask_email(struct voc_str text, size_t at, size_t width, size_t *ret_start)
{
	size_t start = at;
	while (start > 0 && at - start < LOCAL_MAX && is_local(text.ptr[start - 1]))
		start--;
	size_t end = domain_end(text, at + width);
	*ret_start = start;
	return start == at || end == at + width ? 0 : end;
}
