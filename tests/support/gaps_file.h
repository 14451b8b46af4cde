/* deploy/gaps.json for tests of gaps and needs: whole, and with a part of it altered. Fails the test by itself. */
#ifndef TESTS_SUPPORT_GAPS_FILE_H
#define TESTS_SUPPORT_GAPS_FILE_H

#include "base/str.h"
#include "core/classify/gaps.h"

extern struct voc_buf the_gaps_file; /* its text */
extern struct voc_gaps *the_gaps;

/* For cmocka_run_group_tests. */
int gaps_file_open(void **state);
int gaps_file_close(void **state);
/* Parses the text with the first `old` in it replaced. */
enum voc_status gaps_file_parse_changed(const char *old, const char *new, struct voc_gaps **ret_gaps,
                                        struct voc_error *error);
/* The same, which must be refused for a reason with these words in it. */
void gaps_file_refuse(const char *old, const char *new, const char *why);

#endif
