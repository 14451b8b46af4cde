/* The tables of facts' fields: shared by fact.c and fact_read.c, for nobody else. */
#ifndef VOC_CORE_FACT_FIELDS_H
#define VOC_CORE_FACT_FIELDS_H

#include "core/record/fact.h"

enum voc_fact_field_type {
	VOC_FACT_IDENTITY, /* not blank, no control characters */
	VOC_FACT_TEXT,
	VOC_FACT_PERSON,
	VOC_FACT_CONTACT,
	VOC_FACT_CARD,
	VOC_FACT_NOTE,
	VOC_FACT_CURRENCY, /* ISO 4217: three capital letters */
	VOC_FACT_AMOUNT,   /* 0 to VOC_MONEY_MAX */
	VOC_FACT_MARGIN,   /* -VOC_MONEY_MAX to VOC_MONEY_MAX */
	VOC_FACT_TIME,     /* RFC 3339 */
	VOC_FACT_SEX,
	VOC_FACT_LANG,
	VOC_FACT_STAGE, /* VOC_STAGE_NONE is not given by name */
	VOC_FACT_STATUS,
};

struct voc_fact_field {
	const char *name;
	enum voc_fact_field_type type;
	size_t max_chars;
	bool required;
};

/* Ended by a NULL name. */
const struct voc_fact_field *voc_fact_fields(enum voc_fact_kind kind);
/* The names that a choice is made among, NULL where there is none of that number; NULL if it is no choice. */
const char *voc_fact_choice(enum voc_fact_field_type type, int64_t number);
bool voc_fact_is_number(enum voc_fact_field_type type);

#endif
