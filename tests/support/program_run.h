/* Runs one of the built programs to its end, and keeps what it said. */
#ifndef TESTS_SUPPORT_PROGRAM_RUN_H
#define TESTS_SUPPORT_PROGRAM_RUN_H

#include <stddef.h>

struct program_run {
	int status; /* of exit; -1 if a signal ended it */
	char out[65536];
	char err[16384];
};

/* `argv` begins with the program's name and ends in NULL; `input` (may be NULL) is its standard input. */
void program_run(struct program_run *run, const char *input, const char *const *argv);
#define PROGRAM_RUN(run, input, ...) program_run((run), (input), (const char *const[]){ __VA_ARGS__, NULL })

#endif
