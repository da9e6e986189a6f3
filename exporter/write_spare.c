#include "exporter/write_spare.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/pool.h"
#include "lib/cli/progress.h"
#include "lib/crypto/digest.h"
#include "media/chunk_table.h"
#include "media/object_table.h"
#include "media/parity.h"
#include "media/parity_code.h"
#include "media/volume.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* One group of volumes, [first, first + count), column by column. */
struct group {
	const struct write_spare_request *request;
	struct parity_code *code;
	uint32_t first, count;
	uint64_t size; /* of the longest volume */
	int volumes[PARITY_SPARE_GROUP], fds[PARITY_SPARES];
	uint64_t *sums[PARITY_SPARES];
	unsigned char **buffers; /* per worker: one chunk to read, PARITY_SPARES to write */
};

static void group_clear(struct group *g)
{
	for (uint32_t i = 0; i < PARITY_SPARE_GROUP; i++)
		file_close(g->volumes[i]);
	for (unsigned r = 0; r < PARITY_SPARES; r++) {
		file_close(g->fds[r]);
		free(g->sums[r]);
	}
	for (unsigned i = 0; i < g->request->threads; i++)
		free(g->buffers[i]);
	free(g->buffers);
	parity_code_free(g->code);
}
DEFINE_CLEANUP_IN_PLACE(struct group, group_clear);

static uint64_t longest(const struct object_table *t, uint32_t first, uint32_t count)
{
	uint64_t size = 0;

	for (uint32_t v = first; v < first + count; v++)
		if (object_table_volume_size(t, v) > size)
			size = object_table_volume_size(t, v);
	return size;
}

static uint32_t group_count(const struct object_table *t, uint32_t first)
{
	uint32_t left = object_table_volumes(t) - first + 1;

	return left < PARITY_SPARE_GROUP ? left : PARITY_SPARE_GROUP;
}

static void name_of(const struct group *g, unsigned row, char out[PARITY_NAME_SIZE])
{
	parity_spare_name(parity_spare_number(g->first, row), out);
}

static int open_volumes(struct group *g, struct error *err)
{
	for (uint32_t i = 0; i < g->count; i++) {
		char name[VOLUME_NAME_SIZE];
		uint64_t size;

		volume_name(g->first + i, name);
		if (file_open_read(g->request->dir, name, &g->volumes[i], &size, err) < 0)
			return -1;
	}
	return 0;
}

