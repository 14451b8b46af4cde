/* Personal data in evidence: numbers and e-mail addresses become stars, all else stays. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/mask.h"

static void check(const char *text, const char *expected)
{
	char masked[512];
	size_t len = strlen(text);
	memcpy(masked, text, len + 1);
	voc_mask(masked, len);
	assert_string_equal(masked, expected);
}

static void test_numbers(void **state)
{
	(void)state;
	check("010-1234-5678로 전화 주세요", "***-****-****로 전화 주세요");
	check("(02) 123-4567", "(**) ***-****");
	check("+82 (0)10 1234.5678", "+** (*)** ****.****");
	check("카드 1234 5678 9012 3456", "카드 **** **** **** ****");
	check("900101-1234567", "******-*******");
	check("주문번호 20261121", "주문번호 ********");
	check("1234567", "*******");
}

static void test_what_is_no_personal_number_stays(void **state)
{
	(void)state;
	check("", "");
	check("123456", "123456");
	check("40분을 3번이나", "40분을 3번이나");
	check("1,234,567원", "1,234,567원");
	check("2026년 11월 21일", "2026년 11월 21일");
	check("12    3456789", "12    *******");
	check("room 12, bed 345678", "room 12, bed 345678");
}

static void test_addresses(void **state)
{
	(void)state;
	check("hong.gildong+voc@naver.com으로 답장", "**************************으로 답장");
	check("mail a@b.co.", "mail ******.");
	check("to: me_1@mail.example.org, now", "to: *********************, now");
	check("x@y z@", "x@y z@");
	check("@handle and a@ b.com", "@handle and a@ b.com");
	check("a@b.co@c.de", "******@c.de");
	check("010@1.2", "010@1.2");
}

static void test_a_slice_knows_what_it_cuts(void **state)
{
	(void)state;
	static const char text[] = "전화는 010-1234-5678, 메일은 hong@naver.com 입니다";
	struct voc_str whole = VOC_STR(text);
	char masked[sizeof text], slice[sizeof text];
	memcpy(masked, text, sizeof text);
	voc_mask(masked, whole.len);
	for (size_t start = 0; start <= whole.len; start++) {
		for (size_t end = start; end <= whole.len; end++) {
			voc_mask_slice(whole, start, end, slice);
			assert_memory_equal(slice, masked + start, end - start);
		}
	}
}

static void test_a_slice_of_a_long_text(void **state)
{
	(void)state;
	char text[2000], slice[VOC_MASK_SLICE_MAX];
	memset(text, 'x', sizeof text);
	memcpy(text + 990, "12345678", 8);
	voc_mask_slice(voc_str_of(text, sizeof text), 995, 995 + sizeof slice, slice);
	assert_memory_equal(slice, "***xxx", 6);
	voc_mask_slice(voc_str_of(text, sizeof text), 992 - sizeof slice, 992, slice);
	assert_memory_equal(slice + sizeof slice - 3, "x**", 3);
	voc_mask_slice(voc_str_of(text, sizeof text), sizeof text - sizeof slice, sizeof text, slice);
	assert_int_equal(slice[0], 'x');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_what_is_no_personal_number_stays),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_a_slice_knows_what_it_cuts),
		cmocka_unit_test(test_a_slice_of_a_long_text),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
