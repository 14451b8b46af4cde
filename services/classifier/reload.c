#include "classifier/reload.h"

#include "base/clock.h"
#include "base/files.h"
#include "base/log.h"
#include "core/classify/tenants.h"
#include "io/service/classifier_files.h"
#include "io/service/metrics.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

/* Live and shadow. Owned. */
struct pair {
	struct voc_classifier *live, *shadow;
};

/* What the builder is given, and what it gives back. */
struct job {
	const struct voc_conf *conf;
	struct pair former; /* borrowed: their models are shared unless they are read again */
	bool with_models;
	uint64_t stamp; /* of the files before */
	struct pair built;
	struct voc_error error; /* of the live one, or else of the shadow */
	int64_t took_us;
	atomic_bool done;
};

struct voc_reload {
	const struct voc_conf *conf;
	struct voc_health *health;
	struct pair in_force, retired;
	uint64_t tried_stamp; /* of the files that were built last, taken or refused */
	uint64_t seen_stamp;  /* of the last look */
	int64_t look_ms;      /* when the next look is due */
	bool hangup;
	bool building;
	pthread_t builder;
	struct job job;
};

static void free_pair(struct pair *pair)
{
	voc_classifier_free(pair->shadow);
	voc_classifier_free(pair->live);
	*pair = (struct pair){ 0 };
}

static enum voc_status open_live(struct job *job)
{
	const struct voc_classifier_files files = voc_live_files(job->conf);
	return voc_classifier_open_files(&files, job->with_models ? NULL : job->former.live, &job->built.live,
	                                 &job->error);
}

static enum voc_status open_shadow(struct job *job)
{
	bool own_model = voc_shadow_has_model(job->conf);
	const struct voc_classifier_files files = voc_shadow_files(job->conf);
	const struct voc_classifier *model_of = own_model ? job->former.shadow : job->built.live;
	if (own_model && job->with_models)
		model_of = NULL;
	return voc_classifier_open_files(&files, model_of, &job->built.shadow, &job->error);
}

static enum voc_status build(struct job *job)
{
	enum voc_status status = open_live(job);
	if (status == VOC_OK && voc_has_shadow(job->conf))
		status = open_shadow(job);
	return status;
}

static void *build_aside(void *context)
{
	struct job *job = context;
	int64_t began_us = voc_clock_us();
	(void)build(job); /* the job's error tells */
	job->took_us = voc_clock_us() - began_us;
	atomic_store(&job->done, true);
	return NULL;
}

static uint64_t mix(uint64_t stamp, uint64_t more)
{
	return (stamp ^ more) * 0x9E3779B97F4A7C15u;
}

/* Of all rule files. One that can't be listed is told of when it is built. */
static uint64_t stamp_of(const struct voc_conf *conf)
{
	struct voc_file_names names = { 0 };
	uint64_t stamp = mix(voc_file_stamp(conf->phrases_path), voc_file_stamp(conf->shadow_phrases_path));
	stamp = mix(stamp, voc_file_stamp(conf->gaps_path));
	if (conf->tenants_path[0] == '\0' ||
	    voc_file_names_list(conf->tenants_path, ".txt", VOC_TENANTS_MAX, &names, NULL) != VOC_OK)
		return stamp;
	for (size_t i = 0; i < names.count; i++) {
		struct voc_buf path;
		voc_buf_init(&path, strlen(conf->tenants_path) + VOC_FILE_NAME_SIZE + 2);
		voc_buf_addf(&path, "%s/%s", conf->tenants_path, names.at[i]);
		stamp = mix(stamp, voc_file_stamp(voc_buf_c_str(&path)));
		voc_buf_free(&path);
	}
	voc_file_names_free(&names);
	return stamp;
}

static void tell(struct voc_reload *reload)
{
	const char *version = voc_classifier_version(reload->in_force.live);
	const char *shadow = reload->in_force.shadow ? voc_classifier_version(reload->in_force.shadow) : "none";
	VOC_LOG(VOC_LOG_INFO, "model", VOC_LOG_STR("version", version), VOC_LOG_STR("shadow", shadow),
	        VOC_LOG_INT("took_us", reload->job.took_us));
	voc_health_tell(reload->health, VOC_TOLD_MODEL, version);
	voc_metric_set(VOC_METRIC_FINGERPRINT, voc_classifier_fingerprint(reload->in_force.live));
}

