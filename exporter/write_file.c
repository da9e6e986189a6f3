#include "exporter/write_file.h"

#include "lib/base/error.h"
#include "lib/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

int write_file_create(struct write_file *f, int dir, uint32_t volume, struct error *err)
{
	volume_name(volume, f->name);
	f->direct = -1;
	f->fd = openat(dir, f->name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (f->fd < 0)
		return error_set_errno(err, ERROR_FILE_WRITE, "%s: cannot create", f->name);
	f->direct = openat(dir, f->name, O_WRONLY | O_DIRECT | O_CLOEXEC | O_NOFOLLOW);
	return 0;
}

static void give_up_direct(struct write_file *f)
{
	file_close(f->direct);
	f->direct = -1;
}

/* As many whole blocks as go past the page cache; the caller writes the rest. */
static size_t append_direct(struct write_file *f, const unsigned char *bytes, size_t len,
			    uint64_t at)
{
	size_t done = 0, whole = len - len % WRITE_FILE_ALIGN;

	while (f->direct >= 0 && done < whole) {
		ssize_t n = pwrite(f->direct, bytes + done, whole - done, (off_t)(at + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n > 0)
			done += (size_t)n;
		/* A failure is met again, and reported, by the plain write that follows. */
		if (n <= 0 || done % WRITE_FILE_ALIGN != 0)
			give_up_direct(f);
	}
	return done;
}

int write_file_append(struct write_file *f, const unsigned char *bytes, size_t len, uint64_t at,
		      struct error *err)
{
	size_t done = append_direct(f, bytes, len, at);

	if (done == len)
		return 0;
	if (file_write_at(f->fd, f->name, bytes + done, len - done, at + done, err) < 0)
		return -1;
	/* The flush at the end then has less to do. */
	(void)!sync_file_range(f->fd, (off_t)(at + done), (off_t)(len - done),
			       SYNC_FILE_RANGE_WRITE);
	return 0;
}

int write_file_end(struct write_file *f, struct error *err)
{
	if (file_sync(f->fd, f->name, err) < 0)
		return -1;
	write_file_close(f);
	return 0;
}

void write_file_close(struct write_file *f)
{
	file_close(f->fd);
	file_close(f->direct);
	f->fd = f->direct = -1;
}
