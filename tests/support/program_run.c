#include "support/program_run.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static void become(const char *const *argv, int in, int out, int err)
{
	char path[512];
	snprintf(path, sizeof path, VOC_BINARY_DIR "/bin/%s", argv[0]);
	dup2(in, STDIN_FILENO);
	dup2(out, STDOUT_FILENO);
	dup2(err, STDERR_FILENO);
	execv(path, (char *const *)(uintptr_t)argv);
	_exit(127);
}

static void read_back(FILE *file, char *to, size_t size)
{
	rewind(file);
	to[fread(to, 1, size - 1, file)] = '\0';
	fclose(file);
}

void program_run(struct program_run *run, const char *input, const char *const *argv)
{
	FILE *in = tmpfile(), *out = tmpfile(), *err = tmpfile();
	assert_true(in != NULL && out != NULL && err != NULL);
	if (input != NULL)
		fputs(input, in);
	rewind(in);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		become(argv, fileno(in), fileno(out), fileno(err));
	int status;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	run->status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	fclose(in);
	read_back(out, run->out, sizeof run->out);
	read_back(err, run->err, sizeof run->err);
}
