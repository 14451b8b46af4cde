#include "support/mask_samples.h"

#include <stdio.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define PIECE_SIZE   256 /* of one sample, with the NUL */

static uint64_t next(struct mask_source *source)
{
	uint64_t x = source->seed += UINT64_C(0x9E3779B97F4A7C15);
	x = (x ^ x >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
	x = (x ^ x >> 27) * UINT64_C(0x94D049BB133111EB);
	return x ^ x >> 31;
}

static unsigned below(struct mask_source *source, unsigned n)
{
	return (unsigned)(next(source) % n);
}

static const char *pick(struct mask_source *source, const char *const *list, size_t count)
{
	return list[below(source, (unsigned)count)];
}

#define PICK(source, list) pick(source, list, COUNT(list))

static char *put_digits(char *to, unsigned value, int count)
{
	if (count == 2)
		*to++ = (char)('0' + value / 10);
	*to++ = (char)('0' + value % 10);
	return to;
}

/*
 * Fills a pattern: '#' is any digit, '^' 1 to 9, '@' 2 to 9, 'M' and 'D' a month and a day (two digits each), 'Y' the
 * last two digits of a year, 'U' a capital; '\\' takes the next as it is. All else stands for itself.
 */
static void fill(struct mask_source *source, const char *pattern, char *to)
{
	for (; *pattern; pattern++) {
		switch (*pattern) {
		case '#': to = put_digits(to, below(source, 10), 1); break;
		case '^': to = put_digits(to, 1 + below(source, 9), 1); break;
		case '@': to = put_digits(to, 2 + below(source, 8), 1); break;
		case 'M': to = put_digits(to, 1 + below(source, 12), 2); break;
		case 'D': to = put_digits(to, 1 + below(source, 28), 2); break;
		case 'Y': to = put_digits(to, below(source, 100), 2); break;
		case 'U': *to++ = (char)('A' + below(source, 26)); break;
		case '\\': pattern++; /* fall through */
		default: *to++ = *pattern; break;
		}
	}
	*to = '\0';
}

/* Digits and dashes as an East Asian keyboard may give them. */
static void widen(char *text)
{
	char wide[PIECE_SIZE];
	size_t len = 0;
	for (const char *at = text; *at && len + 4 < sizeof wide; at++) {
		bool digit = *at >= '0' && *at <= '9';
		if (digit || *at == '-') {
			memcpy(wide + len, "\xEF\xBC", 2);
			len += 2;
		}
		wide[len++] = digit ? (char)(0x90 + (*at - '0')) : *at == '-' ? '\x8D' : *at;
	}
	wide[len] = '\0';
	memcpy(text, wide, len + 1);
}

/* The last digit becomes what Luhn's check wants. */
static void check_digit(char *card)
{
	unsigned sum = 0, place = 0;
	char *last = card + strlen(card) - 1;
	for (char *at = last - 1; at >= card; at--) {
		if (*at < '0' || *at > '9')
			continue;
		unsigned digit = (unsigned)(*at - '0') * (place++ % 2 == 0 ? 2 : 1);
		sum += digit > 9 ? digit - 9 : digit;
	}
	*last = (char)('0' + (10 - sum % 10) % 10);
}

static void make_resident(struct mask_source *source, bool korean, char *to)
{
	static const char *const patterns[] = { "YMD-1######", "YMD-2######",   "YMD-3######", "YMD-4######",
		                                "YMD-5######", "YMD-7######",   "YMD1######",  "YMD3######",
		                                "YMD6######",  "YMD - 2######", "YMD 4######", "YMD.8######" };
	(void)korean;
	fill(source, PICK(source, patterns), to);
}

static void make_phone(struct mask_source *source, bool korean, char *to)
{
	static const char *const ko[] = {
		"010-####-####",         "010########",     "010 #### ####",     "010.####.####",    "01\\0-####-####",
		"011-###-####",          "016-####-####",   "019#######",        "02-###-####",      "02-####-####",
		"02)####-####",          "(031) ###-####",  "032-####-####",     "051-###-####",     "070-####-####",
		"0505-###-####",         "0507-####-####",  "+82-10-####-####",  "+82 10 #### ####", "+8210########",
		"+82 (0)10-####-####",   "82-10-####-####", "010 - #### - ####", "010/####/####",    "010·####·####",
		"0 1 0 # # # # # # # #", "010 ## ## ## ##", "0641234567",        "02########",
	};
	static const char *const en[] = {
		"+1 @##-@##-####",  "(@##) @##-####",    "@##-@##-####",      "@##.@##.####",    "1-@##-@##-####",
		"+1@##@######",     "+44 20 7### ####",  "+44 7### ######",   "07### ######",    "020 7### ####",
		"+49 30 ########",  "+81-3-####-####",   "+86 138 #### ####", "+61 4## ### ###", "010-####-####",
		"+82 10-####-####", "+33 6 ## ## ## ##",
	};
	fill(source, korean ? PICK(source, ko) : PICK(source, en), to);
	if (korean && below(source, 10) == 0)
		widen(to);
}

static void make_card(struct mask_source *source, bool korean, char *to)
{
	static const char *const patterns[] = { "4###-####-####-####", "4### #### #### ####", "4###############",
		                                "5###-####-####-####", "5###############",    "9###-####-####-####",
		                                "37## ###### #####",   "37#############",     "6### #### #### ####" };
	(void)korean;
	fill(source, PICK(source, patterns), to);
	check_digit(to);
	if (below(source, 20) == 0)
		widen(to);
}

static void make_account(struct mask_source *source, bool korean, char *to)
{
	static const char *const ko[] = { "110-###-######",  "###-##-######",   "###-######-##-###",
		                          "3333-##-#######", "1002-###-######", "###-####-####-##",
		                          "3333#########",   "110#########",    "###### ## ######",
		                          "100-####-####-##" };
	static const char *const en[] = { "##########", "############", "####-####-####", "###-######-##",
		                          "#### #### ####" };
	fill(source, korean ? PICK(source, ko) : PICK(source, en), to);
}

static void make_email(struct mask_source *source, bool korean, char *to)
{
	static const char *const names[] = { "hong.gildong", "kim", "j_doe",      "lee-2",
		                             "a.b.c+voc",    "x9",  "MinSu.Park", "sales%eu" };
	static const char *const hosts[] = { "naver.com", "gmail.com",   "mail.example.co.kr",
		                             "daum.net",  "uni-bonn.de", "x.io" };
	(void)korean;
	snprintf(to, PIECE_SIZE, "%s%u%s%s", PICK(source, names), below(source, 3000),
	         below(source, 12) == 0 ? "＠" : "@", PICK(source, hosts));
}

static void make_plate(struct mask_source *source, bool korean, char *to)
{
	static const char *const letters[] = { "가",
		                               "나",
		                               "다",
		                               "라",
		                               "마",
		                               "거",
		                               "너",
		                               "더",
		                               "러",
		                               "머",
		                               "버",
		                               "서",
		                               "어",
		                               "저",
		                               "고",
		                               "노",
		                               "도",
		                               "로",
		                               "모",
		                               "보",
		                               "소",
		                               "오",
		                               "조",
		                               "구",
		                               "누",
		                               "두",
		                               "루",
		                               "무",
		                               "부",
		                               "수",
		                               "우",
		                               "주",
		                               "하",
		                               "허",
		                               "호",
		                               "바",
		                               "사",
		                               "아",
		                               "자",
		                               "배",
		                               "\xE1\x84\x80\xE1\x85\xA1" };
	static const char *const before[] = { "##", "###", "^#", "^##" };
	static const char *const spaces[] = { "", " ", "" };
	char a[8], b[8];
	(void)korean;
	fill(source, PICK(source, before), a);
	fill(source, "####", b);
	snprintf(to, PIECE_SIZE, "%s%s%s%s", a, PICK(source, letters), PICK(source, spaces), b);
}

static void make_passport(struct mask_source *source, bool korean, char *to)
{
	static const char *const ko[] = { "\\M########", "S########", "R########", "\\M###U####", "S###U####" };
	static const char *const en[] = { "#########", "U########", "UU#######", "\\M########", "\\M###U####" };
	fill(source, korean ? PICK(source, ko) : PICK(source, en), to);
}

static void make_licence(struct mask_source *source, bool korean, char *to)
{
	(void)korean;
	fill(source, "1^-##-######-##", to);
}

static void make_social(struct mask_source *source, bool korean, char *to)
{
	(void)korean;
	fill(source, "^##-^#-^###", to);
	if (strncmp(to, "9", 1) == 0 || strncmp(to, "666", 3) == 0)
		to[0] = '1';
}

/* %s is the piece. */
static const char *const around[VOC_MASK_KIND_COUNT][2][6] = {
	[VOC_MASK_RESIDENT] = { { "my resident number is %s, please check", "registration no. %s",
	                          "%s is my alien registration number", "They asked for my ID: %s.",
	                          "I gave %s twice already", "ID %s and still no answer" },
	                        { "주민등록번호는 %s입니다", "제 주민번호 %s 로 조회해 주세요",
	                          "%s 이걸로 본인확인 했는데요", "외국인등록번호 %s, 왜 안 되나요?", "본인확인: %s",
	                          "가입자 정보(%s)가 다릅니다" } },
	[VOC_MASK_PHONE] = { { "please call me at %s today", "My number: %s", "reach me on %s, not by mail",
	                       "text %s when it ships", "I have been waiting, %s, thanks", "phone %s" },
	                     { "%s로 전화 주세요", "제 번호는 %s입니다", "연락처: %s", "문자는 %s 으로 보내주세요",
	                       "어제도 %s 에서 걸었어요", "집 전화(%s)로 연락 바랍니다" } },
	[VOC_MASK_CARD] = { { "charged twice on my card %s", "card number %s", "Visa %s was declined",
	                      "I paid with %s last week", "refund it to %s please", "the number is %s" },
	                    { "카드번호 %s 로 두 번 결제됐어요", "카드는 %s입니다", "%s 이 카드로 결제했습니다",
	                      "결제 카드 %s 환불해 주세요", "번호가 %s 인데요", "%s 승인 취소 부탁드려요" } },
	[VOC_MASK_ACCOUNT] = { { "refund to my account %s please", "account number: %s", "bank account %s was debited",
	                         "my acct is %s", "wire it to bank account no. %s", "account no %s, twice" },
	                       { "국민은행 %s 로 환불해 주세요", "계좌번호는 %s입니다", "카카오뱅크 %s",
	                         "%s 신한은행으로 입금 바랍니다", "환불 계좌: %s", "농협 %s 홍길동" } },
	[VOC_MASK_EMAIL] = { { "mail me at %s", "My address is %s.", "sent to %s, no reply", "<%s>", "%s",
	                       "contact: %s please" },
	                     { "%s로 보내주세요", "메일은 %s 입니다", "이메일:%s", "%s, 답이 없네요", "%s",
	                       "주소(%s)로 회신" } },
	[VOC_MASK_PLATE] = { { "my car %s was towed", "plate %s", "the van %s blocked us", "car no. %s please", "(%s)",
	                       "it is %s." },
	                     { "제 차 %s가 견인됐어요", "차량번호 %s입니다", "서울 %s 기사님", "번호판 %s",
	                       "(%s) 주차 등록", "%s 출차요" } },
	[VOC_MASK_PASSPORT] = { { "passport %s", "my passport number is %s", "Passport no. %s expired",
	                          "passport: %s please", "the passport I used is %s.", "PASSPORT %s" },
	                        { "여권번호 %s입니다", "여권 %s", "제 여권은 %s 예요", "여권(%s) 확인",
	                          "%s 여권 맞나요", "번호는 %s 입니다" } },
	[VOC_MASK_LICENCE] = { { "licence %s", "my Korean licence %s", "licence no. %s.", "ID %s", "see %s",
	                         "it is %s" },
	                       { "면허번호 %s", "운전면허 %s입니다", "면허(%s)", "%s 로 인증", "번호 %s",
	                         "제 면허 %s" } },
	[VOC_MASK_SOCIAL] = { { "my SSN is %s", "social security %s", "SSN: %s.", "they have %s on file", "use %s",
	                        "ssn %s" },
	                      { "SSN %s", "사회보장번호 %s", "미국 번호 %s 요", "SSN은 %s 입니다", "%s", "번호 %s" } },
};

void mask_sample_personal(struct mask_source *source, enum voc_mask_kind kind, bool korean, struct mask_sample *ret)
{
	static void (*const makers[])(struct mask_source *, bool, char *) = {
		[VOC_MASK_RESIDENT] = make_resident, [VOC_MASK_PHONE] = make_phone,     [VOC_MASK_CARD] = make_card,
		[VOC_MASK_ACCOUNT] = make_account,   [VOC_MASK_EMAIL] = make_email,     [VOC_MASK_PLATE] = make_plate,
		[VOC_MASK_PASSPORT] = make_passport, [VOC_MASK_LICENCE] = make_licence, [VOC_MASK_SOCIAL] = make_social,
	};
	static const char *const lead_ko[] = { "", "상담원 연결까지 40분 걸렸어요. ", "3번째 문의입니다. ",
		                               "주문한 지 5일 됐는데 ", "2026년 11월 21일에 " };
	static const char *const lead_en[] = { "", "I waited 40 minutes. ", "Third time I ask, ",
		                               "Ordered 5 days ago and nothing. ", "On 2026-11-21 at 09:30 " };
	char piece[PIECE_SIZE];
	makers[kind](source, korean, piece);
	const char *frame = around[kind][korean][below(source, 6)];
	const char *lead = korean ? PICK(source, lead_ko) : PICK(source, lead_en);
	const char *place = strstr(frame, "%s");
	ret->start = strlen(lead) + (size_t)(place - frame);
	ret->end = ret->start + strlen(piece);
	snprintf(ret->text, sizeof ret->text, "%s%.*s%s%s", lead, (int)(place - frame), frame, piece, place + 2);
}

struct decoys {
	const char *patterns[12];
	const char *frames[2][4];
};

static const struct decoys decoys[MASK_DECOY_COUNT] = {
	[MASK_DECOY_ORDER] = { { "20261121-#######", "202611########", "#############", "##########",
	                         "OR\\D-20261121-#####", "############", "2026112100######", "####-####-####",
	                         "#-#######", "A########" },
	                       { { "order %s is late", "tracking number %s does not work", "Where is my order no. %s?",
	                           "invoice %s" },
	                         { "주문번호 %s 언제 오나요", "송장번호 %s 조회가 안 돼요", "예약번호 %s 취소",
	                           "운송장 %s" } } },
	[MASK_DECOY_PRICE] = { { "^,###,###", "^##,###", "^#####", "^######", "^####.##", "^#########" },
	                       { { "charged $%s for nothing", "it cost %s won", "%s dollars", "the price of %s KRW" },
	                         { "%s원이 빠져나갔어요", "요금이 %s 원이라니", "환불금 %s원",
	                           "계좌에서 %s원 출금" } } },
	[MASK_DECOY_DATE] = { { "2026-M-D", "2026.M.D", "2026/M/D", "2026MD", "D.M.2026", "26.M.D", "M/D/2026",
	                        "D-M-2026" },
	                      { { "called on %s", "since %s", "contract of %s", "phone bought %s" },
	                        { "%s에 전화했어요", "%s 가입", "계약일 %s", "카드 발급 %s" } } },
	[MASK_DECOY_TIME] = { { "2026-M-D 1#:30", "2026-M-D 0^:15:00", "2026-M-DT1#:00:00Z", "M-D 14:2^", "17########",
	                        "17########123" },
	                      { { "at %s the agent hung up", "since %s", "logged %s", "it was %s" },
	                        { "%s에 끊겼어요", "기록 %s", "%s 방문", "시각 %s" } } },
	[MASK_DECOY_MODEL] = { { "SM-S9##N", "RTX40^0", "WH-1000X\\M^", "UU###UU", "27GL8##-B", "iPhone 1# Pro",
	                         "UUU-####-##", "ThinkPad X1 Gen ^", "U####" },
	                       { { "my %s broke", "model %s", "the %s overheats", "bought a %s" },
	                         { "%s 고장", "모델 %s", "%s 발열", "제품 %s" } } },
	[MASK_DECOY_SERVICE] = { { "1588-####", "1544-####", "1666-####", "1899-####", "080-###-####", "114",
	                           "16####00" },
	                         { { "I dialled %s again", "call %s they say", "the hotline %s", "phone %s is busy" },
	                           { "고객센터 %s 연결이 안 돼요", "%s로 전화했어요", "대표번호 %s",
	                             "전화 %s 통화중" } } },
	[MASK_DECOY_COUNT_OF] = { { "^###", "^####", "^#####", "^######", "^##", "^#" },
	                          { { "%s times already", "%s points lost", "room %s", "waited %s minutes" },
	                            { "%s점이 사라졌어요", "%s번 말했어요", "%s호", "포인트 %s점" } } },
	[MASK_DECOY_CODE] = { { "192.168.1##.2##", "v2.^#.####", "6f0c1d2e-4111-4a5b-8c6d-1234567890ab", "404",
	                        "E-####", "0x7ffe####", "^#.####", "10.0.19045.####", "3.1415926535", "123-45-#####" },
	                      { { "error %s", "version %s", "it says %s", "firmware %s" },
	                        { "오류 %s", "버전 %s", "%s 이라고 떠요", "사업자번호 %s" } } },
};

void mask_sample_decoy(struct mask_source *source, enum mask_decoy decoy, bool korean, struct mask_sample *ret)
{
	const struct decoys *of = &decoys[decoy];
	char piece[PIECE_SIZE];
	unsigned patterns = 0;
	while (patterns < COUNT(of->patterns) && of->patterns[patterns])
		patterns++;
	fill(source, of->patterns[below(source, patterns)], piece);
	const char *frame = of->frames[korean][below(source, 4)];
	const char *place = strstr(frame, "%s");
	snprintf(ret->text, sizeof ret->text, "%.*s%s%s", (int)(place - frame), frame, piece, place + 2);
	ret->start = ret->end = 0;
}
