/*
 * From scores to labels: what goes together, how sure, and when not to say.
 *
 * Feedback type and satisfaction are decided together, since only five pairs make sense (a complaint is dissatisfied, a
 * question neutral, an opinion neutral, satisfied or delighted). Without a primary factor there is no factor and no
 * SERVQUAL dimension. A decision whose confidence is below the model's threshold is "unknown". Pure.
 */
#ifndef VOC_CORE_DECIDE_H
#define VOC_CORE_DECIDE_H

#include "core/classify/score.h"

void voc_decide(const struct voc_model *model, enum voc_lang lang, const struct voc_scores *scores,
                struct voc_labels *ret_labels);

#endif
