/* core: the model file is taken whole and unharmed, or refused with a reason. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/hash.h"
#include "core/classify/features.h"
#include "core/classify/model.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char model_path[] = VOC_SOURCE_DIR "/services/classifier/model.bin";

struct copy {
	char *bytes; /* aligned like a mapping */
	size_t len;
};

static int load(void **state)
{
	static struct copy copy;
	struct voc_file_map map = { 0 };
	struct voc_error error = { 0 };
	if (voc_file_map_open(model_path, VOC_MODEL_MAX_BYTES, &map, &error) != VOC_OK)
		return -1;
	copy.len = map.bytes.len;
	copy.bytes = aligned_alloc(64, (copy.len + 63) / 64 * 64);
	memcpy(copy.bytes, map.bytes.ptr, copy.len);
	voc_file_map_close(&map);
	*state = &copy;
	return 0;
}

static int unload(void **state)
{
	struct copy *copy = *state;
	free(copy->bytes);
	return 0;
}

static void test_the_shipped_model_opens(void **state)
{
	(void)state;
	struct voc_model model;
	struct voc_error error = { 0 };
	assert_int_equal(voc_model_open(model_path, &model, &error), VOC_OK);
	assert_true(model.map.bytes.len < 8 * 1024 * 1024);
	assert_int_equal((uintptr_t)voc_model_row(&model, 1) % VOC_COLUMNS, 0);
	for (int lang = 0; lang < VOC_LANG_COUNT; lang++) {
		for (int curve = 0; curve < VOC_CURVES; curve++) {
			int16_t last = 0;
			for (int32_t margin = -100; margin < 9000; margin += 50) {
				int16_t now = voc_model_confidence(&model, (enum voc_lang)lang, curve, margin);
				assert_true(now >= last && now <= 1000);
				last = now;
			}
		}
	}
	voc_model_close(&model);
}

static void assert_refused(struct copy *copy, size_t len, const char *why)
{
	struct voc_model model;
	struct voc_error error = { 0 };
	assert_int_equal(voc_model_from_bytes(voc_str_of(copy->bytes, len), "m", &model, &error), VOC_FATAL);
	assert_int_equal(error.reason, VOC_REASON_CONFIG);
	assert_string_equal(error.text, why);
}

static void test_truncated_files_are_refused(void **state)
{
	struct copy *copy = *state;
	char why[200];
	assert_refused(copy, 0, "m: not a classifier model");
	assert_refused(copy, sizeof(struct voc_model_header) - 1, "m: not a classifier model");
	snprintf(why, sizeof why, "m: the model has %zu bytes and should have %zu", copy->len - 1, copy->len);
	assert_refused(copy, copy->len - 1, why);
}

static void test_any_flipped_bit_is_seen(void **state)
{
	struct copy *copy = *state;
	struct voc_model model;
	for (size_t at = 0; at < copy->len; at += at < 4096 ? 1 : 65521) {
		struct voc_error error = { 0 };
		copy->bytes[at] = (char)(copy->bytes[at] ^ 4);
		assert_int_equal(voc_model_from_bytes(voc_str_of(copy->bytes, copy->len), "m", &model, &error),
		                 VOC_FATAL);
		copy->bytes[at] = (char)(copy->bytes[at] ^ 4);
	}
}

static void reseal(struct copy *copy)
{
	struct voc_model_header *header = (struct voc_model_header *)(void *)copy->bytes;
	size_t from = offsetof(struct voc_model_header, format);
	header->checksum = voc_hash64(voc_str_of(copy->bytes + from, copy->len - from));
}

static void test_other_formats_and_shapes_are_refused(void **state)
{
	struct copy *copy = *state;
	struct voc_model_header *header = (struct voc_model_header *)(void *)copy->bytes;
	header->format++;
	reseal(copy);
	assert_refused(copy, copy->len, "m: model format 3, this program reads 2");
	header->format--;
	header->dense_count++;
	reseal(copy);
	assert_refused(copy, copy->len, "m: the model was made for another version of this program");
	header->dense_count--;
	memset(header->version, 'x', sizeof header->version);
	reseal(copy);
	assert_refused(copy, copy->len, "m: the model's version has no end");
}

