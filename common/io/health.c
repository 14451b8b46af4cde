#include "io/health.h"

#include "base/clock.h"
#include "base/json_write.h"

#include <stdatomic.h>
#include <stdlib.h>

/* A loop that is this many stall times late is taken for dead. */
#define DEAD_AFTER_STALLS 3

struct voc_health {
	int64_t stall_ms;
	_Atomic uint32_t conditions; /* bit 1 << enum voc_unready */
	_Atomic int64_t beat_ms;
	_Atomic int64_t progress_ms;
	atomic_bool waiting;
};

struct voc_health *voc_health_new(int64_t stall_ms)
{
	struct voc_health *health = calloc(1, sizeof *health);
	if (!health)
		return NULL;
	health->stall_ms = stall_ms;
	atomic_store(&health->conditions, 1U << VOC_UNREADY_STARTING);
	voc_health_beat(health);
	voc_health_progress(health);
	return health;
}

void voc_health_free(struct voc_health *health)
{
	free(health);
}

void voc_health_set(struct voc_health *health, enum voc_unready condition, bool holds)
{
	if (holds)
		atomic_fetch_or(&health->conditions, 1U << condition);
	else
		atomic_fetch_and(&health->conditions, ~(1U << condition));
}

void voc_health_beat(struct voc_health *health)
{
	atomic_store(&health->beat_ms, voc_clock_ms());
}

void voc_health_progress(struct voc_health *health)
{
	atomic_store(&health->progress_ms, voc_clock_ms());
}

void voc_health_waiting(struct voc_health *health, bool waiting)
{
	if (waiting && !atomic_load(&health->waiting))
		voc_health_progress(health);
	atomic_store(&health->waiting, waiting);
}

bool voc_health_is_alive(struct voc_health *health)
{
	return voc_clock_ms() - atomic_load(&health->beat_ms) < DEAD_AFTER_STALLS * health->stall_ms;
}

static bool is_stalled(struct voc_health *health)
{
	return atomic_load(&health->waiting) && voc_clock_ms() - atomic_load(&health->progress_ms) >= health->stall_ms;
}

bool voc_health_is_ready(struct voc_health *health, enum voc_unready *ret_reason)
{
	uint32_t conditions = atomic_load(&health->conditions);
	if (is_stalled(health))
		conditions |= 1U << VOC_UNREADY_STALLED;
	if (conditions == 0)
		return true;
	*ret_reason = (enum voc_unready)__builtin_ctz(conditions);
	return false;
}

const char *voc_unready_name(enum voc_unready reason)
{
	static const char *const names[VOC_UNREADY_COUNT] = {
#define X(symbol, name, text) [symbol] = name,
		VOC_UNREADY(X)
#undef X
	};
	return (unsigned)reason < VOC_UNREADY_COUNT ? names[reason] : "unknown";
}

static void render(struct voc_buf *buf, const char *status, const char *reason)
{
	struct voc_json_writer json;
	voc_json_begin(&json, buf);
	voc_json_object(&json);
	voc_json_member_str(&json, "status", voc_str_from(status));
	if (reason)
		voc_json_member_str(&json, "reason", voc_str_from(reason));
	voc_json_member_str(&json, "version", VOC_STR(VOC_VERSION));
	voc_json_object_end(&json);
	voc_buf_add_char(buf, '\n');
}

bool voc_health_render_alive(struct voc_health *health, struct voc_buf *buf)
{
	bool alive = voc_health_is_alive(health);
	render(buf, alive ? "alive" : "stuck", NULL);
	return alive;
}

bool voc_health_render_ready(struct voc_health *health, struct voc_buf *buf)
{
	enum voc_unready reason;
	if (voc_health_is_ready(health, &reason)) {
		render(buf, "ready", NULL);
		return true;
	}
	render(buf, "not ready", voc_unready_name(reason));
	return false;
}
