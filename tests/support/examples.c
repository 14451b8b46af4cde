#include "support/examples.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define MAX_BYTES ((size_t)4 * 1024 * 1024)

struct voc_buf example_read(const char *path)
{
	char whole[1024], chunk[4096];
	size_t got;
	struct voc_buf buf;
	voc_buf_init(&buf, MAX_BYTES);
	snprintf(whole, sizeof whole, "%s/%s", VOC_SOURCE_DIR, path);
	FILE *file = fopen(whole, "rb");
	if (!file) {
		perror(whole);
		abort();
	}
	while ((got = fread(chunk, 1, sizeof chunk, file)) > 0)
		voc_buf_add(&buf, chunk, got);
	fclose(file);
	return buf;
}

static const struct voc_rule_set *read_rules(struct voc_rule_book *book, struct voc_str json)
{
	const struct voc_rule_set *set = NULL;
	struct voc_error error = { 0 };
	if (voc_rule_book_read(book, json, &set, &error) != VOC_OK) {
		fprintf(stderr, "rules: %s\n", error.text);
		abort();
	}
	return set;
}

const struct voc_rule_set *example_rules(struct voc_rule_book *book)
{
	struct voc_buf file = example_read("deploy/rules.json");
	const struct voc_rule_set *set = read_rules(book, voc_buf_str(&file));
	voc_buf_free(&file);
	return set;
}

const struct voc_rule_set *example_other_rules(struct voc_rule_book *book)
{
	struct voc_buf file = example_read("deploy/rules.json");
	char *weight = strstr(voc_buf_c_str(&file) ? file.ptr : "", "\"complaint\": 12");
	if (!weight)
		abort();
	memcpy(weight, "\"complaint\": 99", 15);
	const struct voc_rule_set *set = read_rules(book, voc_buf_str(&file));
	voc_buf_free(&file);
	return set;
}

static int each_in(const char *folder, bool valid, example_fn check)
{
	char path[1024];
	int count = 0;
	snprintf(path, sizeof path, "%s/%s", VOC_SOURCE_DIR, folder);
	DIR *dir = opendir(path);
	if (!dir) {
		perror(path);
		abort();
	}
	for (struct dirent *file; (file = readdir(dir));) {
		if (file->d_name[0] == '.')
			continue;
		char reason[256];
		snprintf(path, sizeof path, "%s/%s", folder, file->d_name);
		snprintf(reason, sizeof reason, "%s", file->d_name);
		*strchr(reason, '.') = '\0';
		struct voc_buf value = example_read(path);
		check(file->d_name, voc_buf_str(&value), valid ? NULL : reason);
		voc_buf_free(&value);
		count++;
	}
	closedir(dir);
	return count;
}

int examples_each(const char *schema, example_fn check)
{
	char folder[256];
	snprintf(folder, sizeof folder, "schemas/examples/%s/valid", schema);
	int count = each_in(folder, true, check);
	snprintf(folder, sizeof folder, "schemas/examples/%s/invalid", schema);
	return count + each_in(folder, false, check);
}

void example_judge(const char *name, const char *reason, enum voc_status status, const struct voc_error *error)
{
	if (!reason && status != VOC_OK)
		fail_msg("%s: %s", name, error->text);
	if (reason && (status != VOC_INVALID || strcmp(voc_reason_name(error->reason), reason) != 0))
		fail_msg("%s: status %d, %s: %s", name, status, voc_reason_name(error->reason), error->text);
}
