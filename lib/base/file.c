#include "lib/base/file.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum { TREE_DEPTH = 8 };

void file_close(int fd)
{
	if (fd >= 0)
		close(fd);
}

int file_open_dir(const char *path, struct error *err)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return error_set_errno(err, ERROR_FILE_OPEN, "%s: cannot open directory", path);
	return fd;
}

int file_open_subdir(int dirfd, const char *name, bool create, struct error *err)
{
	if (create && mkdirat(dirfd, name, 0777) < 0 && errno != EEXIST)
		return error_set_errno(err, ERROR_FILE_WRITE, "%s: cannot create directory", name);
	int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0)
		return error_set_errno(err, ERROR_FILE_OPEN, "%s: cannot open directory", name);
	return fd;
}

int file_make_dirs(const char *path, struct error *err)
{
	char part[4096];
	size_t len = strlen(path);

	if (len == 0 || len >= sizeof part)
		return error_set(err, ERROR_FILE_WRITE, "path of %zu bytes", len);
	for (size_t i = 1; i <= len; i++) {
		if (path[i] != '/' && path[i] != '\0')
			continue;
		memcpy(part, path, i);
		part[i] = '\0';
		if (mkdir(part, 0777) < 0 && errno != EEXIST)
			return error_set_errno(err, ERROR_FILE_WRITE, "%s: cannot create directory",
					       part);
	}
	return 0;
}

int file_open_read(int dirfd, const char *name, int *fd, uint64_t *size, struct error *err)
{
	/* O_NONBLOCK: a named pipe put in place of a file must not make us wait. */
	CLEANUP(file_close)
	int f = openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat st;

	if (f < 0 && errno == ENOENT)
		return 0;
	if (f < 0 && errno == ELOOP)
		return error_set(err, ERROR_FILE_NAME, "%s: a link, not a regular file", name);
	if (f < 0)
		return error_set_errno(err, ERROR_FILE_READ, "%s: cannot open", name);
	if (fstat(f, &st) < 0)
		return error_set_errno(err, ERROR_FILE_READ, "%s: cannot examine", name);
	if (!S_ISREG(st.st_mode) || st.st_size < 0)
		return error_set(err, ERROR_FILE_NAME, "%s: not a regular file", name);
	*size = (uint64_t)st.st_size;
	*fd = f;
	f = -1;
	return 1;
}

static int require(int found, const char *name, struct error *err)
{
	if (found == 0)
		return error_set(err, ERROR_FILE_OPEN, "%s: not there", name);
	return found < 0 ? -1 : 0;
}

int file_open_present(int dirfd, const char *name, int *fd, uint64_t *size, struct error *err)
{
	return require(file_open_read(dirfd, name, fd, size, err), name, err);
}

int file_load(int dirfd, const char *name, size_t max, unsigned char **out, size_t *len,
	      struct error *err)
{
	CLEANUP(file_close) int fd = -1;
	uint64_t size = 0;
	int found = file_open_read(dirfd, name, &fd, &size, err);

	if (found <= 0)
		return found;
	if (size > max)
		return error_set(err, ERROR_LIMIT_BYTES, "%s: %llu bytes, more than %zu", name,
				 (unsigned long long)size, max);
	unsigned char *bytes = buf_malloc((size_t)size + 1);
	if (file_read_at(fd, name, bytes, (size_t)size, 0, err) < 0) {
		free(bytes);
		return -1;
	}
	bytes[size] = '\0';
	*out = bytes;
	*len = (size_t)size;
	return 1;
}

int file_load_present(int dirfd, const char *name, size_t max, unsigned char **out, size_t *len,
		      struct error *err)
{
	return require(file_load(dirfd, name, max, out, len, err), name, err);
}

int file_read_at(int fd, const char *name, void *buf, size_t len, uint64_t offset,
		 struct error *err)
{
	unsigned char *p = buf;

	while (len > 0) {
		ssize_t n = pread(fd, p, len, (off_t)offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_set_errno(err, ERROR_FILE_READ, "%s: cannot read at byte %llu",
					       name, (unsigned long long)offset);
		if (n == 0)
			return error_set(err, ERROR_FILE_READ, "%s: ends at byte %llu, too early",
					 name, (unsigned long long)offset);
		p += n;
		len -= (size_t)n;
		offset += (uint64_t)n;
	}
	return 0;
}

int file_write_at(int fd, const char *name, const void *buf, size_t len, uint64_t offset,
		  struct error *err)
{
	const unsigned char *p = buf;