static void test_files_that_are_none(void **state)
{
	(void)state;
	struct voc_model model;
	struct voc_error error = { 0 };
	assert_int_equal(voc_model_open("/nonexistent/model.bin", &model, &error), VOC_FATAL);
	assert_string_equal(error.text, "/nonexistent/model.bin: No such file or directory");
	voc_error_clear(&error);
	assert_int_equal(voc_model_open("/", &model, &error), VOC_FATAL);
	assert_string_equal(error.text, "/: not a regular file");
	voc_error_clear(&error);
	char path[] = "/tmp/voc-model-XXXXXX";
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(voc_model_open(path, &model, &error), VOC_FATAL);
	assert_non_null(strstr(error.text, ": the file is empty"));
	unlink(path);
}

/* What is looked up while n-grams are made is what is looked up of all of them, and the rows are those of the hashes.
 */
static void check_learnt(const struct voc_model *model, struct voc_str text)
{
	static struct voc_normal normal;
	static struct voc_tokens tokens;
	static struct voc_features all, learnt;
	voc_normalize(text, &normal);
	voc_tokenize(&normal, VOC_STR(""), &tokens);
	voc_features_extract(&normal, &tokens, &all);
	voc_features_extract_learnt(model, &normal, &tokens, &learnt);
	for (int b = 0; b < VOC_BLOCK_COUNT; b++) {
		size_t found = 0;
		for (size_t i = 0; i < all.count[b]; i++) {
			const struct voc_feature *feature = &all.at[b][i];
			const int8_t *row = voc_model_row(model, feature->hash);
			const struct voc_learnt *known = &learnt.learnt[b][found];
			if (row < model->rows || row >= model->rows + (size_t)VOC_BUCKETS * VOC_COLUMNS)
				continue;
			assert_ptr_equal(voc_model_bucket_row(model, known->bucket), row);
			assert_int_equal(known->start, feature->start);
			assert_int_equal(known->end, feature->end);
			found++;
		}
		assert_int_equal(learnt.count[b], all.count[b]);
		assert_int_equal(learnt.learnt_count[b], found);
	}
	voc_features_look_up(model, &all);
	assert_memory_equal(all.learnt_count, learnt.learnt_count, sizeof all.learnt_count);
	for (int b = 0; b < VOC_BLOCK_COUNT; b++)
		assert_memory_equal(all.learnt[b], learnt.learnt[b], all.learnt_count[b] * sizeof all.learnt[b][0]);
}

static void test_learnt_ngrams(void **state)
{
	(void)state;
	static char longest[VOC_CLASSIFY_MAX_BYTES];
	struct voc_model model;
	struct voc_error error = { 0 };
	assert_int_equal(voc_model_open(model_path, &model, &error), VOC_OK);
	check_learnt(&model, VOC_STR(""));
	check_learnt(&model, VOC_STR("배송이 사흘이나 늦었는데 연락도 없고, 왜 안 오나요?"));
	check_learnt(&model, VOC_STR("Third time the technician did not show up. Cancel my contract!"));
	for (size_t i = 0; i < sizeof longest; i++)
		longest[i] = "the app is slow. "[i % 17];
	check_learnt(&model, voc_str_of(longest, sizeof longest));
	voc_model_close(&model);
}

static void test_the_inverse_root(void **state)
{
	(void)state;
	assert_int_equal(voc_inverse_sqrt_q16(0), 0);
	assert_int_equal(voc_inverse_sqrt_q16(1), 65536);
	assert_int_equal(voc_inverse_sqrt_q16(4), 32768);
	assert_int_equal(voc_inverse_sqrt_q16(10000), 655);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_shipped_model_opens),
		cmocka_unit_test_setup_teardown(test_truncated_files_are_refused, load, unload),
		cmocka_unit_test_setup_teardown(test_any_flipped_bit_is_seen, load, unload),
		cmocka_unit_test_setup_teardown(test_other_formats_and_shapes_are_refused, load, unload),
		cmocka_unit_test(test_files_that_are_none),
		cmocka_unit_test(test_learnt_ngrams),
		cmocka_unit_test(test_the_inverse_root),
	};
	return cmocka_run_group_tests_name("model", tests, NULL, NULL);
}
