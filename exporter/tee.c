#include "exporter/tee.h"

#include "lib/base/error.h"
#include "lib/cli/progress.h"
#include "lib/crypto/authenticode.h"
#include "lib/store/content.h"

static ssize_t tee_read(struct source *base, void *buf, size_t len, struct error *err)
{
	struct tee *t = (struct tee *)base;
	ssize_t n = t->file.base.read(&t->file.base, buf, len, err);

	if (n <= 0)
		return n;
	t->size += (size_t)n;
	if (content_write(t->copy, buf, (size_t)n, err) < 0)
		return -1;
	authenticode_feed(t->signature, buf, (size_t)n);
	if (progress_add(t->progress, (uint64_t)n))
		return error_set(err, ERROR_STOPPED, "%s: stopped on request", t->file.name);
	return n;
}

void tee_init(struct tee *t, int fd, const char *label, struct content_writer *copy,
	      struct authenticode *signature, struct progress *progress)
{
	*t = (struct tee){
		.base = { tee_read }, .copy = copy, .signature = signature, .progress = progress
	};
	source_fd_init(&t->file, fd, label);
}