enum voc_status voc_reload_open(const struct voc_conf *conf, struct voc_health *health, struct voc_reload **ret_reload,
                                struct voc_error *error)
{
	struct voc_reload *reload = calloc(1, sizeof *reload);
	if (!reload)
		return voc_error_set(error, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1, "starting");
	reload->conf = conf;
	reload->health = health;
	/* the stamp first: what changes while it is read is read again */
	reload->tried_stamp = reload->seen_stamp = stamp_of(conf);
	reload->job = (struct job){ .conf = conf, .with_models = true, .error = { .position = -1 } };
	build_aside(&reload->job);
	reload->in_force = reload->job.built;
	if (reload->job.error.status != VOC_OK) {
		const struct voc_error *why = &reload->job.error;
		voc_error_set(error, VOC_FATAL, why->reason, -1, "%s", why->text);
		voc_reload_free(reload);
		return VOC_FATAL;
	}
	tell(reload);
	*ret_reload = reload;
	return VOC_OK;
}

void voc_reload_free(struct voc_reload *reload)
{
	if (!reload)
		return;
	if (reload->building) {
		pthread_join(reload->builder, NULL);
		free_pair(&reload->job.built);
	}
	free_pair(&reload->retired);
	free_pair(&reload->in_force);
	free(reload);
}

static void start_builder(struct voc_reload *reload, uint64_t stamp)
{
	reload->job = (struct job){
		.conf = reload->conf,
		.former = reload->in_force,
		.with_models = reload->hangup,
		.stamp = stamp,
		.error = { .position = -1 },
	};
	/* without memory for a thread: at the next look */
	reload->building = pthread_create(&reload->builder, NULL, build_aside, &reload->job) == 0;
	if (reload->building)
		reload->hangup = false;
}

/* A file that is being written is let alone: two looks in a row must see the same. SIGHUP says that all is written. */
static void look(struct voc_reload *reload)
{
	uint64_t stamp = stamp_of(reload->conf);
	bool is_new = stamp != reload->tried_stamp && stamp == reload->seen_stamp;
	reload->seen_stamp = stamp;
	if (is_new || reload->hangup)
		start_builder(reload, stamp);
}

static void note_outcome(struct voc_reload *reload, const struct job *job)
{
	bool good = job->error.status == VOC_OK;
	voc_metric_observe_us(VOC_METRIC_RELOAD_SECONDS, job->took_us);
	voc_metric_add_labelled(VOC_LABELLED_RELOADS, good ? VOC_RELOAD_TAKEN : VOC_RELOAD_REFUSED, 1);
	voc_metric_set(VOC_METRIC_RULES_REFUSED, !good);
	voc_health_tell(reload->health, VOC_TOLD_REFUSED, good ? "" : job->error.text);
	if (!good)
		voc_log_error(VOC_LOG_ERROR, "refused, the former one stays in force", &job->error);
}

/* What was built comes into force; a shadow that was refused leaves the former one. */
static bool take(struct voc_reload *reload)
{
	struct job *job = &reload->job;
	pthread_join(reload->builder, NULL);
	reload->building = false;
	if (stamp_of(reload->conf) != job->stamp) { /* changed under the builder's hands: once more */
		free_pair(&job->built);
		reload->hangup |= job->with_models;
		return false;
	}
	reload->tried_stamp = job->stamp;
	note_outcome(reload, job);
	if (!job->built.live)
		return false;
	reload->retired.live = reload->in_force.live;
	reload->in_force.live = job->built.live;
	if (job->built.shadow) {
		reload->retired.shadow = reload->in_force.shadow;
		reload->in_force.shadow = job->built.shadow;
	}
	tell(reload);
	return true;
}

bool voc_reload_turn(struct voc_reload *reload, bool hangup, int64_t now_ms)
{
	free_pair(&reload->retired);
	reload->hangup |= hangup;
	if (reload->building)
		return atomic_load(&reload->job.done) && take(reload);
	bool due = reload->conf->reload_check_ms > 0 && now_ms >= reload->look_ms;
	if (due || reload->hangup) {
		reload->look_ms = now_ms + reload->conf->reload_check_ms;
		look(reload);
	}
	return false;
}

const struct voc_classifier *voc_reload_classifier(const struct voc_reload *reload)
{
	return reload->in_force.live;
}

const struct voc_classifier *voc_reload_shadow(const struct voc_reload *reload)
{
	return reload->in_force.shadow;
}

enum voc_status voc_reload_check(const struct voc_conf *conf, struct voc_error *error)
{
	struct job job = { .conf = conf, .with_models = true, .error = { .position = -1 } };
	enum voc_status status = build(&job);
	free_pair(&job.built);
	if (status != VOC_OK)
		voc_error_set(error, VOC_FATAL, job.error.reason, -1, "%s", job.error.text);
	return status == VOC_OK ? VOC_OK : VOC_FATAL;
}
