#include "tests/tools/payload.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/pool.h"
#include "lib/crypto/digest.h"
#include "tests/tools/fragment.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { STEP = 256 << 10, HALF = 32 << 10, FILE_STREAM = 1u << 30 };

struct job {
	struct model *model;
	int dirfd;
};

void payload_eulas(struct model *m)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(FRAGMENT_MAX);

	for (size_t i = 0; i < m->eula_count; i++) {
		struct model_eula *e = &m->eulas[i];

		text.len = 0;
		fragment_eula_text(m, e, &text);
		e->size = (uint32_t)text.len;
		digest_sha1(text.bytes, text.len, e->sha1);
		digest_sha256(text.bytes, text.len, e->sha256);
	}
}

/* Random bytes; in a compressible file every second 32 KiB is a short text over and over. */
static void fill(struct random *r, unsigned char *bytes, size_t len, bool compressible)
{
	char line[64];

	random_fill(r, bytes, len);
	for (size_t at = HALF; compressible && at < len; at += 2u * HALF) {
		size_t end = at + HALF < len ? at + HALF : len;
		int n = snprintf(line, sizeof line, "component %016llx of the update;\r\n",
				 (unsigned long long)random_u64(r));

		for (size_t i = at; i < end; i++)
			bytes[i] = (unsigned char)line[(i - at) % (size_t)n];
	}
}

static int write_one(void *ctx, size_t i, unsigned worker, struct error *err)
{
	const struct job *job = ctx;
	struct model_file *f = &job->model->files[i];
	CLEANUP(digest_free) struct digest *sha1 = digest_new(DIGEST_KIND_SHA1);
	CLEANUP(digest_free) struct digest *sha256 = digest_new(DIGEST_KIND_SHA256);
	char temporary[32], name[MODEL_NAME_SIZE];
	struct random r;

	(void)worker;
	snprintf(temporary, sizeof temporary, ".payload-%zu", i);
	CLEANUP(file_close)
	int fd = openat(job->dirfd, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (fd < 0)
		return error_set_errno(err, ERROR_FILE_WRITE, "%s: cannot create", temporary);
	unsigned char *bytes = buf_malloc(STEP);
	int result = 0;

	random_init(&r, model_file_seed(&job->model->options, i), FILE_STREAM + i);
	for (uint64_t at = 0; at < f->size && result == 0; at += STEP) {
		size_t part = f->size - at < STEP ? (size_t)(f->size - at) : STEP;

		fill(&r, bytes, part, f->compressible);
		digest_update(sha1, bytes, part);
		digest_update(sha256, bytes, part);
		result = file_write_at(fd, temporary, bytes, part, at, err);
	}
	free(bytes);
	if (result < 0)
		return -1;
	digest_final(sha1, f->sha1);
	digest_final(sha256, f->sha256);
	model_url_name(job->model, i, name);
	if (renameat(job->dirfd, temporary, job->dirfd, name) < 0)
		return error_set_errno(err, ERROR_FILE_WRITE, "%s: cannot rename", name);
	return 0;
}

int payload_write(struct model *m, int dirfd, unsigned threads, struct error *err)
{
	struct job job = { m, dirfd };

	if (m->options.payloads == 0)
		return 0;
	return pool_each(&(struct pool_each){ .threads = threads,
					      .count = m->file_count,
					      .item = write_one,
					      .ctx = &job },
			 err);
}

int payload_spoil(const struct model *m, int dirfd, size_t file, struct error *err)
{
	char name[MODEL_NAME_SIZE];
	unsigned char byte;
	uint64_t middle = m->files[file].size / 2;

	model_url_name(m, file, name);
	CLEANUP(file_close) int fd = openat(dirfd, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0)
		return error_set_errno(err, ERROR_FILE_OPEN, "%s: cannot open", name);
	if (file_read_at(fd, name, &byte, 1, middle, err) < 0)
		return -1;
	byte ^= 0x55;
	return file_write_at(fd, name, &byte, 1, middle, err);
}

int payload_remove(const struct model *m, int dirfd, size_t file, struct error *err)
{
	char name[MODEL_NAME_SIZE];

	model_url_name(m, file, name);
	if (unlinkat(dirfd, name, 0) < 0)
		return error_set_errno(err, ERROR_FILE_WRITE, "%s: cannot remove", name);
	return 0;
}
