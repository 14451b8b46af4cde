#include "core/classify/tenants.h"

static bool is_name(struct voc_str name)
{
	for (size_t i = 0; i < name.len; i++) {
		char c = name.ptr[i];
		if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-' && c != '_')
			return false;
	}
	return name.len > 0 && name.len <= VOC_TENANT_NAME_MAX;
}

static enum voc_status refuse(struct voc_error *error, const char *path, const char *why)
{
	return voc_error_set(error, VOC_FATAL, VOC_REASON_CONFIG, -1, "%.120s: %s", path, why);
}

static bool names_source(const struct voc_phrases *phrases, const char *source)
{
	const char *known;
	for (size_t i = 0; (known = voc_phrases_source(phrases, i)) != NULL; i++) {
		if (strcmp(known, source) == 0)
			return true;
	}
	return false;
}

/* No source may be named twice, or the order of the files would decide whose its events are. */
static bool sources_are_free(const struct voc_tenants *tenants, const struct voc_phrases *phrases)
{
	const char *source;
	for (size_t i = 0; (source = voc_phrases_source(phrases, i)) != NULL; i++) {
		for (size_t other = 0; other < tenants->count; other++) {
			if (names_source(tenants->at[other].phrases, source))
				return false;
		}
	}
	return true;
}

static enum voc_status check(const struct voc_tenants *tenants, struct voc_str name, const struct voc_phrases *phrases,
                             const char *path, struct voc_error *error)
{
	size_t checked;
	if (voc_phrases_check_examples(phrases, &checked, error) != VOC_OK)
		return VOC_FATAL;
	if (voc_str_is(name, VOC_TENANT_DEFAULT) && voc_phrases_source(phrases, 0))
		return refuse(error, path, "the default tenant has what is left, and names no sources");
	if (!sources_are_free(tenants, phrases))
		return refuse(error, path, "another tenant names the same source");
	return VOC_OK;
}

enum voc_status voc_tenants_add(struct voc_tenants *tenants, struct voc_str name, struct voc_str text, const char *path,
                                const struct voc_phrases *base, struct voc_error *error)
{
	struct voc_phrases *phrases = NULL;
	if (!is_name(name))
		return refuse(error, path, "a tenant's name has a-z, 0-9, - and _, at most 32 of them");
	if (tenants->count == VOC_TENANTS_MAX || voc_tenants_named(tenants, name))
		return refuse(error, path, "one tenant too many");
	if (tenants->bytes + text.len > VOC_TENANTS_MAX_BYTES)
		return refuse(error, path, "the tenants' files are larger than 256 KiB together");
	enum voc_status status = voc_phrases_parse_additions(text, path, base, &phrases, error);
	if (status == VOC_OK)
		status = check(tenants, name, phrases, path, error);
	if (status != VOC_OK) {
		voc_phrases_free(phrases);
		return status;
	}
	struct voc_tenant *tenant = &tenants->at[tenants->count++];
	voc_str_copy(tenant->name, sizeof tenant->name, name);
	tenant->phrases = phrases;
	tenants->bytes += text.len;
	return VOC_OK;
}

void voc_tenants_free(struct voc_tenants *tenants)
{
	for (size_t i = 0; i < tenants->count; i++)
		voc_phrases_free(tenants->at[i].phrases);
	tenants->count = 0;
}

const struct voc_tenant *voc_tenants_named(const struct voc_tenants *tenants, struct voc_str name)
{
	for (size_t i = 0; i < tenants->count; i++) {
		if (voc_str_is(name, tenants->at[i].name))
			return &tenants->at[i];
	}
	return NULL;
}

/* The tenant that names the longest beginning of this source. */
static const struct voc_tenant *find_by_source(const struct voc_tenants *tenants, struct voc_str source)
{
	const struct voc_tenant *found = NULL;
	size_t longest = 0;
	for (size_t i = 0; i < tenants->count; i++) {
		const char *known;
		for (size_t n = 0; (known = voc_phrases_source(tenants->at[i].phrases, n)) != NULL; n++) {
			struct voc_str prefix = voc_str_from(known);
			if (prefix.len <= longest || !voc_str_starts_with(source, prefix))
				continue;
			longest = prefix.len;
			found = &tenants->at[i];
		}
	}
	return found;
}

const struct voc_tenant *voc_tenants_find(const struct voc_tenants *tenants, struct voc_str name, struct voc_str source)
{
	if (tenants->count == 0)
		return NULL;
	const struct voc_tenant *found =
	        name.len > 0 ? voc_tenants_named(tenants, name) : find_by_source(tenants, source);
	return found ? found : voc_tenants_named(tenants, VOC_STR(VOC_TENANT_DEFAULT));
}
