/*
 * Which files label, as the configuration names them: for the classifier, and for the tools that do as it does.
 *
 * The paths are the configuration's, borrowed. Any thread.
 */
#ifndef VOC_IO_CLASSIFIER_FILES_H
#define VOC_IO_CLASSIFIER_FILES_H

#include "conf/conf.h"
#include "core/classify/classify.h"

struct voc_classifier_files voc_live_files(const struct voc_conf *conf);

/* VOC_SHADOW_MODEL or VOC_SHADOW_PHRASES is set. */
bool voc_has_shadow(const struct voc_conf *conf);
bool voc_shadow_has_model(const struct voc_conf *conf);
/*
 * What the shadow has no file of its own for is the live one's; gaps are told of by the live one alone. Without a model
 * of its own it is opened with the live one's (voc_classifier_open_files: model_of).
 */
struct voc_classifier_files voc_shadow_files(const struct voc_conf *conf);

#endif
