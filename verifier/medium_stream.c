#include "verifier/medium_stream.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/cli/progress.h"
#include "media/object_table.h"
#include "media/ustar.h"
#include "media/volume.h"
#include "verifier/medium_copy.h"
#include "verifier/verify.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The largest segment that ustar can hold. */
static const uint64_t SEGMENT_BYTES = USTAR_SIZE_MAX / VOLUME_CHUNK * VOLUME_CHUNK;

struct out {
	int fd;
	const char *name;
	unsigned char *record;
	size_t size, used;
	struct progress *progress;
};

static int flush(struct out *o, struct error *err)
{
	for (size_t at = 0; at < o->size;) {
		ssize_t n = write(o->fd, o->record + at, o->size - at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return error_set_errno(err, ERROR_FILE_WRITE, "%s: cannot write", o->name);
		at += (size_t)n;
	}
	o->used = 0;
	return progress_add(o->progress, o->size) ? error_set(err, ERROR_STOPPED, "stopped") : 0;
}

static int put(struct out *o, const unsigned char *bytes, size_t len, struct error *err)
{
	while (len > 0) {
		size_t n = o->size - o->used < len ? o->size - o->used : len;

		memcpy(o->record + o->used, bytes, n);
		o->used += n;
		bytes += n;
		len -= n;
		if (o->used == o->size && flush(o, err) < 0)
			return -1;
	}
	return 0;
}

static int put_zeros(struct out *o, size_t len, struct error *err)
{
	static const unsigned char zeros[USTAR_TRAILER];

	return put(o, zeros, len, err);
}

static int put_header(struct out *o, const char *name, uint64_t size, struct error *err)
{
	unsigned char header[USTAR_BLOCK];

	if (strlen(name) > USTAR_NAME_MAX || size > USTAR_SIZE_MAX)
		return error_set(err, ERROR_STREAM_FORMAT, "%s: name or size too long for a stream",
				 name);
	ustar_header(name, size, header);
	return put(o, header, sizeof header, err);
}

static int put_file(struct out *o, const struct verified_bundle *b, const struct medium_file *f,
		    struct error *err)
{
	CLEANUP(free) unsigned char *buffer = buf_malloc(VOLUME_CHUNK);
	CLEANUP(file_close) int fd = -1;
	uint64_t size = f->size;

	if (medium_copy_open(b, f, &fd, err) < 0)
		return -1;
	if (put_header(o, f->name, size, err) < 0)
		return -1;
	for (uint64_t at = 0; at < size;) {
		size_t n = size - at < VOLUME_CHUNK ? (size_t)(size - at) : VOLUME_CHUNK;

		if (file_read_at(fd, f->name, buffer, n, at, err) < 0 || put(o, buffer, n, err) < 0)
			return -1;
		at += n;
	}
	return put_zeros(o, ustar_padding(size), err);
}

static int put_piece(struct out *o, const struct verified_bundle *b,
		     const struct medium_piece *piece, struct error *err)
{
	CLEANUP(free) unsigned char *buffer = buf_malloc(VOLUME_CHUNK);
	char name[MEDIUM_COPY_NAME];
	size_t len;

	medium_copy_name(b, piece, name);
	if (put_header(o, name, piece->bytes, err) < 0)
		return -1;
	for (uint64_t i = 0; i < volume_chunks(piece->bytes); i++)
		if (verify_read_chunk(b, piece->volume, (size_t)(piece->chunk + i), buffer, &len,
				      err) < 0 ||
		    put(o, buffer, len, err) < 0)
			return -1;
	return put_zeros(o, ustar_padding(piece->bytes), err);
}

static int put_volume(struct out *o, const struct verified_bundle *b, uint32_t volume,
		      struct error *err)
{
	uint64_t size = object_table_volume_size(verify_objects(b), volume);
	struct medium_piece piece = { .volume = volume, .bytes = size };

	if (size <= USTAR_SIZE_MAX)
		return put_piece(o, b, &piece, err);
	for (uint64_t at = 0; at < size; at += piece.bytes) {
		piece.chunk = at / VOLUME_CHUNK;
		piece.bytes = size - at < SEGMENT_BYTES ? size - at : SEGMENT_BYTES;
		if (put_piece(o, b, &piece, err) < 0)
			return -1;
	}
	return 0;
}

static int put_small(struct out *o, const struct verified_bundle *b, const struct medium_files *f,
		     struct error *err)
{
	for (size_t i = 0; i < f->small_count; i++)
		if (put_file(o, b, &f->small[i], err) < 0)
			return -1;
	return 0;
}

static int put_helpers(struct out *o, const struct verified_bundle *b, const struct medium_files *f,
		       size_t *left, struct error *err)
{
	for (size_t i = 0; i < f->helper_count; i++)
		if (f->helpers[i].size > USTAR_SIZE_MAX)
			(*left)++;
		else if (put_file(o, b, &f->helpers[i], err) < 0)
			return -1;
	return 0;
}

/* The last record is full, as all are: a device may take nothing else. */
static int finish(struct out *o, struct error *err)
{
	if (put_zeros(o, USTAR_TRAILER, err) < 0)
		return -1;
	if (o->used > 0) {
		memset(o->record + o->used, 0, o->size - o->used);
		if (flush(o, err) < 0)
			return -1;
	}
	/* Pipes and tapes have nothing to flush. */
	if (fsync(o->fd) < 0 && errno != EINVAL && errno != EROFS && errno != ENOTSUP)
		return error_set_errno(err, ERROR_FILE_WRITE, "%s: cannot flush", o->name);
	return 0;
}

int medium_stream_write(struct verified_bundle *b, int fd, const char *name, size_t record,
			struct progress *progress, size_t *left, struct error *err)
{
	CLEANUP(medium_copy_clear) struct medium_files files = { 0 };
	CLEANUP(free) unsigned char *bytes = buf_malloc(record);
	struct out o = { fd, name, bytes, record, 0, progress };

	*left = 0;
	if (verify_volumes(b, err) < 0 || medium_copy_list(b, &files, err) < 0 ||
	    put_small(&o, b, &files, err) < 0)
		return -1;
	for (uint32_t v = 1; v <= object_table_volumes(verify_objects(b)); v++)
		if (put_volume(&o, b, v, err) < 0)
			return -1;
	if (put_helpers(&o, b, &files, left, err) < 0 || put_small(&o, b, &files, err) < 0)
		return -1;
	return finish(&o, err);
}
