/* Personal data becomes stars, all else stays. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/mask/mask.h"
#include "core/record/event.h"

static void check(const char *text, const char *expected)
{
	char masked[1024];
	size_t len = strlen(text);
	memcpy(masked, text, len + 1);
	bool found = voc_mask(masked, len);
	assert_string_equal(masked, expected);
	assert_int_equal(found, strcmp(text, expected) != 0);
}

static void check_stays(const char *text)
{
	check(text, text);
}

static void test_resident_numbers(void **state)
{
	(void)state;
	check("주민번호 900101-1234567입니다", "주민번호 ******-*******입니다");
	check("9001011234567", "*************");
	check("외국인 850615 - 5123456", "외국인 ****** - *******");
	check("211231-3000001", "******-*******"); /* after October 2020: no checksum */
	check("900101-1******", "******-*******");
	check_stays("901301-1234567"); /* no such month */
	check_stays("900132-1234567"); /* nor day */
	check_stays("900101-9234567");
	check_stays("송장번호 9001011234567");
}

static void test_telephones(void **state)
{
	(void)state;
	check("010-1234-5678로 전화 주세요", "***-****-****로 전화 주세요");
	check("01012345678", "***********");
	check("010 1234.5678", "*** ****.****");
	check("0 1 0 1 2 3 4 5 6 7 8", "* * * * * * * * * * *");
	check("010\n1234\n5678", "***\n****\n****");
	check("011-234-5678", "***-***-****");
	check("(02) 123-4567", "(**) ***-****");
	check("02)2123-4567", "**)****-****");
	check("031-123-4567", "***-***-****");
	check("0505-123-4567", "****-***-****");
	check("+82 (0)10 1234.5678", "+** (*)** ****.****");
	check("+82-2-123-4567", "+**-*-***-****");
	check("821012345678", "************");
	check("0082-10-1234-5678", "****-**-****-****");
	check("call +1 (415) 555-2671 now", "call +* (***) ***-**** now");
	check("it's 415-555-2671.", "it's ***-***-****.");
	check("+44 20 7946 0958", "+** ** **** ****");
	check("020 7946 0958", "*** **** ****");
	check("my phone is 555-2671", "my phone is ***-****");
	check("연락처는 1234-5678", "연락처는 ****-****");
	check("tel01012345678", "tel***********");
	check("０１０－１２３４－５６７８", "******************"
	                                    "******************"
	                                    "***");
	check("010\xE2\x80\x93"
	      "1234\xE2\x80\x93"
	      "5678",
	      "*********"
	      "********");
	check("공일공 일이삼사 오육칠팔", "********* ************ ************");
	check_stays("고객센터 1588-1234로 전화했어요");
	check_stays("080-123-4567");
	check_stays("공사 이사 일정은 구월 이십일");
	check_stays("id 7f01012345678ab");
}

static void test_cards(void **state)
{
	(void)state;
	check("4111 1111 1111 1111", "**** **** **** ****");
	check("4111111111111111", "****************");
	check("3782-822463-10005", "****-******-*****");
	check("카드 1234 5678 9012 3456", "카드 **** **** **** ****"); /* mistyped, but said to be one */
	check_stays("4111 1111 1111 1112");
	check_stays("order 4111111111111111");
}

static void test_accounts(void **state)
{
	(void)state;
	check("신한은행 110-123-456789", "신한은행 ***-***-******");
	check("우리 1002-123-456789로", "우리 ****-***-******로");
	check("110-123-456789 (국민은행)", "***-***-****** (국민은행)");
	check("입금은 3333012345678", "입금은 *************");
	check("account number 123456789012", "account number ************");
	check("IBAN GB29 NWBK 6016 1331 9268 19", "IBAN **** **** **** **** **** **");
	check_stays("우리 회사 주문 110-123-456789");
	check_stays("계좌로 1234567890원 보냈어요");
	check_stays("통장에서 2026-11-21 빠져나갔어요");
	check_stays("GB30 NWBK 6016 1331 9268 19");
}

static void test_addresses(void **state)
{
	(void)state;
	check("hong.gildong+voc@naver.com으로 답장", "**************************으로 답장");
	check("mail a@b.co.", "mail ******.");
	check("to: me_1@mail.example.org, now", "to: *********************, now");
	check("hong01012345678@naver.com", "*************************");
	check("hong＠naver.com", "****************");
	check("a@b.co@c.de", "***********");
	check_stays("x@y z@");
	check_stays("@handle and a@ b.com");
	check_stays("010@1.2");
}

