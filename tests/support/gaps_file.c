#include "support/gaps_file.h"

#include "base/files.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#define PATH VOC_SOURCE_DIR "/deploy/gaps.json"

struct voc_buf the_gaps_file;
struct voc_gaps *the_gaps;

int gaps_file_open(void **state)
{
	(void)state;
	struct voc_error error = { 0 };
	voc_buf_init(&the_gaps_file, VOC_GAPS_MAX_BYTES);
	if (voc_file_read(PATH, &the_gaps_file, &error) == VOC_OK &&
	    voc_gaps_parse(voc_buf_str(&the_gaps_file), &the_gaps, &error) == VOC_OK)
		return 0;
	print_error("%s\n", error.text);
	return -1;
}

int gaps_file_close(void **state)
{
	(void)state;
	voc_gaps_free(the_gaps);
	voc_buf_free(&the_gaps_file);
	return 0;
}

enum voc_status gaps_file_parse_changed(const char *old, const char *new, struct voc_gaps **ret_gaps,
                                        struct voc_error *error)
{
	struct voc_buf changed;
	const char *whole = voc_buf_c_str(&the_gaps_file), *at = strstr(whole, old);
	assert_non_null(at);
	voc_buf_init(&changed, 2 * VOC_GAPS_MAX_BYTES);
	voc_buf_add(&changed, whole, (size_t)(at - whole));
	voc_buf_add_str(&changed, voc_str_from(new));
	voc_buf_add_str(&changed, voc_str_from(at + strlen(old)));
	enum voc_status status = voc_gaps_parse(voc_buf_str(&changed), ret_gaps, error);
	voc_buf_free(&changed);
	return status;
}

void gaps_file_refuse(const char *old, const char *new, const char *why)
{
	struct voc_error error = { 0 };
	struct voc_gaps *none = NULL;
	assert_int_equal(gaps_file_parse_changed(old, new, &none, &error), VOC_FATAL);
	assert_int_equal(error.reason, VOC_REASON_CONFIG);
	assert_null(none);
	if (!strstr(error.text, why))
		fail_msg("%s -> %s: %s", old, new, error.text);
}
