/*
 * Tenants: companies or brands that share one pipeline, each with additions of its own to the phrase rules.
 *
 * Which events are a tenant's: those whose CloudEvents attribute `tenant` names it; without the attribute, those whose
 * source begins like one that its file names, the longest such beginning. All others are the tenant "default"'s, if it
 * has a file. Built once, read only afterwards: any thread.
 */
#ifndef VOC_CORE_TENANTS_H
#define VOC_CORE_TENANTS_H

#include "core/classify/phrases.h"

#define VOC_TENANTS_MAX       64
#define VOC_TENANTS_MAX_BYTES (256 * 1024) /* of all their files together */
#define VOC_TENANT_NAME_MAX   32           /* [a-z0-9-_] */
#define VOC_TENANT_DEFAULT    "default"

struct voc_tenant {
	char name[VOC_TENANT_NAME_MAX + 1];
	struct voc_phrases *phrases; /* owned: additions to the base */
};

struct voc_tenants {
	struct voc_tenant at[VOC_TENANTS_MAX];
	size_t count;
	size_t bytes; /* of their files */
};

/*
 * Takes a tenant's file in; `path` stands in errors. A file whose own examples fail is refused, as is a source that
 * another tenant names. VOC_FATAL, VOC_REASON_CONFIG. `base` is borrowed for the tenants' life.
 */
VOC_MUST_CHECK enum voc_status voc_tenants_add(struct voc_tenants *tenants, struct voc_str name, struct voc_str text,
                                               const char *path, const struct voc_phrases *base,
                                               struct voc_error *error);
void voc_tenants_free(struct voc_tenants *tenants);
/* NULL: no additions hold for this event. `name` is empty if it has no such attribute. */
const struct voc_tenant *voc_tenants_find(const struct voc_tenants *tenants, struct voc_str name,
                                          struct voc_str source);
/* By name alone; NULL if there is none. */
const struct voc_tenant *voc_tenants_named(const struct voc_tenants *tenants, struct voc_str name);

#endif
