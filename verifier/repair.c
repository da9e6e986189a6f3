#include "verifier/repair.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/pool.h"
#include "lib/base/str.h"
#include "lib/crypto/digest.h"
#include "media/chunk_table.h"
#include "media/object_table.h"
#include "verifier/repair_internal.h"
#include "verifier/stream.h"
#include "verifier/verify.h"
#include "verifier/volumes.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- life ---- */

struct repair *repair_open(const struct repair_options *options)
{
	struct repair *r = buf_calloc(1, sizeof *r);

	r->options = *options;
	r->threads = options->threads ? options->threads : pool_default_threads();
	r->volume_count = object_table_volumes(verify_objects(options->bundle));
	r->volumes = buf_calloc(r->volume_count, sizeof *r->volumes);
	for (uint32_t v = 0; v < r->volume_count; v++)
		r->volumes[v].file.fd = -1;
	r->spare_count =
		r->volume_count ? parity_spare_number(r->volume_count, PARITY_SPARES - 1) : 0;
	r->spares = buf_calloc(r->spare_count, sizeof *r->spares);
	for (size_t i = 0; i < r->spare_count; i++)
		r->spares[i].fd = -1;
	r->current = buf_malloc(VOLUME_CHUNK);
	return r;
}

static void file_clear(struct repair_file *f)
{
	file_close(f->fd);
	free(f->sums);
}

void repair_close(struct repair *r)
{
	if (!r)
		return;
	for (uint32_t v = 0; v < r->volume_count; v++) {
		file_clear(&r->volumes[v].file);
		free(r->volumes[v].chunks);
		free(r->volumes[v].told);
	}
	for (size_t i = 0; i < r->spare_count; i++)
		file_clear(&r->spares[i]);
	for (size_t i = 0; i < REPAIR_CACHE; i++)
		free(r->cache[i].bytes);
	free(r->volumes);
	free(r->spares);
	free(r->current);
	free(r);
}

bool repair_stopped(const struct repair *r)
{
	return r->options.tick && r->options.tick(r->options.tick_ctx);
}

struct repair_volume_state *repair_volume_of(struct repair *r, uint32_t volume)
{
	struct repair_volume_state *s = &r->volumes[volume - 1];

	if (!s->chunks) {
		s->layout = parity_layout(
			object_table_volume_size(verify_objects(r->options.bundle), volume));
		s->chunks = buf_calloc((size_t)volume_chunks(s->layout.size), 1);
		s->told = buf_calloc((size_t)volume_chunks(s->layout.size), 1);
	}
	return s;
}

void repair_file_open(struct repair *r, struct repair_file *f, const char *name,
		      const struct parity_id *id, uint64_t end)
{
	size_t len = parity_header_bytes(id);
	CLEANUP(free) unsigned char *header = buf_malloc(len);
	const uint64_t places[2] = { 0, end };
	struct error err = ERROR_INIT; /* what cannot be used is as if it were not there */
	uint64_t size;

	f->tried = true;
	f->sums = buf_calloc(parity_sum_count(id), sizeof *f->sums);
	if (verify_open_helper(r->options.bundle, name, &f->fd, &size, &err) != 1)
		f->fd = -1;
	for (size_t i = 0; i < 2 && f->fd >= 0; i++) {
		error_clear(&err);
		if (file_read_at(f->fd, name, header, len, places[i], &err) < 0)
			continue;
		if (parity_header_read(header, id, f->sums, &err) == 0)
			return;
		if (err.id == ERROR_PARITY_OTHER) {
			file_close(f->fd);
			f->fd = -1;
		}
	}
	free(f->sums);
	f->sums = NULL;
}

void repair_hash_chunks(const struct repair *r, uint32_t first, uint32_t count,
			unsigned char out[DIGEST_SHA256])
{
	const struct chunk_table *t = verify_chunks(r->options.bundle);
	CLEANUP(digest_free) struct digest *d = digest_new(DIGEST_KIND_SHA256);

	for (uint32_t v = first; v < first + count; v++)
		for (size_t c = 0; c < chunk_table_count(t, v); c++)
			digest_update(d, chunk_table_digest(t, v, c), DIGEST_SHA256);
	digest_final(d, out);
}

