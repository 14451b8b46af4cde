#include "io/service/process_stats.h"

#include "base/clock.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static int64_t read_cpu_us(void)
{
	struct timespec used;
	if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used) != 0)
		return 0;
	return (int64_t)used.tv_sec * 1000000 + used.tv_nsec / 1000;
}

/* The `index`th number, from 0, of the blank-separated text. */
static int64_t number_at(const char *text, int index)
{
	for (; index > 0 && text; index--) {
		text = strchr(text, ' ');
		text = text ? text + 1 : NULL;
	}
	return text ? strtoll(text, NULL, 10) : 0;
}

static int64_t read_number(const char *path, char after, int index)
{
	char line[1024] = "";
	FILE *file = fopen(path, "re");
	if (!file)
		return 0;
	char *got = fgets(line, sizeof line, file);
	fclose(file);
	const char *start = got && after ? strrchr(line, after) : got;
	return start ? number_at(start, index) : 0;
}

static int64_t count_fds(void)
{
	int64_t count = 0;
	DIR *dir = opendir("/proc/self/fd");
	if (!dir)
		return 0;
	while (readdir(dir))
		count++;
	closedir(dir);
	return count > 3 ? count - 3 : 0; /* ".", ".." and the directory's own */
}

/* proc(5): starttime, the 22nd field, is the 20th after the name's ")"; in clock ticks since the boot. */
static int64_t read_started_ms(void)
{
	struct timespec boot;
	int64_t ticks = read_number("/proc/self/stat", ')', 20);
	long ticks_per_s = sysconf(_SC_CLK_TCK);
	if (ticks == 0 || ticks_per_s <= 0 || clock_gettime(CLOCK_BOOTTIME, &boot) != 0)
		return 0;
	int64_t age_ms = (int64_t)boot.tv_sec * 1000 + boot.tv_nsec / 1000000 - ticks * 1000 / ticks_per_s;
	return voc_clock_wall_ms() - age_ms;
}

void voc_process_stats_read(struct voc_process_stats *ret_stats)
{
	*ret_stats = (struct voc_process_stats){
		.cpu_us = read_cpu_us(),
		.resident_bytes = read_number("/proc/self/statm", 0, 1) * sysconf(_SC_PAGESIZE),
		.open_fds = count_fds(),
		.started_ms = read_started_ms(),
	};
}
