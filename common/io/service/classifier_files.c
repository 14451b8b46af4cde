#include "io/service/classifier_files.h"

struct voc_classifier_files voc_live_files(const struct voc_conf *conf)
{
	return (struct voc_classifier_files){
		.model = conf->model_path,
		.rules = conf->phrases_path,
		.tenants = conf->tenants_path,
		.gaps = conf->gaps_path,
	};
}

bool voc_shadow_has_model(const struct voc_conf *conf)
{
	return conf->shadow_model_path[0] != '\0';
}

bool voc_has_shadow(const struct voc_conf *conf)
{
	return voc_shadow_has_model(conf) || conf->shadow_phrases_path[0] != '\0';
}

struct voc_classifier_files voc_shadow_files(const struct voc_conf *conf)
{
	struct voc_classifier_files files = voc_live_files(conf);
	files.gaps = NULL;
	if (voc_shadow_has_model(conf))
		files.model = conf->shadow_model_path;
	if (conf->shadow_phrases_path[0] != '\0')
		files.rules = conf->shadow_phrases_path;
	return files;
}