	while (len > 0) {
		ssize_t n = pwrite(fd, p, len, (off_t)offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_set_errno(err, ERROR_FILE_WRITE,
					       "%s: cannot write at byte %llu", name,
					       (unsigned long long)offset);
		p += n;
		len -= (size_t)n;
		offset += (uint64_t)n;
	}
	return 0;
}

int file_sync(int fd, const char *name, struct error *err)
{
	if (fsync(fd) < 0)
		return error_set_errno(err, ERROR_FILE_WRITE, "%s: cannot flush", name);
	return 0;
}

int file_save(int dirfd, const char *name, const void *bytes, size_t len, mode_t mode,
	      struct error *err)
{
	char temporary[512];

	if ((size_t)snprintf(temporary, sizeof temporary, "%s.tmp", name) >= sizeof temporary)
		return error_set(err, ERROR_FILE_NAME, "name too long: %.100s", name);
	if (unlinkat(dirfd, temporary, 0) < 0 && errno != ENOENT)
		return error_set_errno(err, ERROR_FILE_WRITE, "%s: cannot remove", temporary);
	CLEANUP(file_close)
	int fd = openat(dirfd, temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
			mode);
	if (fd < 0)
		return error_set_errno(err, ERROR_FILE_WRITE, "%s: cannot create", name);
	if (file_write_at(fd, name, bytes, len, 0, err) < 0 || file_sync(fd, name, err) < 0) {
		(void)unlinkat(dirfd, temporary, 0); /* the first failure is the one to report */
		return -1;
	}
	if (renameat(dirfd, temporary, dirfd, name) < 0) {
		error_set_errno(err, ERROR_FILE_WRITE, "%s: cannot rename into place", name);
		(void)unlinkat(dirfd, temporary, 0); /* as above */
		return -1;
	}
	if (dirfd == AT_FDCWD)
		return 0;
	return file_sync(dirfd, name, err);
}

int file_free_space(int dirfd, uint64_t *bytes, struct error *err)
{
	struct statvfs vfs;

	if (fstatvfs(dirfd, &vfs) < 0)
		return error_set_errno(err, ERROR_FILE_WRITE, "cannot ask for free space");
	if (__builtin_mul_overflow((uint64_t)vfs.f_bavail, (uint64_t)vfs.f_frsize, bytes))
		*bytes = UINT64_MAX;
	return 0;
}

static void close_dir(DIR *d)
{
	if (d)
		closedir(d);
}
DEFINE_CLEANUP(DIR *, close_dir);

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int file_list_load(int dirfd, size_t max, struct file_list *out, struct error *err)
{
	int copy = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CLEANUP(close_dir) DIR *d = copy < 0 ? NULL : fdopendir(copy);
	CLEANUP(file_list_clear) struct file_list list = { 0 };
	size_t capacity = 0;

	if (!d) {
		error_set_errno(err, ERROR_FILE_OPEN, "cannot list directory");
		file_close(copy);
		return -1;
	}
	for (;;) {
		errno = 0;
		const struct dirent *e = readdir(d);

		if (!e && errno)
			return error_set_errno(err, ERROR_FILE_READ, "cannot list directory");
		if (!e)
			break;
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		if (list.count == max)
			return error_set(err, ERROR_LIMIT_BYTES, "more than %zu directory entries",
					 max);
		list.names = buf_grow(list.names, &capacity, list.count, sizeof *list.names);
		list.names[list.count++] = buf_strdup(e->d_name);
	}
	if (list.count > 0)
		qsort(list.names, list.count, sizeof *list.names, compare_names);
	*out = list;
	list = (struct file_list){ 0 };
	return 0;
}

void file_list_clear(struct file_list *l)
{
	for (size_t i = 0; i < l->count; i++)
		free(l->names[i]);
	free(l->names);
	*l = (struct file_list){ 0 };
}

static int remove_tree(int dirfd, const char *name, unsigned depth, struct error *err)
{
	if (unlinkat(dirfd, name, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return error_set_errno(err, ERROR_FILE_WRITE, "%s: cannot remove", name);
	if (depth == TREE_DEPTH)
		return error_set(err, ERROR_FILE_WRITE, "%s: directories nested too deep", name);

	CLEANUP(file_close) int fd = file_open_subdir(dirfd, name, false, err);
	CLEANUP(file_list_clear) struct file_list list = { 0 };
	if (fd < 0 || file_list_load(fd, 10000000, &list, err) < 0)
		return -1;
	for (size_t i = 0; i < list.count; i++)
		if (remove_tree(fd, list.names[i], depth + 1, err) < 0)
			return error_wrap(err, "%s", name);
	if (unlinkat(dirfd, name, AT_REMOVEDIR) < 0)
		return error_set_errno(err, ERROR_FILE_WRITE, "%s: cannot remove", name);
	return 0;
}

int file_remove_tree(int dirfd, const char *name, struct error *err)
{
	return remove_tree(dirfd, name, 0, err);
}
