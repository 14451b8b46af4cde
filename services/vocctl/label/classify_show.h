/*
 * A classification, for people and as JSON.
 */
#ifndef VOC_VOCCTL_CLASSIFY_SHOW_H
#define VOC_VOCCTL_CLASSIFY_SHOW_H

#include "core/classify/classify.h"

/* The text with its evidence marked (underlined and coloured on a terminal), then a line for each head. */
void vocctl_classify_show(struct voc_buf *out, struct voc_str text, const struct voc_classification *result,
                          bool colour);
/* One JSON object on one line; `id` may be empty and is left out then. */
void vocctl_classify_json(struct voc_buf *out, struct voc_str id, struct voc_str text,
                          const struct voc_classification *result, const char *version);

#endif
