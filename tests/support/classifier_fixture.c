#include "support/classifier_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#define FOLDER VOC_SOURCE_DIR "/services/classifier/"

struct voc_classifier *the_classifier;
struct voc_classify_scratch *the_scratch;

int classifier_fixture_open(void **state)
{
	(void)state;
	struct voc_error error = { 0 };
	if (voc_classifier_open(FOLDER "model.bin", FOLDER "phrases.txt", &the_classifier, &error) != VOC_OK) {
		print_error("%s\n", error.text);
		return -1;
	}
	the_scratch = voc_classify_scratch_new();
	return the_scratch ? 0 : -1;
}

int classifier_fixture_close(void **state)
{
	(void)state;
	voc_classify_scratch_free(the_scratch);
	voc_classifier_free(the_classifier);
	return 0;
}