/* ---- chunks ---- */

void repair_find(struct repair *r, uint32_t volume)
{
	struct error ignored = ERROR_INIT; /* parts of a volume that are at hand count, too */

	if (verify_volume(r->options.bundle, volume, &ignored) < 0)
		error_clear(&ignored);
}

int repair_read(const struct repair *r, uint32_t volume, unsigned char *out, size_t len,
		uint64_t at)
{
	struct error ignored = ERROR_INIT;

	return verify_read(r->options.bundle, volume, out, len, at, &ignored);
}

int repair_read_chunk(const struct repair *r, uint32_t volume, size_t chunk, unsigned char *out)
{
	const struct volumes *places = verify_places(r->options.bundle);
	size_t len = repair_chunk_bytes(r, volume, chunk);
	uint64_t at = (uint64_t)chunk * VOLUME_CHUNK;
	int read = -1, have = -1;

	for (unsigned copy = 0; read != 0; copy++) {
		struct error ignored = ERROR_INIT;

		read = volumes_read_copy(places, volume, copy, out, len, at, &ignored);
		if (read == 1 && repair_is_genuine(r, volume, chunk, out))
			return 1;
		if (read != 0)
			have = read;
	}
	if (have == 1)
		return 0;
	/* The last copy cannot be read, or the chunk lies in two files. */
	if (repair_read(r, volume, out, len, at) < 0)
		return -1;
	return repair_is_genuine(r, volume, chunk, out);
}

bool repair_is_there(const struct repair *r, uint32_t volume)
{
	uint64_t at = 0, len;

	return !volumes_gap(verify_places(r->options.bundle), volume, &at, &len) || at > 0 ||
	       len < object_table_volume_size(verify_objects(r->options.bundle), volume);
}

size_t repair_chunk_bytes(const struct repair *r, uint32_t volume, size_t chunk)
{
	uint64_t size = object_table_volume_size(verify_objects(r->options.bundle), volume);
	uint64_t at = (uint64_t)chunk * VOLUME_CHUNK;

	if (at >= size)
		return 0;
	return size - at < VOLUME_CHUNK ? (size_t)(size - at) : VOLUME_CHUNK;
}

bool repair_is_genuine(const struct repair *r, uint32_t volume, size_t chunk,
		       const unsigned char *bytes)
{
	unsigned char actual[DIGEST_SHA256];

	digest_sha256(bytes, repair_chunk_bytes(r, volume, chunk), actual);
	return memcmp(actual, chunk_table_digest(verify_chunks(r->options.bundle), volume, chunk),
		      sizeof actual) == 0;
}

enum repair_state repair_state_of(struct repair *r, uint32_t volume, size_t chunk,
				  unsigned char *buffer)
{
	unsigned char *state = &repair_volume_of(r, volume)->chunks[chunk];

	if (*state == REPAIR_UNKNOWN) {
		repair_find(r, volume);
		*state =
			repair_read_chunk(r, volume, chunk, buffer) == 1 ? REPAIR_GOOD : REPAIR_BAD;
	}
	return (enum repair_state) * state;
}

static void tell(struct repair *r, const struct repair_found *found)
{
	unsigned char *told = &repair_volume_of(r, found->volume)->told[found->chunk];

	if (!*told && r->options.found)
		r->options.found(r->options.ctx, found);
	*told = 1;
}

/* How many objects a chunk touches, and the first one. */
static size_t objects_under(const struct repair *r, uint32_t volume, size_t chunk,
			    char hex[DIGEST_HEX])
{
	const struct object_table *t = verify_objects(r->options.bundle);
	uint64_t from = (uint64_t)chunk * VOLUME_CHUNK;
	uint64_t to = from + repair_chunk_bytes(r, volume, chunk);
	size_t low = object_table_volume_first(t, volume), n = 0;
	size_t end = object_table_volume_first(t, volume + 1), high = end;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		struct object_part p = object_table_get(t, middle);

		if (p.offset + p.length > from)
			high = middle;
		else
			low = middle + 1;
	}
	for (; low + n < end; n++)
		if (object_table_get(t, low + n).offset - USTAR_BLOCK >= to)
			break;
	snprintf(hex, DIGEST_HEX, "-");
	if (n > 0)
		str_to_hex(object_table_get(t, low).sha256, DIGEST_SHA256, hex);
	return n;
}

