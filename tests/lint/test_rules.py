#!/usr/bin/env python3
"""The rules catch what they are for: one bad example each, and good ones that look like it."""
import unittest

import rules


def complaints(rule, path, text):
    return list(rule(path, text))


class Banned(unittest.TestCase):
    def assert_bad(self, path, line, name):
        found = complaints(rules.banned, path, f"\n{line}\n")
        self.assertEqual([text.split("(")[0] for text in found], [f"2: {name}"])

    def assert_good(self, path, line):
        self.assertEqual(complaints(rules.banned, path, line + "\n"), [])

    def test_unsafe_calls_everywhere(self):
        for path in ("common/base/x.c", "services/a/x.c", "tests/unit/x.c"):
            for name in ("strcpy", "sprintf", "strtok", "atoi", "rand", "sleep", "system", "gmtime"):
                self.assert_bad(path, f"\tx = {name} (a);", name)

    def test_what_only_looks_like_it(self):
        for line in ("snprintf(a, 1, b);", "gmtime_r(a, b);", "voc_sprintf(a);", "x->time(a);", "ops.exit(1);", '"rand()";', "/* rand(), gets() */",
                     "// atoi(x)", "'\"'; strlen(x);"):
            self.assert_good("common/base/x.c", line)

    def test_only_main_ends_the_process(self):
        self.assert_bad("common/base/x.c", "exit(1);", "exit")
        self.assert_bad("services/a/x.c", "abort();", "abort")
        self.assert_good("services/a/main.c", "exit(1);")
        self.assert_good("tests/unit/x.c", "_exit(1);")

    def test_libraries_neither_print_nor_log_nor_ask_the_environment(self):
        self.assert_bad("common/io/service/x.c", "VOC_LOG(1, 2);", "VOC_LOG")
        self.assert_bad("common/io/service/x.c", "fprintf(a, b);", "fprintf")
        self.assert_bad("common/core/record/x.c", "now = time(NULL);", "time")
        self.assert_bad("services/a/x.c", 'getenv("X");', "getenv")
        self.assert_good("services/a/x.c", "VOC_LOG(1, 2); fprintf(a, b);")


class Layers(unittest.TestCase):
    def assert_bad(self, path, include):
        self.assertEqual(len(complaints(rules.layers, path, f"/* x */\n#include {include}\n")), 1, f"{path} {include}")

    def assert_good(self, path, include):
        self.assertEqual(complaints(rules.layers, path, f"#include {include}\n"), [])

    def test_arrows(self):
        self.assert_bad("common/base/x.c", '"core/record/event.h"')
        self.assert_bad("common/conf/x.c", '"io/service/metrics.h"')
        self.assert_bad("common/core/record/x.c", '"io/kafka/kafka.h"')
        self.assert_bad("common/core/record/x.c", '"conf/conf.h"')
        self.assert_bad("common/io/service/x.c", '"alerter/job.h"')
        self.assert_bad("services/alerter/x.c", '"vocctl/commands.h"')
        self.assert_good("services/alerter/x.c", '"alerter/job.h"')
        self.assert_good("services/alerter/x.c", '"job.h"')
        self.assert_good("common/io/service/x.c", '"core/record/event.h"')
        self.assert_bad("common/core/record/x.c", '"core/classify/classify.h"')
        self.assert_good("common/core/classify/x.c", '"core/record/event.h"')
        self.assert_good("common/core/classify/x.c", '"core/classify/model.h"')
        self.assert_bad("common/core/x.c", '"core/record/event.h"')

    def test_the_core_is_pure(self):
        self.assert_bad("common/core/record/x.c", '"base/clock.h"')
        self.assert_bad("common/core/record/x.c", '"base/log.h"')
        self.assert_bad("common/core/record/x.c", "<sys/socket.h>")
        self.assert_bad("common/core/record/x.c", "<time.h>")
        self.assert_good("common/core/record/x.c", "<stdlib.h>")

    def test_libraries_have_one_home(self):
        self.assert_bad("services/alerter/x.c", "<librdkafka/rdkafka.h>")
        self.assert_bad("common/io/redis/x.c", "<librdkafka/rdkafka.h>")
        self.assert_bad("common/io/kafka/x.c", "<hiredis/hiredis.h>")
        self.assert_bad("common/io/service/runtime.c", "<curl/curl.h>")
        self.assert_bad("common/io/service/runtime.c", "<microhttpd.h>")
        self.assert_bad("common/core/record/x.c", "<jansson.h>")
        self.assert_bad("common/io/service/x.c", "<utf8proc.h>")
        self.assert_good("common/io/kafka/x.c", "<librdkafka/rdkafka.h>")
        self.assert_good("common/core/rules/rules_json.c", "<jansson.h>")
        self.assert_good("tests/unit/x.c", "<jansson.h>")


class Sizes(unittest.TestCase):
    def test_functions_are_measured_with_their_head(self):
        body = "static int\nf(int a)\n{\n" + "\tx();\n" * 76 + "}\n"
        self.assertEqual([(1, "f", 80)], list(rules.functions(body)))
        self.assertEqual(complaints(rules.sizes, "a.c", body), [])
        self.assertEqual(len(complaints(rules.sizes, "a.c", body.replace("{\n", "{\n\ty();\n"))), 1)

    def test_tables_are_no_functions(self):
        self.assertEqual([], list(rules.functions("static int t[] = {\n" + "\t1,\n" * 200 + "};\n")))

    def test_files(self):
        self.assertEqual(len(complaints(rules.sizes, "a.c", "\n" * 801)), 1)
        self.assertEqual(complaints(rules.sizes, "services/a/x.c", "\n" * 800), [])
        self.assertEqual(len(complaints(rules.sizes, "services/a/main.c", "\n" * 151)), 1)
        self.assertEqual(len(complaints(rules.sizes, "a.h", "\n" * 251)), 1)


class Layout(unittest.TestCase):
    def test_bad_text(self):
        for path, text in (("a.c", "int x; \n"), ("a.c", "int x;\r\n"), ("a.c", "int x;"), ("a.c", "    \tint x;\n"), ("a.py", "if x:\n\ty()\n"),
                           ("a.sh", "# TODO\n")):
            self.assertEqual(len(complaints(rules.layout, path, text)), 1, text)

    def test_headers(self):
        good = "/*\n * What.\n */\n#ifndef X_H\n#define X_H\n#endif\n"
        self.assertEqual(complaints(rules.layout, "a.h", good), [])
        self.assertEqual(len(complaints(rules.layout, "a.h", good[good.index("#"):])), 2)
        self.assertEqual(len(complaints(rules.layout, "a.h", good.replace("define X_H", "define Y_H"))), 1)


if __name__ == "__main__":
    unittest.main()
