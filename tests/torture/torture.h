/*
 * Torture: a piece of work is done over and over, and each time another of its allocations fails: the first, the
 * second, and so on, alone or with all that follow, until one run gets through untouched.
 *
 * malloc and its kin are replaced at link time (see tests/CMakeLists.txt), and jansson's are ours
 * (base/memory_json.h). libcrypto keeps
 * its memory: a digest that can't be computed ends the process, by design. Of what fails, the work must say that memory
 * ran out, and never that its input was bad: a record is not to become a dead letter for it. Leaks and misuse are the
 * sanitizers' to find. One thread.
 */
#ifndef TESTS_TORTURE_TORTURE_H
#define TESTS_TORTURE_TORTURE_H

#include "base/err.h"

/* Does the work once, frees all that it made, and checks whatever it can of what came out (abort, or cmocka). */
typedef enum voc_status torture_fn(void *context, struct voc_error *error);

/* Call first in main. */
void torture_begin(void);
/* Prints how many allocations were made to fail. At most `runs_max` of each kind, spread evenly; 0: every one. */
void torture(const char *name, torture_fn *work, void *context, size_t runs_max);
/* While the work runs: what follows is the test's own, or counts again. Calls nest. */
void torture_pause(void);
void torture_resume(void);

#endif
