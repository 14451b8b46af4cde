#include "support/label_cases.h"

#include <stdio.h>
#include <string.h>

int label_cases_each(const char *path, label_case_fn *each, void *context)
{
	char line[2048];
	int count = 0, number = 0;
	FILE *file = fopen(path, "r");
	if (!file)
		return -1;
	while (count >= 0 && fgets(line, sizeof line, file)) {
		number++;
		if (line[0] == '#' || line[0] == '\n')
			continue;
		line[strcspn(line, "\n")] = '\0';
		char *tab = strchr(line, '\t');
		if (!tab) {
			count = -1;
			break;
		}
		*tab = '\0';
		each(context, &(struct label_case){ path, number, line, tab + 1 });
		count++;
	}
	fclose(file);
	return count;
}

/* False also if there is no such head or label. */
static bool holds(const struct voc_labels *labels, const char *head, const char *label)
{
	enum voc_factor factor;
	if (strcmp(head, "feedback_type") == 0)
		return strcmp(voc_feedback_name(labels->feedback), label) == 0;
	if (strcmp(head, "satisfaction") == 0)
		return strcmp(voc_satisfaction_name(labels->satisfaction), label) == 0;
	if (strcmp(head, "primary_factor") == 0)
		return strcmp(voc_factor_name(labels->primary_factor), label) == 0;
	if (strcmp(head, "servqual") == 0)
		return strcmp(voc_servqual_name(labels->servqual), label) == 0;
	if (strcmp(head, "churn_intent") == 0)
		return strcmp(labels->churn_intent ? "true" : "false", label) == 0;
	return strcmp(head, "factors") == 0 && voc_factor_parse(voc_str_from(label), &factor) &&
	       labels->factors & (1u << factor);
}

static bool is_known(const char *head, const char *label)
{
	enum voc_feedback feedback;
	enum voc_satisfaction satisfaction;
	enum voc_factor factor;
	enum voc_servqual servqual;
	struct voc_str name = voc_str_from(label);
	if (strcmp(head, "feedback_type") == 0)
		return voc_feedback_parse(name, &feedback);
	if (strcmp(head, "satisfaction") == 0)
		return voc_satisfaction_parse(name, &satisfaction);
	if (strcmp(head, "primary_factor") == 0 || strcmp(head, "factors") == 0)
		return voc_factor_parse(name, &factor);
	if (strcmp(head, "servqual") == 0)
		return voc_servqual_parse(name, &servqual);
	return strcmp(head, "churn_intent") == 0 && (strcmp(label, "true") == 0 || strcmp(label, "false") == 0);
}

int label_case_check(const struct label_case *each, const struct voc_labels *labels)
{
	int failures = 0;
	char *rest = each->expected;
	for (char *part = strsep(&rest, " "); part; part = strsep(&rest, " ")) {
		char *label = strchr(part, '=');
		if (label)
			*label++ = '\0';
		bool denied = label && strncmp(label, "not:", 4) == 0;
		label += denied ? 4 : 0;
		if (label && is_known(part, label) && holds(labels, part, label) == !denied)
			continue;
		fprintf(stderr, "%s:%d: %s: %s should %sbe %s\n", each->file, each->line, each->text, part,
		        denied ? "not " : "", label ? label : "something");
		failures++;
	}
	return failures;
}
