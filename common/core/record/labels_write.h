/*
 * Labels as members of a JSON object, the same in every record. Pure.
 */
#ifndef VOC_CORE_LABELS_WRITE_H
#define VOC_CORE_LABELS_WRITE_H

#include "base/json_write.h"
#include "core/record/labels.h"

#define VOC_HEADS_ALL ((1U << VOC_HEAD_COUNT) - 1)

/* Members for the heads in `heads` (bits 1 << enum voc_head) of the object that is open; the factors' head has two. */
void voc_labels_write(struct voc_json_writer *json, const struct voc_labels *labels, uint32_t heads);

#endif
