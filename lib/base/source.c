#include "lib/base/source.h"

#include "lib/base/error.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static ssize_t memory_read(struct source *base, void *buf, size_t len, struct error *err)
{
	struct source_memory *s = (struct source_memory *)base;
	size_t n = len < s->left ? len : s->left;

	(void)err; /* memory cannot fail */
	if (n > 0)
		memcpy(buf, s->bytes, n);
	s->bytes += n;
	s->left -= n;
	return (ssize_t)n;
}

void source_memory_init(struct source_memory *s, const void *bytes, size_t len)
{
	*s = (struct source_memory){ .base = { memory_read }, .bytes = bytes, .left = len };
}

static ssize_t fd_read(struct source *base, void *buf, size_t len, struct error *err)
{
	struct source_fd *s = (struct source_fd *)base;

	for (;;) {
		ssize_t n = read(s->fd, buf, len);

		if (n >= 0)
			return n;
		if (errno != EINTR)
			return error_set_errno(err, ERROR_FILE_READ, "%s: cannot read", s->name);
	}
}

void source_fd_init(struct source_fd *s, int fd, const char *name)
{
	*s = (struct source_fd){ .base = { fd_read }, .fd = fd, .name = name };
}
