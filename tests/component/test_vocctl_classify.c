/* vocctl classify on a terminal and off it, and vocctl rules, as programs. */
#include "support/program_run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>

#include <pty.h>
#include <unistd.h>

#define MODEL   VOC_SOURCE_DIR "/services/classifier/model.bin"
#define PHRASES VOC_SOURCE_DIR "/services/classifier/phrases.txt"
#define TEXT    "상담원 연결까지 40분을 기다렸어요. 해지할게요"

static struct program_run run;
static char folder[64];

static int start(void **state)
{
	(void)state;
	setenv("VOC_MODEL", MODEL, 1);
	setenv("VOC_GAPS", VOC_SOURCE_DIR "/deploy/gaps.json", 1);
	setenv("VOC_PHRASES", PHRASES, 1);
	unsetenv("NO_COLOR");
	snprintf(folder, sizeof folder, "/tmp/voc-test-vocctl-XXXXXX");
	return mkdtemp(folder) ? 0 : -1;
}

static int stop(void **state)
{
	(void)state;
	return rmdir(folder);
}

/* What the program writes to a terminal that is TERM=`term`. */
static void on_terminal(const char *term, const char *no_color, char *to, size_t size)
{
	int terminal = -1;
	size_t len = 0;
	pid_t pid = forkpty(&terminal, NULL, NULL, NULL);
	assert_true(pid >= 0);
	if (pid == 0) {
		setenv("TERM", term, 1);
		if (no_color)
			setenv("NO_COLOR", no_color, 1);
		execl(VOC_BINARY_DIR "/bin/vocctl", "vocctl", "classify", TEXT, (char *)NULL);
		_exit(127);
	}
	ssize_t count; /* a terminal whose other side has gone reads as an error */
	while (len + 1 < size && (count = read(terminal, to + len, size - len - 1)) > 0)
		len += (size_t)count;
	to[len] = '\0';
	int status;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	close(terminal);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	assert_non_null(strstr(to, "feedback_type "));
}

static void test_colours_are_for_terminals(void **state)
{
	(void)state;
	static char shown[65536];
	on_terminal("xterm-256color", NULL, shown, sizeof shown);
	assert_non_null(strstr(shown, "\033[4m\033["));
	assert_non_null(strstr(shown, "해지할게요\033[0m"));
	on_terminal("xterm-256color", "", shown, sizeof shown); /* empty says nothing: no-color.org */
	assert_non_null(strchr(shown, '\033'));
	on_terminal("xterm-256color", "1", shown, sizeof shown);
	assert_null(strchr(shown, '\033'));
	assert_non_null(strstr(shown, TEXT));
	on_terminal("dumb", NULL, shown, sizeof shown);
	assert_null(strchr(shown, '\033'));
	PROGRAM_RUN(&run, NULL, "vocctl", "classify", TEXT);
	assert_int_equal(run.status, 0);
	assert_null(strchr(run.out, '\033'));
	PROGRAM_RUN(&run, NULL, "vocctl", "classify", "--json", TEXT);
	assert_null(strchr(run.out, '\033'));
	assert_non_null(strstr(run.out, "\"text\":\"해지할게요\""));
}

