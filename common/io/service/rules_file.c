#include "io/service/rules_file.h"

#include "base/files.h"
#include "core/rules/rules.h"
#include "core/rules/rules_zone.h"
#include "core/rules/zone.h"

#include <string.h>

#define PATH_MAX_BYTES 4096

/* The name is a good one: letters, digits and single slashes, so that it leads nowhere but below the folder. */
static enum voc_status find_zone(void *context, const char *name, struct voc_buf *rule, struct voc_error *error)
{
	const char *zoneinfo = context;
	struct voc_buf path, bytes;
	struct voc_error why = { .position = -1 };
	struct voc_str found;
	voc_buf_init(&path, PATH_MAX_BYTES);
	voc_buf_init(&bytes, VOC_ZONE_FILE_BYTES);
	voc_buf_addf(&path, "%s/%s", zoneinfo, name);
	enum voc_status status = voc_file_read(voc_buf_c_str(&path), &bytes, &why);
	if (status != VOC_OK)
		voc_error_set(error, VOC_FATAL, VOC_REASON_CONFIG, -1, "no such zone here: %s", why.text);
	else if (!voc_zone_file_rule(voc_buf_str(&bytes), &found) || !voc_buf_add_str(rule, found))
		status = voc_error_set(error, VOC_FATAL, VOC_REASON_CONFIG, -1,
		                       "%s is no zone's file that ends in a rule", voc_buf_c_str(&path));
	voc_buf_free(&path);
	voc_buf_free(&bytes);
	return status == VOC_OK ? VOC_OK : VOC_FATAL;
}

enum voc_status voc_rules_file_read(const char *path, const char *zoneinfo, struct voc_buf *ret_json,
                                    struct voc_error *error)
{
	struct voc_buf bytes;
	voc_buf_init(&bytes, VOC_RULES_MAX_BYTES);
	enum voc_status status = voc_file_read(path, &bytes, error);
	if (status == VOC_OK)
		status = voc_rules_fill_zone(voc_buf_str(&bytes), find_zone, (void *)(uintptr_t)zoneinfo, ret_json,
		                             error);
	voc_buf_free(&bytes);
	return status;
}