static int beyond(struct repair *r, uint32_t volume, size_t chunk, struct error *err)
{
	char hex[DIGEST_HEX];

	if (repair_stopped(r))
		return error_set(err, ERROR_STOPPED, "stopped while repairing");
	size_t n = objects_under(r, volume, chunk, hex);
	return error_set(err, ERROR_REPAIR_BEYOND,
			 "vol-%04u.tar chunk %06zu (4 MiB from byte %llu; %zu objects, first %s) "
			 "cannot be repaired: %s",
			 volume, chunk, (unsigned long long)chunk * VOLUME_CHUNK, n, hex, r->cause);
}

/* The chunk into r->current: 0 as it is, 1 rebuilt, -1. */
static int prove(struct repair *r, uint32_t volume, size_t chunk, struct error *err)
{
	struct repair_found found = { .volume = volume, .chunk = chunk };
	size_t len = repair_chunk_bytes(r, volume, chunk);
	uint64_t at = (uint64_t)chunk * VOLUME_CHUNK;
	CLEANUP(free) unsigned char *medium = NULL;

	repair_find(r, volume);
	int read = repair_read_chunk(r, volume, chunk, r->current);
	repair_volume_of(r, volume)->chunks[chunk] = read == 1 ? REPAIR_GOOD : REPAIR_BAD;
	if (read == 1)
		return 0;
	if (read == 0) {
		medium = buf_malloc(len);
		memcpy(medium, r->current, len);
	}
	/* A volume that is not there at all has no use for its own parity. */
	if (!repair_is_there(r, volume) || repair_within_chunk(r, volume, chunk, r->current) < 0) {
		found.from_spare = true;
		if (repair_stopped(r) ||
		    (repair_is_there(r, volume) && repair_across_spares(r, volume) == 0) ||
		    repair_across_chunk(r, volume, chunk, r->current) < 0)
			return beyond(r, volume, chunk, err);
	}
	if (medium)
		damage_compare(medium, r->current, len, at, &found.damage);
	else
		damage_lost(at, len, &found.damage);
	tell(r, &found);
	return 1;
}

int repair_chunk(struct repair *r, uint32_t volume, size_t chunk, const unsigned char **bytes,
		 size_t *len, struct error *err)
{
	if (r->current_volume != volume || r->current_chunk != chunk) {
		r->current_volume = 0;
		r->current_result = prove(r, volume, chunk, err);
		if (r->current_result < 0)
			return -1;
		r->current_volume = volume;
		r->current_chunk = chunk;
	}
	*bytes = r->current;
	*len = repair_chunk_bytes(r, volume, chunk);
	return r->current_result;
}

unsigned repair_spares(struct repair *r, uint32_t volume)
{
	return repair_across_spares(r, volume);
}

/* ---- objects ---- */

static bool is_last_of_volume(const struct object_table *t, size_t i, const struct object_part *p)
{
	return i + 1 == object_table_volume_first(t, p->volume + 1);
}

struct repair_span repair_span(const struct object_table *t, size_t i)
{
	struct object_part p = object_table_get(t, i);
	uint64_t end = p.offset + p.length + ustar_padding(p.length);

	if (is_last_of_volume(t, i, &p))
		end += USTAR_TRAILER;
	return (struct repair_span){ (size_t)((p.offset - USTAR_BLOCK) / VOLUME_CHUNK),
				     (size_t)((end - 1) / VOLUME_CHUNK) };
}