static int create(struct group *g, struct error *err)
{
	const struct write_spare_request *q = g->request;

	for (unsigned r = 0; r < q->spares; r++) {
		char name[PARITY_NAME_SIZE];

		name_of(g, r, name);
		g->sums[r] = buf_calloc((size_t)volume_chunks(g->size), sizeof **g->sums);
		g->fds[r] = openat(q->dir, name,
				   O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
		if (g->fds[r] < 0)
			return error_set_errno(err, ERROR_FILE_WRITE, "%s: cannot create", name);
		if (ftruncate(g->fds[r], (off_t)parity_spare_bytes(g->size)) < 0)
			return error_set_errno(err, ERROR_FILE_WRITE, "%s: cannot reserve room",
					       name);
	}
	return 0;
}

static int write_column(const struct group *g, size_t column, unsigned char *const *rows,
			struct error *err)
{
	uint64_t at = (uint64_t)column * VOLUME_CHUNK, left = g->size - at;
	size_t len = left < VOLUME_CHUNK ? (size_t)left : VOLUME_CHUNK;

	for (unsigned r = 0; r < g->request->spares; r++) {
		char name[PARITY_NAME_SIZE];

		name_of(g, r, name);
		g->sums[r][column] = parity_code_sum(rows[r], len);
		if (file_write_at(g->fds[r], name, rows[r], len, parity_spare_header(g->size) + at,
				  err) < 0)
			return -1;
	}
	return 0;
}

static int run_column(void *ctx, size_t column, unsigned worker, struct error *err)
{
	struct group *g = ctx;
	const struct write_spare_request *q = g->request;
	uint64_t at = (uint64_t)column * VOLUME_CHUNK;
	unsigned char *buffer = g->buffers[worker], *rows[PARITY_SPARES];

	for (unsigned r = 0; r < PARITY_SPARES; r++)
		rows[r] = buffer + (size_t)(r + 1) * VOLUME_CHUNK;
	memset(rows[0], 0, (size_t)q->spares * VOLUME_CHUNK);
	for (uint32_t i = 0; i < g->count; i++) {
		uint64_t size = object_table_volume_size(q->objects, g->first + i);
		struct parity_code_slice slice = { i, buffer };
		char name[VOLUME_NAME_SIZE];

		if (at >= size)
			continue;
		size_t len = size - at < VOLUME_CHUNK ? (size_t)(size - at) : VOLUME_CHUNK;
		volume_name(g->first + i, name);
		if (file_read_at(g->volumes[i], name, buffer, len, at, err) < 0)
			return -1;
		memset(buffer + len, 0, VOLUME_CHUNK - len);
		parity_code_fold(g->code, &slice, 1, VOLUME_CHUNK, rows);
		q->progress->done += len;
	}
	return write_column(g, column, rows, err);
}

static void hash_chunks(const struct group *g, unsigned char out[DIGEST_SHA256])
{
	const struct chunk_table *t = g->request->chunks;
	CLEANUP(digest_free) struct digest *d = digest_new(DIGEST_KIND_SHA256);

	for (uint32_t v = g->first; v < g->first + g->count; v++)
		for (size_t c = 0; c < chunk_table_count(t, v); c++)
			digest_update(d, chunk_table_digest(t, v, c), DIGEST_SHA256);
	digest_final(d, out);
}

static int finish(const struct group *g, struct error *err)
{
	struct parity_id id = { .spare = true, .volumes = g->count, .size = g->size };
	size_t len = (size_t)parity_spare_header(g->size);
	CLEANUP(free) unsigned char *header = buf_malloc(len);

	hash_chunks(g, id.chunks);
	for (unsigned r = 0; r < g->request->spares; r++) {
		char name[PARITY_NAME_SIZE];

		name_of(g, r, name);
		id.number = parity_spare_number(g->first, r);
		parity_header_write(&id, g->sums[r], header);
		if (file_write_at(g->fds[r], name, header, len, 0, err) < 0 ||
		    file_write_at(g->fds[r], name, header, len, len + g->size, err) < 0 ||
		    file_sync(g->fds[r], name, err) < 0)
			return -1;
	}
	return 0;
}

static int tick(void *ctx)
{
	struct group *g = ctx;

	return progress_tick(g->request->progress);
}

static int make_group(const struct write_spare_request *q, uint32_t first, struct error *err)
{
	static const unsigned rows[PARITY_SPARES] = { 0, 1, 2, 3 };
	CLEANUP(group_clear)
	struct group g = { .request = q, .first = first, .fds = { -1, -1, -1, -1 } };

	for (uint32_t i = 0; i < PARITY_SPARE_GROUP; i++)
		g.volumes[i] = -1;
	g.code = parity_code_new(PARITY_SPARE_GROUP, rows, q->spares);
	g.count = group_count(q->objects, first);
	g.size = longest(q->objects, first, g.count);
	g.buffers = buf_calloc(q->threads, sizeof *g.buffers);
	for (unsigned i = 0; i < q->threads; i++)
		g.buffers[i] = buf_malloc((size_t)(PARITY_SPARES + 1) * VOLUME_CHUNK);
	if (open_volumes(&g, err) < 0 || create(&g, err) < 0 ||
	    pool_each(&(struct pool_each){ .threads = q->threads,
					   .count = (size_t)volume_chunks(g.size),
					   .item = run_column,
					   .tick = tick,
					   .ctx = &g },
		      err) < 0)
		return -1;
	return finish(&g, err);
}

int write_spare(const struct write_spare_request *request, struct error *err)
{
	uint32_t volumes = object_table_volumes(request->objects);

	for (uint32_t v = 1; v <= volumes && request->spares > 0; v += PARITY_SPARE_GROUP)
		if (make_group(request, v, err) < 0)
			return -1;
	return 0;
}

uint64_t write_spare_bytes(const struct object_table *objects, unsigned spares)
{
	uint32_t volumes = object_table_volumes(objects);
	uint64_t bytes = 0;

	for (uint32_t v = 1; v <= volumes; v += PARITY_SPARE_GROUP)
		bytes += spares * parity_spare_bytes(longest(objects, v, group_count(objects, v)));
	return bytes;
}
