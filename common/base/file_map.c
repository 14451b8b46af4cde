#include "base/file_map.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static enum voc_status refuse(struct voc_error *error, const char *path, const char *why)
{
	return voc_error_set(error, VOC_FATAL, VOC_REASON_CONFIG, -1, "%.120s: %s", path, why);
}

static enum voc_status map_fd(int fd, const char *path, size_t max_bytes, struct voc_file_map *ret_map,
                              struct voc_error *error)
{
	struct stat status;
	if (fstat(fd, &status) != 0)
		return refuse(error, path, strerror(errno));
	if (!S_ISREG(status.st_mode))
		return refuse(error, path, "not a regular file");
	if (status.st_size <= 0)
		return refuse(error, path, "the file is empty");
	if ((uint64_t)status.st_size > max_bytes)
		return refuse(error, path, "the file is larger than it may be");
	size_t len = (size_t)status.st_size;
	void *start = mmap(NULL, len, PROT_READ, MAP_PRIVATE, fd, 0);
	if (start == MAP_FAILED)
		return refuse(error, path, strerror(errno));
	ret_map->bytes = voc_str_of(start, len);
	return VOC_OK;
}

enum voc_status voc_file_map_open(const char *path, size_t max_bytes, struct voc_file_map *ret_map,
                                  struct voc_error *error)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return refuse(error, path, strerror(errno));
	enum voc_status status = map_fd(fd, path, max_bytes, ret_map, error);
	close(fd);
	return status;
}

void voc_file_map_close(struct voc_file_map *map)
{
	if (map->bytes.ptr)
		munmap((void *)(uintptr_t)map->bytes.ptr, map->bytes.len);
	map->bytes = voc_str_of(NULL, 0);
}