int repair_check_frame(const struct object_table *t, size_t i, size_t chunk,
		       const unsigned char *bytes, size_t len, struct error *err)
{
	uint64_t from = (uint64_t)chunk * VOLUME_CHUNK, to = from + len;
	struct object_part p = object_table_get(t, i);
	unsigned char header[USTAR_BLOCK];
	char member[OBJECT_MEMBER_SIZE];
	uint64_t begin = p.offset - USTAR_BLOCK, end = p.offset + p.length;
	uint64_t after = end + ustar_padding(p.length);

	if (is_last_of_volume(t, i, &p))
		after += USTAR_TRAILER;
	object_member(&p, member);
	ustar_header(member, p.length, header);
	for (uint64_t at = begin > from ? begin : from; at < p.offset && at < to; at++)
		if (bytes[at - from] != header[at - begin])
			return error_set(err, ERROR_VOLUME_FRAME,
					 "every chunk is as signed, so the bundle was made wrong: "
					 "vol-%04u.tar: the header at byte %llu is not the one of "
					 "%s",
					 p.volume, (unsigned long long)begin, member);
	for (uint64_t at = end > from ? end : from; at < after && at < to; at++)
		if (bytes[at - from] != 0)
			return error_set(err, ERROR_VOLUME_FRAME,
					 "every chunk is as signed, so the bundle was made wrong: "
					 "vol-%04u.tar: byte %llu of padding is not zero",
					 p.volume, (unsigned long long)at);
	return 0;
}

/* One part: every chunk under it is proved, its data goes to the sink. */
static int take_part(struct repair *r, size_t i, const struct stream_sink *sink, void *handle,
		     struct error *err)
{
	const struct object_table *t = verify_objects(r->options.bundle);
	struct object_part p = object_table_get(t, i);
	const struct repair_span span = repair_span(t, i);
	uint64_t end = p.offset + p.length;

	for (size_t c = span.first; c <= span.last; c++) {
		uint64_t at = (uint64_t)c * VOLUME_CHUNK;
		const unsigned char *bytes;
		size_t len;

		if (repair_stopped(r))
			return error_set(err, ERROR_STOPPED, "stopped while repairing");
		if (repair_chunk(r, p.volume, c, &bytes, &len, err) < 0 ||
		    repair_check_frame(t, i, c, bytes, len, err) < 0)
			return -1;
		uint64_t from = at > p.offset ? at : p.offset;
		uint64_t to = at + len < end ? at + len : end;

		if (from < to &&
		    sink->write(handle, bytes + (from - at), (size_t)(to - from), err) < 0)
			return -1;
	}
	return 0;
}

int repair_survey_chunk(struct repair *r, uint32_t volume, size_t chunk, struct error *err)
{
	struct repair_volume_state *s = repair_volume_of(r, volume);
	const unsigned char *bytes;
	size_t len;

	if (repair_stopped(r))
		return error_set(err, ERROR_STOPPED, "stopped while repairing");
	if (s->told[chunk] || repair_chunk(r, volume, chunk, &bytes, &len, err) >= 0)
		return 0;
	if (err->id != ERROR_REPAIR_BEYOND)
		return -1;
	if (r->options.beyond)
		r->options.beyond(r->options.ctx, err);
	s->told[chunk] = 1;
	error_clear(err);
	return 0;
}

int repair_survey(struct repair *r, size_t first, struct error *err)
{
	const struct object_table *t = verify_objects(r->options.bundle);
	size_t i = first;

	do {
		const struct repair_span span = repair_span(t, i);
		uint32_t volume = object_table_get(t, i).volume;

		for (size_t c = span.first; c <= span.last; c++)
			if (repair_survey_chunk(r, volume, c, err) < 0)
				return -1;
	} while (object_table_next(t, &i) == 1);
	return 0;
}

int repair_object(struct repair *r, size_t first, const struct stream_sink *sink, struct error *err)
{
	const struct object_table *t = verify_objects(r->options.bundle);
	struct object_part p = object_table_get(t, first);
	void *handle = sink->begin(sink->ctx, &p, err);
	size_t i = first;

	if (!handle)
		return -1;
	do {
		if (take_part(r, i, sink, handle, err) < 0) {
			sink->abandon(handle);
			return -1;
		}
	} while (object_table_next(t, &i) == 1);
	return sink->finish(handle, &p, err);
}

/* ---- a whole volume ---- */

