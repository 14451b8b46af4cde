#include "io/service/watchdog.h"

#include <pthread.h>
#include <stdlib.h>

struct place {
	char topic[VOC_TOPIC_NAME_SIZE];
	int32_t partition;
	int64_t done;
	bool waiting;
	int64_t since_ms; /* when something got done last, or records began to wait */
};

struct voc_watchdog {
	int64_t stall_ms;
	pthread_mutex_t lock; /* of what follows */
	struct place *places;
	size_t count;
	char name[];
};

struct voc_watchdog *voc_watchdog_new(const char *name, int64_t stall_ms)
{
	size_t size = strlen(name) + 1;
	struct voc_watchdog *dog = calloc(1, sizeof *dog + size);
	if (!dog)
		return NULL;
	dog->stall_ms = stall_ms;
	memcpy(dog->name, name, size);
	pthread_mutex_init(&dog->lock, NULL);
	return dog;
}

void voc_watchdog_free(struct voc_watchdog *dog)
{
	if (!dog)
		return;
	pthread_mutex_destroy(&dog->lock);
	free(dog->places);
	free(dog);
}

/* What was known of this partition, or NULL. It mostly stands where it stood. */
static const struct place *find(const struct voc_watchdog *dog, const struct voc_watch *watch, size_t likely)
{
	for (size_t i = 0; i < dog->count; i++) {
		const struct place *place = &dog->places[(likely + i) % dog->count];
		if (place->partition == watch->partition && strcmp(place->topic, watch->topic) == 0)
			return place;
	}
	return NULL;
}

static void update(struct place *place, const struct place *before, const struct voc_watch *watch, int64_t now_ms)
{
	bool still = before && before->waiting && watch->waiting && before->done == watch->done;
	*place = (struct place){ .partition = watch->partition,
		                 .done = watch->done,
		                 .waiting = watch->waiting,
		                 .since_ms = still ? before->since_ms : now_ms };
	voc_str_copy(place->topic, sizeof place->topic, voc_str_from(watch->topic));
}

bool voc_watchdog_look(struct voc_watchdog *dog, const struct voc_watch *watches, size_t count, int64_t now_ms)
{
	struct place *places = calloc(count + 1, sizeof *places);
	pthread_mutex_lock(&dog->lock);
	for (size_t i = 0; places && i < count; i++)
		update(&places[i], find(dog, &watches[i], i), &watches[i], now_ms);
	free(dog->places);
	dog->places = places;
	dog->count = places ? count : 0;
	pthread_mutex_unlock(&dog->lock);
	return places != NULL;
}

size_t voc_watchdog_stalled(struct voc_watchdog *dog, int64_t now_ms, struct voc_stall *stalls, size_t max)
{
	size_t found = 0;
	pthread_mutex_lock(&dog->lock);
	for (size_t i = 0; i < dog->count; i++) {
		const struct place *place = &dog->places[i];
		int64_t for_ms = now_ms - place->since_ms;
		if (!place->waiting || for_ms < dog->stall_ms)
			continue;
		if (found < max) {
			stalls[found] = (struct voc_stall){ dog->name, "", place->partition, for_ms };
			memcpy(stalls[found].topic, place->topic, sizeof place->topic);
		}
		found++;
	}
	pthread_mutex_unlock(&dog->lock);
	return found;
}
