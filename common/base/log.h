/*
 * JSON logs: one line an event, on standard error, one write(2) a line.
 *
 * A line has at most 4,096 bytes: texts are cut at 512 of theirs, and fields that don't fit all the same are left out.
 * Only services and tools log; library code returns errors. Never a customer's text, name, id or number: topic,
 * partition, offset and reason say where to look; a customer appears as voc_hash64 of its id, in hexadecimal.
 * Safe from any thread after voc_log_init.
 *
 *   VOC_LOG(VOC_LOG_INFO, "started", VOC_LOG_STR("version", VOC_VERSION), VOC_LOG_INT("partitions", 24));
 */
#ifndef VOC_BASE_LOG_H
#define VOC_BASE_LOG_H

#include "base/err.h"
#include "base/str.h"

enum voc_log_level { VOC_LOG_DEBUG, VOC_LOG_INFO, VOC_LOG_WARN, VOC_LOG_ERROR };

struct voc_log_field {
	const char *name; /* NULL ends a list */
	const char *text; /* NULL: the number counts */
	int64_t number;
};

#define VOC_LOG_STR(name, value) ((struct voc_log_field){ (name), (value), 0 })
#define VOC_LOG_INT(name, value) ((struct voc_log_field){ (name), NULL, (int64_t)(value) })

/* `service` is borrowed for good. */
void voc_log_init(const char *service, enum voc_log_level least);
bool voc_log_level_parse(const char *name, enum voc_log_level *ret_level);
void voc_log(enum voc_log_level level, const char *event, const struct voc_log_field *fields);
/* With the error's reason, position and text. */
void voc_log_error(enum voc_log_level level, const char *event, const struct voc_error *error);

#define VOC_LOG(level, event, ...) \
	voc_log((level), (event), (const struct voc_log_field[]){ __VA_ARGS__ __VA_OPT__(, ){ 0 } })

#endif
