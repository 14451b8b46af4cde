/*
 * Values of options: from text by type, checked, and back to text. Internal to conf. Pure, any thread.
 */
#ifndef VOC_CONF_VALUE_H
#define VOC_CONF_VALUE_H

#include "conf/option.h"

#define VOC_MASK "***"

/*
 * Sets the option's member. `where` names its source for the error ("--redis-url", "VOC_REDIS_URL"). VOC_FATAL, and
 * the old value kept, if the text is none that the option takes; the value of a secret or URL is never quoted.
 */
VOC_MUST_CHECK enum voc_status voc_value_set(struct voc_conf *conf, const struct voc_option *option, const char *where,
                                             const char *text, struct voc_error *error);
/* Appends the member's value as it could be given; secrets and URLs' user information masked. */
void voc_value_print(struct voc_buf *buf, const struct voc_conf *conf, const struct voc_option *option);
/* Appends what the option takes: "10ms … 10m", "yes or no". */
void voc_value_print_allowed(struct voc_buf *buf, const struct voc_option *option);
/* "DURATION". Static. */
const char *voc_value_type_name(enum voc_option_type type);

#endif