static int is_elsewhere(const struct repair *r, int dir, const char *path, struct error *err)
{
	struct stat a, b;

	if (fstat(dir, &a) < 0 || fstat(verify_dir(r->options.bundle), &b) < 0)
		return error_set_errno(err, ERROR_FILE_READ, "%s: cannot look at it", path);
	if (a.st_dev == b.st_dev && a.st_ino == b.st_ino)
		return error_set(err, ERROR_REPAIR_TARGET,
				 "%s: is the bundle itself, which is never written to", path);
	return 0;
}

/* Copying the good chunks of a volume, on several processors. */
struct copying {
	struct repair *repair;
	struct repair_volume_state *state;
	uint32_t volume;
	int fd;
	const char *name;
	unsigned char **buffers; /* per worker */
};

static void copying_clear(struct copying *c)
{
	for (unsigned i = 0; i < c->repair->threads; i++)
		free(c->buffers[i]);
	free(c->buffers);
}
DEFINE_CLEANUP_IN_PLACE(struct copying, copying_clear);

static int tick(void *ctx)
{
	const struct copying *c = ctx;

	return repair_stopped(c->repair);
}

static int copy_good_chunk(void *ctx, size_t chunk, unsigned worker, struct error *err)
{
	const struct copying *c = ctx;
	unsigned char *buffer = c->buffers[worker];
	bool good = repair_read_chunk(c->repair, c->volume, chunk, buffer) == 1;

	c->state->chunks[chunk] = good ? REPAIR_GOOD : REPAIR_BAD;
	if (!good)
		return 0;
	return file_write_at(c->fd, c->name, buffer,
			     repair_chunk_bytes(c->repair, c->volume, chunk),
			     (uint64_t)chunk * VOLUME_CHUNK, err);
}

static int copy_good_chunks(struct repair *r, uint32_t volume, int fd, const char *name,
			    struct error *err)
{
	CLEANUP(copying_clear)
	struct copying c = { r, repair_volume_of(r, volume), volume, fd, name, NULL };

	c.buffers = buf_calloc(r->threads, sizeof *c.buffers);
	for (unsigned i = 0; i < r->threads; i++)
		c.buffers[i] = buf_malloc(VOLUME_CHUNK);
	repair_find(r, volume);
	return pool_each(&(struct pool_each){ .threads = r->threads,
					      .count = (size_t)volume_chunks(c.state->layout.size),
					      .item = copy_good_chunk,
					      .tick = tick,
					      .ctx = &c },
			 err);
}

static int copy_chunks(struct repair *r, uint32_t volume, int fd, const char *name,
		       struct error *err)
{
	size_t count = chunk_table_count(verify_chunks(r->options.bundle), volume);

	if (copy_good_chunks(r, volume, fd, name, err) < 0)
		return -1;
	for (size_t c = 0; c < count; c++) {
		const unsigned char *bytes;
		size_t len;

		if (repair_volume_of(r, volume)->chunks[c] == REPAIR_GOOD)
			continue;
		if (repair_stopped(r))
			return error_set(err, ERROR_STOPPED, "stopped while repairing");
		if (repair_chunk(r, volume, c, &bytes, &len, err) < 0 ||
		    file_write_at(fd, name, bytes, len, (uint64_t)c * VOLUME_CHUNK, err) < 0)
			return -1;
	}
	return file_sync(fd, name, err);
}

int repair_volume(struct repair *r, uint32_t volume, const char *path, struct error *err)
{
	char name[VOLUME_NAME_SIZE], part[VOLUME_NAME_SIZE + 8];
	CLEANUP(file_close) int dir = file_open_dir(path, err);

	if (dir < 0 || is_elsewhere(r, dir, path, err) < 0)
		return -1;
	volume_name(volume, name);
	snprintf(part, sizeof part, "%s.part", name);
	CLEANUP(file_close)
	int fd = openat(dir, part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0)
		return error_set_errno(err, ERROR_FILE_WRITE, "%s/%s: cannot create", path, part);
	if (copy_chunks(r, volume, fd, part, err) < 0) {
		(void)unlinkat(dir, part, 0); /* the first failure is being reported */
		return -1;
	}
	if (renameat(dir, part, dir, name) < 0)
		return error_set_errno(err, ERROR_FILE_WRITE, "%s/%s: cannot rename into place",
				       path, name);
	return file_sync(dir, path, err);
}
