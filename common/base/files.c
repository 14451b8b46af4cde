#include "base/files.h"

#include "base/hash.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIECE_BYTES 65536

static enum voc_status refuse(struct voc_error *error, const char *path, const char *why)
{
	return voc_error_set(error, VOC_FATAL, VOC_REASON_CONFIG, -1, "%.120s: %s", path, why);
}

static enum voc_status read_fd(int fd, const char *path, struct voc_buf *bytes, struct voc_error *error)
{
	struct stat status;
	if (fstat(fd, &status) != 0)
		return refuse(error, path, strerror(errno));
	if (!S_ISREG(status.st_mode))
		return refuse(error, path, "not a regular file");
	for (;;) {
		size_t room = bytes->max - bytes->len;
		/* A byte more than there is room for shows that the file is too large. */
		size_t piece = room < PIECE_BYTES ? room + 1 : PIECE_BYTES;
		char held[PIECE_BYTES];
		ssize_t count = read(fd, held, piece);
		if (count < 0 && errno != EINTR)
			return refuse(error, path, strerror(errno));
		if (count == 0)
			return VOC_OK;
		if (count <= 0 || voc_buf_add(bytes, held, (size_t)count))
			continue;
		if (bytes->out_of_memory)
			return voc_error_set(error, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1, "%.120s: no memory", path);
		return refuse(error, path, "the file is larger than it may be");
	}
}

enum voc_status voc_file_read(const char *path, struct voc_buf *ret_bytes, struct voc_error *error)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return refuse(error, path, strerror(errno));
	voc_buf_clear(ret_bytes);
	enum voc_status status = read_fd(fd, path, ret_bytes, error);
	close(fd);
	return status;
}

static bool is_wanted(const char *name, const char *suffix)
{
	size_t len = strlen(name), end = strlen(suffix);
	return name[0] != '.' && len > end && len < VOC_FILE_NAME_SIZE && strcmp(name + len - end, suffix) == 0;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(a, b);
}

enum voc_status voc_file_names_list(const char *folder, const char *suffix, size_t most,
                                    struct voc_file_names *ret_names, struct voc_error *error)
{
	DIR *dir = opendir(folder);
	if (!dir)
		return refuse(error, folder, strerror(errno));
	struct voc_file_names names = { .at = calloc(most + 1, sizeof *names.at) };
	enum voc_status status = VOC_OK;
	if (!names.at)
		status = voc_error_set(error, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1, "no memory for a list of files");
	errno = 0; /* the only way to tell the end of the list from a failure */
	for (struct dirent *entry; status == VOC_OK && (entry = readdir(dir)) != NULL;) {
		if (!is_wanted(entry->d_name, suffix))
			continue;
		if (names.count == most)
			status = voc_error_set(error, VOC_FATAL, VOC_REASON_CONFIG, -1, "%.120s: more than %zu files",
			                       folder, most);
		else
			memcpy(names.at[names.count++], entry->d_name, strlen(entry->d_name) + 1);
	}
	if (status == VOC_OK && errno != 0)
		status = refuse(error, folder, strerror(errno));
	closedir(dir);
	if (status != VOC_OK) {
		voc_file_names_free(&names);
		return status;
	}
	qsort(names.at, names.count, sizeof *names.at, compare_names);
	*ret_names = names;
	return VOC_OK;
}

void voc_file_names_free(struct voc_file_names *names)
{
	free(names->at);
	*names = (struct voc_file_names){ 0 };
}

uint64_t voc_file_stamp(const char *path)
{
	struct stat status;
	if (stat(path, &status) != 0)
		return 0;
	/* The time of change as well: a file that is copied here may keep an old time of modification. */
	const int64_t told[] = {
		(int64_t)status.st_dev,          (int64_t)status.st_ino,          (int64_t)status.st_size,
		(int64_t)status.st_mtim.tv_sec,  (int64_t)status.st_mtim.tv_nsec, (int64_t)status.st_ctim.tv_sec,
		(int64_t)status.st_ctim.tv_nsec,
	};
	uint64_t stamp = voc_hash64(voc_str_of((const char *)told, sizeof told));
	return stamp ? stamp : 1;
}
