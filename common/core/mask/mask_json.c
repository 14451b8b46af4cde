/* Personal data in a member that is carried on as it came. */
#include "base/json_scan.h"
#include "core/mask/mask.h"

/* Numbers may be personal data, too: {"phone": 821012345678}. Masked they are a string, as stars are no number. */
void voc_mask_json(struct voc_json_writer *json, struct voc_str value)
{
	char masked[VOC_MASK_JSON_MAX_BYTES];
	bool text = value.len >= 2 && value.ptr[0] == '"';
	struct voc_str inner = text ? voc_str_of(value.ptr + 1, value.len - 2) : value;
	if (inner.len > sizeof masked) {
		voc_json_str(json, VOC_STR("*"));
		return;
	}
	size_t len = text ? voc_json_unescape(masked, inner) : inner.len;
	if (!text)
		memcpy(masked, inner.ptr, inner.len);
	if (voc_mask(masked, len))
		voc_json_str(json, voc_str_of(masked, len));
	else
		voc_json_raw(json, value);
}
