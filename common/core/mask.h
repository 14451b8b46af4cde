/*
 * Masks personal data in text that leaves the classifier: numbers of seven or more digits (telephone, card, account,
 * resident registration; separators '-', '.', ' ', '(' and ')' between the digits don't hide them) and e-mail
 * addresses.
 *
 * Each masked byte becomes '*', so lengths and offsets stay what they were. Pure, any thread.
 */
#ifndef VOC_CORE_MASK_H
#define VOC_CORE_MASK_H

#include "base/str.h"

/* Masks all of it, in place. */
void voc_mask(char *text, size_t len);
#define VOC_MASK_SLICE_MAX 256
/*
 * Copies bytes start to end (within the text, at most VOC_MASK_SLICE_MAX) of `text` to `to`, masked as they would be
 * if the whole text were: a number or an address that the slice cuts is still known as one.
 */
void voc_mask_slice(struct voc_str text, size_t start, size_t end, char *to);

#endif
