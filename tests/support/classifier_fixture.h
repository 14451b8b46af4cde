/* The committed classifier for a group of tests: opened before the first, freed after the last. */
#ifndef TESTS_SUPPORT_CLASSIFIER_FIXTURE_H
#define TESTS_SUPPORT_CLASSIFIER_FIXTURE_H

#include "core/classify/classify.h"

extern struct voc_classifier *the_classifier;
extern struct voc_classify_scratch *the_scratch;

/* For cmocka_run_group_tests. */
int classifier_fixture_open(void **state);
int classifier_fixture_close(void **state);

#endif
