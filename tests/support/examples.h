/*
 * Files for tests: one whole file, and the examples of a schema by what should become of them.
 */
#ifndef TESTS_SUPPORT_EXAMPLES_H
#define TESTS_SUPPORT_EXAMPLES_H

#include "core/rules/rule_book.h"

/* All of a file, for voc_buf_free; aborts if it can't be read. The path is relative to the source tree. */
struct voc_buf example_read(const char *path);

/* The rules of deploy/rules.json; held by the caller, until voc_rule_set_release. */
const struct voc_rule_set *example_rules(struct voc_rule_book *book);
/* The same with other weights for complaints: another version. */
const struct voc_rule_set *example_other_rules(struct voc_rule_book *book);

/* `reason` is the name of the expected reason, NULL for a valid example. `name` is the file's. */
typedef void (*example_fn)(const char *name, struct voc_str value, const char *reason);
/* Every file of schemas/examples/<schema>/valid and /invalid. Returns how many there were. */
int examples_each(const char *schema, example_fn check);
/* What an example_fn ends with: fails the test unless decoding came to what was expected. */
void example_judge(const char *name, const char *reason, enum voc_status status, const struct voc_error *error);

#endif
