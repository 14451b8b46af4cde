/*
 * librdkafka's properties within a voc_conf: their names, and a bounded list. Internal to conf. What a property is and
 * takes is librdkafka's to say, when the client is made.
 */
#ifndef VOC_CONF_PROPERTY_H
#define VOC_CONF_PROPERTY_H

#include "conf/conf.h"

#define VOC_PROPERTY_VARIABLE "VOC_KAFKA_"
#define VOC_PROPERTY_FLAG     "kafka."

/* Sets or replaces one; `where` names its source for the error. Refuses the broker list, which is an option of ours. */
VOC_MUST_CHECK enum voc_status voc_property_set(struct voc_conf *conf, struct voc_str name, const char *value,
                                                const char *where, struct voc_error *error);
/* The same, with the name as a variable has it: "SASL_PASSWORD". */
VOC_MUST_CHECK enum voc_status voc_property_set_variable(struct voc_conf *conf, struct voc_str name, const char *value,
                                                         const char *where, struct voc_error *error);
/* Appends lines NAME=value with secrets masked. */
void voc_property_print(struct voc_buf *buf, const struct voc_conf *conf);
void voc_property_free_all(struct voc_conf *conf);

/* Whether a property's value is a secret itself, not the place of one. */
bool voc_property_is_secret(const char *name);

#endif