static void test_plates(void **state)
{
	(void)state;
	check("차량 12가3456", "차량 *********");
	check("123가4567", "**********");
	check("12가 3456", "***** ****");
	check("서울 32바 1234", "서울 ***** ****");
	check("12\xE1\x84\x80\xE1\x85\xA1"
	      "3456",
	      "************");
	check_stays("12월 2026");
	check_stays("12주 3000원");
	check_stays("30분 1234");
	check_stays("12가34567");
}

static void test_passports_and_licences(void **state)
{
	(void)state;
	check("여권 M12345678", "여권 *********");
	check("M123A4567", "*********");
	check("passport C01X00T47 no, 123456789 yes", "passport C01X00T47 no, ********* yes");
	check("passport number AB1234567", "passport number *********");
	check("면허 11-12-123456-12", "면허 **-**-******-**");
	check("SSN 219-09-9999", "SSN ***-**-****");
	check_stays("모델 M12345678");
	check_stays("AB1234567");
	check_stays("XM12345678");
}

static void test_what_is_no_personal_number_stays(void **state)
{
	(void)state;
	check_stays("");
	check_stays("1234567");
	check_stays("40분을 3번이나");
	check_stays("1,234,567원");
	check_stays("2026년 11월 21일, 2026-11-21 09:30:00, 20261121");
	check_stays("주문번호 20261121-0001234");
	check_stays("order 2026112100012345");
	check_stays("SM-S928N, RTX4090, WH-1000XM5, 27GL850-B");
	check_stays("9.99 10.000.000 3.14159265358979");
	check_stays("6f0c1d2e-4111-4a5b-8c6d-1234567890ab");
	check_stays("사업자 123-45-67890");
	check_stays("IP 192.168.100.200");
	check_stays("1732230000 1732230000123");
}

static void test_a_slice_knows_what_it_cuts(void **state)
{
	(void)state;
	static const char text[] = "전화는 010-1234-5678, 메일은 hong@naver.com 입니다";
	struct voc_str whole = VOC_STR(text);
	struct voc_mask mask;
	char masked[sizeof text], slice[sizeof text];
	memcpy(masked, text, sizeof text);
	voc_mask(masked, whole.len);
	voc_mask_find(whole, &mask);
	assert_int_equal(mask.count, 2);
	assert_int_equal(mask.at[0].kind, VOC_MASK_PHONE);
	assert_int_equal(mask.at[1].kind, VOC_MASK_EMAIL);
	for (size_t start = 0; start <= whole.len; start++) {
		for (size_t end = start; end <= whole.len; end++) {
			voc_mask_slice(&mask, whole, start, end, slice);
			assert_memory_equal(slice, masked + start, end - start);
		}
	}
}

static void test_more_than_there_is_room_for(void **state)
{
	(void)state;
	char text[2000 * 12 + 1], *at = text;
	for (int i = 0; i < 2000; i++, at += 12)
		memcpy(at, "01012345678,", 12);
	*at = '\0';
	assert_true(voc_mask(text, sizeof text - 1));
	assert_null(strpbrk(text, "0123456789"));
}

static void check_json(const char *json, const char *expected)
{
	struct voc_buf buf;
	struct voc_json_writer writer;
	voc_buf_init(&buf, 4096);
	voc_json_begin(&writer, &buf);
	voc_mask_json(&writer, voc_str_from(json));
	assert_string_equal(voc_buf_c_str(&buf), expected);
	voc_buf_free(&buf);
}

static void test_json(void **state)
{
	(void)state;
	check_json("\"plain \\u00e9\"", "\"plain \\u00e9\"");
	check_json("true", "true");
	check_json("12.5", "12.5");
	check_json("821012345678", "\"************\"");
	check_json("\"a \\\"010-1234-5678\\\"\"", "\"a \\\"***-****-****\\\"\"");
	check_json("\"\\u0030\\u00310-1234-5678\"", "\"***-****-****\"");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_resident_numbers),
		cmocka_unit_test(test_telephones),
		cmocka_unit_test(test_cards),
		cmocka_unit_test(test_accounts),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_plates),
		cmocka_unit_test(test_passports_and_licences),
		cmocka_unit_test(test_what_is_no_personal_number_stays),
		cmocka_unit_test(test_a_slice_knows_what_it_cuts),
		cmocka_unit_test(test_more_than_there_is_room_for),
		cmocka_unit_test(test_json),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
