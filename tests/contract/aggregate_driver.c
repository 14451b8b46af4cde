/*
 * The aggregation core behind a pipe, for tests/contract/test_aggregate.py.
 *
 * voc-aggregate-driver TOPIC PARTITION SEED: a log on stdin, one record a line: offset, timestamp, source header and
 * value, separated by tabs. Two JSON lines on stdout: what the store holds (see support/replay.h), and the alerts by
 * id.
 */
#include <stdio.h>
#include <stdlib.h>

#include "support/replay.h"

#define MAX_BYTES ((size_t)64 * 1024 * 1024)

static bool read_all(FILE *file, struct voc_buf *buf)
{
	char chunk[65536];
	size_t got;
	while ((got = fread(chunk, 1, sizeof chunk, file)) > 0)
		voc_buf_add(buf, chunk, got);
	voc_buf_add_char(buf, '\0');
	return !buf->failed && !ferror(file);
}

/* Cuts the text into records, in place. NULL when memory runs out or a line has no three tabs. */
static struct replay_record *cut(char *text, size_t *ret_count)
{
	size_t lines = 0;
	for (const char *at = text; *at; at++)
		lines += *at == '\n';
	struct replay_record *records = calloc(lines + 1, sizeof *records);
	for (size_t i = 0; records && i < lines; i++) {
		char *end = strchr(text, '\n');
		char *time = memchr(text, '\t', (size_t)(end - text));
		char *source = time ? memchr(time + 1, '\t', (size_t)(end - time - 1)) : NULL;
		char *value = source ? memchr(source + 1, '\t', (size_t)(end - source - 1)) : NULL;
		if (!value || !voc_str_to_i64(voc_str_of(text, (size_t)(time - text)), &records[i].offset) ||
		    !voc_str_to_i64(voc_str_of(time + 1, (size_t)(source - time - 1)), &records[i].timestamp_ms)) {
			free(records);
			return NULL;
		}
		*source = *value = *end = '\0';
		records[i].source = source + 1;
		records[i].value = value + 1;
		text = end + 1;
	}
	*ret_count = lines;
	return records;
}

static void print(const struct fake_store *store)
{
	struct voc_buf out;
	voc_buf_init(&out, MAX_BYTES);
	fake_store_dump(store, &out);
	puts(voc_buf_c_str(&out));
	voc_buf_free(&out);
}

int main(int argc, char **argv)
{
	struct voc_buf text;
	size_t count = 0;
	voc_buf_init(&text, MAX_BYTES);
	if (argc != 4 || !read_all(stdin, &text))
		return 2;
	struct replay_record *records = cut(text.ptr, &count);
	if (!records)
		return 2;
	struct replay replay;
	replay_open(&replay, argv[1], (int32_t)strtol(argv[2], NULL, 10));
	replay_run(&replay, records, count, (uint32_t)strtoul(argv[3], NULL, 10));
	print(&replay.store);
	print(&replay.alerts);
	replay_close(&replay);
	free(records);
	voc_buf_free(&text);
	return 0;
}
