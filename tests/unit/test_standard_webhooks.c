/* base/base64 and core/standard_webhooks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/base64.h"
#include "core/deliver/standard_webhooks.h"

/* RFC 4648, section 10. */
static const struct {
	const char *bytes, *text;
} vectors[] = {
	{ "", "" },
	{ "f", "Zg==" },
	{ "fo", "Zm8=" },
	{ "foo", "Zm9v" },
	{ "foob", "Zm9vYg==" },
	{ "fooba", "Zm9vYmE=" },
	{ "foobar", "Zm9vYmFy" },
	{ "\xff\xfe\xfb", "//77" },
};

static void test_base64_there_and_back(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
		struct voc_buf buf;
		unsigned char bytes[16];
		size_t len = 99;
		voc_buf_init(&buf, 64);
		assert_true(voc_base64_encode(&buf, voc_str_from(vectors[i].bytes)));
		assert_string_equal(voc_buf_c_str(&buf), vectors[i].text);
		assert_true(voc_base64_decode(voc_buf_str(&buf), bytes, sizeof bytes, &len));
		assert_int_equal(len, strlen(vectors[i].bytes));
		assert_memory_equal(bytes, vectors[i].bytes, len);
		voc_buf_free(&buf);
	}
}

static void test_base64_is_strict(void **state)
{
	(void)state;
	static const char *const bad[] = { "Z",      "Zg",   "Zg=",  "Z===", "====", "Zg==Zg==", "Zm9v ",
		                           "Zm9v\n", "Zh==", "Zm9=", "Z-9v", "Z_9v", "=Zg=",     "Zm\xc3\xa9" };
	unsigned char bytes[16];
	size_t len = 99;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_false(voc_base64_decode(voc_str_from(bad[i]), bytes, sizeof bytes, &len));
	assert_false(voc_base64_decode(VOC_STR("Zm9v"), bytes, 2, &len));
	assert_int_equal(len, 99);
}

/* The example of the reference implementations: github.com/standard-webhooks/standard-webhooks, libraries/. */
static void test_the_reference_signature(void **state)
{
	(void)state;
	struct voc_webhook_secret secret;
	struct voc_buf buf;
	voc_buf_init(&buf, 200);
	assert_true(voc_webhook_secret_parse(VOC_STR("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), &secret));
	assert_int_equal(secret.len, 24);
	assert_true(voc_webhook_sign(&buf, &secret, VOC_STR("msg_p5jXN8AQM9LWM0D4loKWxJek"), 1614265330,
	                             VOC_STR("{\"test\": 2432232314}")));
	assert_string_equal(voc_buf_c_str(&buf), "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
	voc_buf_free(&buf);
}

static void test_a_secret_has_its_bounds(void **state)
{
	(void)state;
	struct voc_webhook_secret secret = { .len = 7 };
	struct voc_buf buf;
	voc_buf_init(&buf, 200);
	char bytes[65] = { 0 };
	for (size_t len = 23; len <= 65; len++) {
		voc_buf_clear(&buf);
		voc_buf_add_str(&buf, VOC_STR("whsec_"));
		voc_base64_encode(&buf, voc_str_of(bytes, len));
		secret.len = 7;
		assert_int_equal(voc_webhook_secret_parse(voc_buf_str(&buf), &secret), len >= 24 && len <= 64);
		assert_int_equal(secret.len, len >= 24 && len <= 64 ? len : 7);
	}
	assert_false(voc_webhook_secret_parse(VOC_STR("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), &secret));
	assert_false(voc_webhook_secret_parse(VOC_STR("whsec_"), &secret));
	voc_buf_free(&buf);
}

static void test_two_secrets_while_receivers_change(void **state)
{
	(void)state;
	struct voc_webhook_secret secret = { .len = 7 }, older = { .len = 9 };
	const char *one = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
	assert_true(voc_webhook_secrets_parse(voc_str_from(one), &secret, &older));
	assert_int_equal(secret.len, 24);
	assert_int_equal(older.len, 0);
	assert_true(voc_webhook_secrets_parse(VOC_STR(" whsec_dm9jLXRlc3Qtc2VjcmV0LXZvYy10ZXN0LXNlY3JldA==\r\nwhsec_"
	                                              "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n"),
	                                      &secret, &older));
	assert_memory_equal(secret.bytes, "voc-test-secret", 15);
	assert_int_equal(older.len, 24);
	static const char *const wrong[] = {
		"", "hunter2", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw hunter2",
		"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw x"
	};
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		assert_false(voc_webhook_secrets_parse(voc_str_from(wrong[i]), &secret, &older));
		assert_memory_equal(secret.bytes, "voc-test-secret", 15);
		assert_int_equal(older.len, 24);
	}
}

static void test_an_id_fits_a_header(void **state)
{
	(void)state;
	char longest[VOC_WEBHOOK_ID_MAX_BYTES + 1];
	memset(longest, 'a', sizeof longest);
	assert_true(voc_webhook_id_valid(VOC_STR("0123456789abcdef0123456789abcdef")));
	assert_true(voc_webhook_id_valid(voc_str_of(longest, VOC_WEBHOOK_ID_MAX_BYTES)));
	assert_false(voc_webhook_id_valid(voc_str_of(longest, sizeof longest)));
	assert_false(voc_webhook_id_valid(VOC_STR("")));
	assert_false(voc_webhook_id_valid(VOC_STR("a.b")));
	assert_false(voc_webhook_id_valid(VOC_STR("a b")));
	assert_false(voc_webhook_id_valid(VOC_STR("a\r\nX: y")));
	assert_false(voc_webhook_id_valid(VOC_STR("가")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_base64_there_and_back),
		cmocka_unit_test(test_base64_is_strict),
		cmocka_unit_test(test_the_reference_signature),
		cmocka_unit_test(test_a_secret_has_its_bounds),
		cmocka_unit_test(test_two_secrets_while_receivers_change),
		cmocka_unit_test(test_an_id_fits_a_header),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
