/*
 * Masks what a fact says of a person before it leaves the raw topic, a star for a character. What was masked once stays
 * as it is when masked again. Pure, any thread. `to` is scratch that the result may be in.
 */
#ifndef VOC_CORE_FACT_MASK_H
#define VOC_CORE_FACT_MASK_H

#include "base/str.h"

/* Bytes that any field's text may have: 1000 characters of four bytes. */
#define VOC_FACT_MASK_SIZE 4096

/* The first character and two asterisks: "김민수" is "김**". */
struct voc_str voc_fact_mask_person(struct voc_str text, char to[VOC_FACT_MASK_SIZE]);
/* Letters and digits are asterisks but for the last two: "010-1234-5678" is "***-****-**78". */
struct voc_str voc_fact_mask_contact(struct voc_str text, char to[VOC_FACT_MASK_SIZE]);
/* Digits are asterisks but for the last four; a brand stays: "visa **** **** **** 1234". Full-width digits become
 * ordinary ones. */
struct voc_str voc_fact_mask_card(struct voc_str text, char to[VOC_FACT_MASK_SIZE]);
/* As text that a customer said: core/mask/mask.h. */
struct voc_str voc_fact_mask_note(struct voc_str text, char to[VOC_FACT_MASK_SIZE]);

#endif
