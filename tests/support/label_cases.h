/*
 * Cases for the classifier as data: one a line, "text<TAB>head=label head=not:label ...", '#' begins a comment.
 *
 * The text is either what a customer said, or a call: "agent: ... | customer: ... | agent: ...". Owns nothing; one
 * thread.
 */
#ifndef VOC_TESTS_LABEL_CASES_H
#define VOC_TESTS_LABEL_CASES_H

#include "core/record/labels.h"

struct label_case {
	const char *file; /* for messages */
	int line;
	const char *text;
	char *expected; /* cut up by label_case_check */
};

typedef void label_case_fn(void *context, struct label_case *each);
/* Every case of the file, in its order; returns how many, or -1 if it can't be read or a line is none. */
int label_cases_each(const char *path, label_case_fn *each, void *context);

/* How many of the case's expectations don't hold; each is told on standard error. */
int label_case_check(const struct label_case *each, const struct voc_labels *labels);

#endif
