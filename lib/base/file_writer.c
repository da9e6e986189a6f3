#include "lib/base/file_writer.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BUFFER = 1 << 20, NAME_MAX_LEN = 500, TEMPORARY_SIZE = NAME_MAX_LEN + 8 };

struct file_writer {
	int dirfd, fd; /* dirfd is borrowed */
	char name[NAME_MAX_LEN + 1], temporary[TEMPORARY_SIZE];
	uint64_t written; /* to the file */
	size_t held;      /* in buffer */
	unsigned char buffer[BUFFER];
};

struct file_writer *file_writer_begin(int dirfd, const char *name, mode_t mode, struct error *err)
{
	if (strlen(name) > NAME_MAX_LEN) {
		error_set(err, ERROR_FILE_NAME, "name too long: %.100s", name);
		return NULL;
	}
	struct file_writer *w = buf_malloc(sizeof *w);

	w->dirfd = dirfd;
	w->written = 0;
	w->held = 0;
	snprintf(w->name, sizeof w->name, "%s", name);
	snprintf(w->temporary, sizeof w->temporary, "%s.tmp", w->name);
	if (unlinkat(dirfd, w->temporary, 0) < 0 && errno != ENOENT) {
		error_set_errno(err, ERROR_FILE_WRITE, "%s: cannot remove", w->temporary);
		free(w);
		return NULL;
	}
	w->fd = openat(dirfd, w->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
		       mode);
	if (w->fd < 0) {
		error_set_errno(err, ERROR_FILE_WRITE, "%s: cannot create", name);
		free(w);
		return NULL;
	}
	return w;
}

static int flush(struct file_writer *w, struct error *err)
{
	if (file_write_at(w->fd, w->name, w->buffer, w->held, w->written, err) < 0)
		return -1;
	w->written += w->held;
	w->held = 0;
	return 0;
}

int file_writer_append(struct file_writer *w, const void *bytes, size_t len, struct error *err)
{
	const unsigned char *at = bytes;

	while (len > 0) {
		size_t n = sizeof w->buffer - w->held;

		if (n > len)
			n = len;
		memcpy(w->buffer + w->held, at, n);
		w->held += n;
		at += n;
		len -= n;
		if (w->held == sizeof w->buffer && flush(w, err) < 0)
			return -1;
	}
	return 0;
}

uint64_t file_writer_size(const struct file_writer *w)
{
	return w->written + w->held;
}

int file_writer_commit(struct file_writer *w, struct error *err)
{
	CLEANUP(file_writer_abandon) struct file_writer *mine = w;

	if (flush(w, err) < 0 || file_sync(w->fd, w->name, err) < 0)
		return -1;
	if (renameat(w->dirfd, w->temporary, w->dirfd, w->name) < 0)
		return error_set_errno(err, ERROR_FILE_WRITE, "%s: cannot rename into place",
				       w->name);
	mine->temporary[0] = '\0';
	return w->dirfd == AT_FDCWD ? 0 : file_sync(w->dirfd, w->name, err);
}

void file_writer_abandon(struct file_writer *w)
{
	if (!w)
		return;
	file_close(w->fd);
	if (w->temporary[0])
		(void)unlinkat(w->dirfd, w->temporary, 0); /* garbage either way */
	free(w);
}