static void write_file(const char *name, const char *text, char path[128])
{
	snprintf(path, 128, "%s/%s", folder, name);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static void test_rules_are_tried(void **state)
{
	(void)state;
	char good[128], bad[128], broken[128];
	write_file("good.txt", "version 1\n[churn_intent]\nbye\n+ bye now\n- hello\n", good);
	write_file("bad.txt", "version 1\n[not feedback_type.complaint]\nfine\n+ all good\n- fine with me\n+ fine\n",
	           bad);
	write_file("broken.txt", "version 1\n[mood.good]\n", broken);
	PROGRAM_RUN(&run, NULL, "vocctl", "rules", "test");
	assert_int_equal(run.status, 0);
	assert_non_null(strstr(run.out, "phrases.txt: version "));
	assert_non_null(strstr(run.out, " 0 failed\n"));
	PROGRAM_RUN(&run, NULL, "vocctl", "rules", "test", good, bad);
	assert_int_equal(run.status, 1);
	assert_non_null(strstr(run.out, "good.txt: version 1-"));
	assert_non_null(strstr(run.out, ", 1 phrases, 2 examples, 0 failed\n"));
	assert_non_null(strstr(run.out, "bad.txt:4: misses [not feedback_type.complaint]: all good\n"));
	assert_non_null(strstr(run.out, "bad.txt:5: hits [not feedback_type.complaint]: fine with me\n"));
	assert_non_null(strstr(run.out, ", 1 phrases, 3 examples, 2 failed\n"));
	PROGRAM_RUN(&run, NULL, "vocctl", "rules", "test", "--json", bad);
	assert_int_equal(run.status, 1);
	assert_non_null(strstr(run.out, "{\"line\":4,\"section\":\"not feedback_type.complaint\",\"expected\":true,"
	                                "\"text\":\"all good\"}"));
	assert_non_null(strstr(run.out, "\"examples\":3,\"failed\":2}\n"));
	PROGRAM_RUN(&run, NULL, "vocctl", "rules", "test", broken, good);
	assert_int_equal(run.status, 1);
	assert_non_null(strstr(run.err, "broken.txt:2: not a head: mood"));
	assert_non_null(strstr(run.out, "0 failed")); /* the other one is tried all the same */
	PROGRAM_RUN(&run, NULL, "vocctl", "rules", "mend");
	assert_int_equal(run.status, 2);
	unlink(good);
	unlink(bad);
	unlink(broken);
}

static void test_tenants_are_tried_over_the_rules(void **state)
{
	(void)state;
	char acme[128], twin[128];
	write_file("acme.txt",
	           "version 1\nsource /acme/\n[churn_intent]\n쿠쿠루 :: weight=4000\n+ 쿠쿠루 할래요\n+ 해지할게요\n",
	           acme);
	/* by itself it does not know the base's words, and may not name a source */
	PROGRAM_RUN(&run, NULL, "vocctl", "rules", "test", acme);
	assert_int_equal(run.status, 1);
	PROGRAM_RUN(&run, NULL, "vocctl", "rules", "test", "--additions", acme);
	assert_int_equal(run.status, 0);
	assert_non_null(strstr(run.out, "acme.txt: version 1-"));
	setenv("VOC_TENANTS", folder, 1);
	PROGRAM_RUN(&run, NULL, "vocctl", "rules", "test");
	assert_int_equal(run.status, 0);
	assert_non_null(strstr(run.out, "acme.txt: version 1-"));
	PROGRAM_RUN(&run, NULL, "vocctl", "classify", "--json", "--tenant", "acme", "쿠쿠루 할래요");
	assert_non_null(strstr(run.out, "\"churn_intent\":true"));
	assert_non_null(strstr(run.out, "+acme:1-"));
	PROGRAM_RUN(&run, NULL, "vocctl", "classify", "--json", "쿠쿠루 할래요");
	assert_non_null(strstr(run.out, "\"churn_intent\":false"));
	PROGRAM_RUN(&run, NULL, "vocctl", "classify", "--tenant", "nobody", "hello");
	assert_int_equal(run.status, 1);
	assert_non_null(strstr(run.err, "no such tenant"));
	/* each is fine by itself; together they are not */
	write_file("twin.txt", "version 1\nsource /acme/\n", twin);
	PROGRAM_RUN(&run, NULL, "vocctl", "rules", "test");
	assert_int_equal(run.status, 1);
	assert_non_null(strstr(run.err, "twin.txt: another tenant names the same source"));
	unsetenv("VOC_TENANTS");
	unlink(acme);
	unlink(twin);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_colours_are_for_terminals),
		cmocka_unit_test(test_rules_are_tried),
		cmocka_unit_test(test_tenants_are_tried_over_the_rules),
	};
	return cmocka_run_group_tests_name("vocctl_classify", tests, start, stop);
}
