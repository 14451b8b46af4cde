#include "io/service/health.h"

#include "base/clock.h"
#include "base/json_write.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

/* A loop that is this many stall times late is taken for dead. */
#define DEAD_AFTER_STALLS 3
/* The page names so many stalled partitions at most. */
#define STALLS_TOLD 20

struct kennel {
	struct voc_watchdog *dog;
	struct kennel *next;
};

struct voc_health {
	int64_t stall_ms;
	_Atomic uint32_t conditions; /* bit 1 << enum voc_unready */
	_Atomic int64_t beat_ms;
	pthread_mutex_t lock; /* of what is below */
	struct kennel *kennels;
	char told[VOC_TOLD_COUNT][VOC_TOLD_SIZE];
};

struct voc_health *voc_health_new(int64_t stall_ms)
{
	struct voc_health *health = calloc(1, sizeof *health);
	if (!health)
		return NULL;
	health->stall_ms = stall_ms;
	pthread_mutex_init(&health->lock, NULL);
	atomic_store(&health->conditions, 1U << VOC_UNREADY_STARTING);
	voc_health_beat(health);
	return health;
}

void voc_health_free(struct voc_health *health)
{
	if (!health)
		return;
	while (health->kennels) {
		struct kennel *kennel = health->kennels;
		health->kennels = kennel->next;
		voc_watchdog_free(kennel->dog);
		free(kennel);
	}
	pthread_mutex_destroy(&health->lock);
	free(health);
}

struct voc_watchdog *voc_health_watchdog(struct voc_health *health, const char *name)
{
	struct kennel *kennel = calloc(1, sizeof *kennel);
	struct voc_watchdog *dog = voc_watchdog_new(name, health->stall_ms);
	if (!kennel || !dog) {
		voc_watchdog_free(dog);
		free(kennel);
		return NULL;
	}
	kennel->dog = dog;
	pthread_mutex_lock(&health->lock);
	kennel->next = health->kennels;
	health->kennels = kennel;
	pthread_mutex_unlock(&health->lock);
	return dog;
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

void voc_health_tell(struct voc_health *health, enum voc_told what, const char *text)
{
	pthread_mutex_lock(&health->lock);
	voc_str_copy(health->told[what], sizeof health->told[what], voc_str_from(text));
	pthread_mutex_unlock(&health->lock);
}

static int64_t silent_ms(struct voc_health *health)
{
	return voc_clock_ms() - atomic_load(&health->beat_ms);
}

bool voc_health_is_alive(struct voc_health *health)
{
	return silent_ms(health) < DEAD_AFTER_STALLS * health->stall_ms;
}

/* How many there are; the first of them, up to `max`, are filled in. */
static size_t find_stalls(struct voc_health *health, struct voc_stall *stalls, size_t max)
{
	size_t found = 0;
	int64_t now_ms = voc_clock_ms();
	pthread_mutex_lock(&health->lock);
	for (const struct kennel *kennel = health->kennels; kennel; kennel = kennel->next) {
		size_t told = found < max ? found : max;
		found += voc_watchdog_stalled(kennel->dog, now_ms, stalls + told, max - told);
	}
	pthread_mutex_unlock(&health->lock);
	return found;
}

size_t voc_health_stalled(struct voc_health *health)
{
	struct voc_stall none;
	return find_stalls(health, &none, 0);
}

bool voc_health_is_ready(struct voc_health *health, enum voc_unready *ret_reason)
{
	uint32_t conditions = atomic_load(&health->conditions);
	if (silent_ms(health) >= health->stall_ms || voc_health_stalled(health) > 0)
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

static void begin(struct voc_json_writer *json, struct voc_buf *buf, const char *status)
{
	voc_json_begin(json, buf);
	voc_json_object(json);
	voc_json_member_str(json, "status", voc_str_from(status));
}

static void end(struct voc_json_writer *json, struct voc_buf *buf)
{
	voc_json_member_str(json, "version", VOC_STR(VOC_VERSION));
	voc_json_object_end(json);
	voc_buf_add_char(buf, '\n');
}

bool voc_health_render_alive(struct voc_health *health, struct voc_buf *buf)
{
	struct voc_json_writer json;
	bool alive = voc_health_is_alive(health);
	begin(&json, buf, alive ? "alive" : "stuck");
	end(&json, buf);
	return alive;
}

static void render_told(struct voc_json_writer *json, struct voc_health *health)
{
	static const char *const names[VOC_TOLD_COUNT] = {
#define X(symbol, name) [symbol] = name,
		VOC_TOLD(X)
#undef X
	};
	pthread_mutex_lock(&health->lock);
	for (int i = 0; i < VOC_TOLD_COUNT; i++) {
		if (health->told[i][0] != '\0')
			voc_json_member_str(json, names[i], voc_str_from(health->told[i]));
	}
	pthread_mutex_unlock(&health->lock);
}

static void render_stalls(struct voc_json_writer *json, struct voc_health *health)
{
	struct voc_stall stalls[STALLS_TOLD];
	size_t count = find_stalls(health, stalls, STALLS_TOLD);
	if (count == 0)
		return;
	voc_json_member_i64(json, "stalled_partitions", (int64_t)count);
	voc_json_key(json, "stalled");
	voc_json_array(json);
	for (size_t i = 0; i < count && i < STALLS_TOLD; i++) {
		const struct voc_stall *stall = &stalls[i];
		voc_json_object(json);
		if (stall->watchdog[0] != '\0')
			voc_json_member_str(json, "endpoint", voc_str_from(stall->watchdog));
		voc_json_member_str(json, "topic", voc_str_from(stall->topic));
		voc_json_member_i64(json, "partition", stall->partition);
		voc_json_member_i64(json, "for_ms", stall->for_ms);
		voc_json_object_end(json);
	}
	voc_json_array_end(json);
}

bool voc_health_render_ready(struct voc_health *health, struct voc_buf *buf)
{
	struct voc_json_writer json;
	enum voc_unready reason;
	bool ready = voc_health_is_ready(health, &reason);
	begin(&json, buf, ready ? "ready" : "not ready");
	if (!ready)
		voc_json_member_str(&json, "reason", voc_str_from(voc_unready_name(reason)));
	if (!ready)
		render_stalls(&json, health);
	render_told(&json, health);
	end(&json, buf);
	return ready;
}
