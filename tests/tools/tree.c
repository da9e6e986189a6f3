#include "tests/tools/tree.h"

#include "lib/base/error.h"
#include "lib/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { PATH_BYTES = 512 };

static int make_parents(int dirfd, const char *path, struct error *err)
{
	char part[PATH_BYTES];

	if (snprintf(part, sizeof part, "%s", path) >= (int)sizeof part)
		return error_set(err, ERROR_FILE_WRITE, "%s: path too long", path);
	for (char *c = strchr(part, '/'); c; c = strchr(c + 1, '/')) {
		*c = '\0';
		if (mkdirat(dirfd, part, 0777) < 0 && errno != EEXIST)
			return error_set_errno(err, ERROR_FILE_WRITE, "%s: cannot create", part);
		*c = '/';
	}
	return 0;
}

int tree_create(int dirfd, const char *path, struct error *err)
{
	enum { FLAGS = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW };
	int fd = openat(dirfd, path, FLAGS, 0666);

	if (fd < 0 && errno == ENOENT) {
		if (make_parents(dirfd, path, err) < 0)
			return -1;
		fd = openat(dirfd, path, FLAGS, 0666);
	}
	if (fd < 0)
		return error_set_errno(err, ERROR_FILE_WRITE, "%s: cannot create", path);
	return fd;
}

int tree_write(int dirfd, const char *path, const void *bytes, size_t len, struct error *err)
{
	CLEANUP(file_close) int fd = tree_create(dirfd, path, err);

	if (fd < 0)
		return -1;
	return file_write_at(fd, path, bytes, len, 0, err);
}
