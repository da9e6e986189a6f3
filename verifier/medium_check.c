#include "verifier/medium_check.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/cli/progress.h"
#include "lib/crypto/digest.h"
#include "media/chunk_table.h"
#include "media/object_table.h"
#include "media/volume.h"
#include "verifier/repair.h"
#include "verifier/verify.h"
#include "verifier/volumes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct checking {
	struct medium_check *check;
	struct repair *repair;
	bool from_spare; /* the chunk that was rebuilt last */
	unsigned char *buffer;
};

static void checking_clear(struct checking *c)
{
	repair_close(c->repair);
	free(c->buffer);
}
DEFINE_CLEANUP_IN_PLACE(struct checking, checking_clear);

const char *medium_check_remedy(enum medium_remedy remedy)
{
	static const char *const names[] = { "none", "copy", "parity", "spare" };

	return names[remedy];
}

static void find_objects(const struct verified_bundle *b, struct medium_damage *d)
{
	const struct object_table *t = verify_objects(b);
	uint64_t begin = (uint64_t)d->chunk * VOLUME_CHUNK, end = begin + VOLUME_CHUNK;

	for (size_t i = object_table_volume_first(t, d->volume);
	     i < object_table_volume_first(t, d->volume + 1); i++) {
		struct object_part p = object_table_get(t, i);

		if (p.offset >= end || p.offset + p.length <= begin)
			continue;
		if (d->objects++ == 0)
			memcpy(d->object, p.sha256, sizeof d->object);
	}
}

static void on_found(void *ctx, const struct repair_found *found)
{
	((struct checking *)ctx)->from_spare = found->from_spare;
}

/* repair_chunk() takes a good copy before it looks at parity. */
static int find_remedy(struct checking *c, struct medium_damage *d, struct error *err)
{
	const unsigned char *bytes;
	size_t len;
	int result = repair_chunk(c->repair, d->volume, d->chunk, &bytes, &len, &d->beyond);

	if (result < 0 && d->beyond.id != ERROR_REPAIR_BEYOND) {
		*err = d->beyond;
		return -1;
	}
	if (result == 0)
		d->remedy = MEDIUM_REMEDY_COPY;
	else if (result == 1)
		d->remedy = c->from_spare ? MEDIUM_REMEDY_SPARE : MEDIUM_REMEDY_PARITY;
	return 0;
}

static int report(struct checking *c, uint32_t volume, size_t chunk, unsigned copy, const char *why,
		  struct error *err)
{
	struct medium_check *check = c->check;
	struct medium_damage d = { .volume = volume, .chunk = chunk, .why = why };
	char path[4096] = "";

	volumes_copy_path(verify_places(check->bundle), volume, copy,
			  (uint64_t)chunk * VOLUME_CHUNK, path, sizeof path);
	d.path = path;
	if (find_remedy(c, &d, err) < 0)
		return -1;
	find_objects(check->bundle, &d);
	check->damaged++;
	if (d.remedy == MEDIUM_REMEDY_NONE)
		check->beyond++;
	check->damage(check->ctx, &d);
	return 0;
}

static int check_chunk(struct checking *c, uint32_t volume, size_t chunk, struct error *err)
{
	const struct verified_bundle *b = c->check->bundle;
	size_t len;
	uint64_t at = verify_chunk_span(b, volume, chunk, &len);

	for (unsigned copy = 0;; copy++) {
		struct error problem = ERROR_INIT;
		unsigned char actual[DIGEST_SHA256];
		int read = volumes_read_copy(verify_places(b), volume, copy, c->buffer, len, at,
					     &problem);

		if (read == 0)
			return 0;
		c->check->chunks++;
		digest_sha256(c->buffer, len, actual);
		if (read > 0 && memcmp(actual, chunk_table_digest(verify_chunks(b), volume, chunk),
				       sizeof actual) != 0)
			error_set(&problem, ERROR_CHUNK_DIGEST,
				  "other bytes than those that were signed");
		if (problem.id != ERROR_NONE &&
		    report(c, volume, chunk, copy, problem.message, err) < 0)
			return -1;
		if (progress_add(c->check->progress, len))
			return error_set(err, ERROR_STOPPED, "stopped");
	}
}

int medium_check_run(struct medium_check *check, struct error *err)
{
	CLEANUP(checking_clear)
	struct checking c = { .check = check, .buffer = buf_calloc(1, VOLUME_CHUNK) };
	const struct chunk_table *chunks = verify_chunks(check->bundle);

	c.repair = repair_open(&(struct repair_options){ .bundle = check->bundle,
							 .found = on_found,
							 .ctx = &c,
							 .tick = progress_tick,
							 .tick_ctx = check->progress });
	for (uint32_t v = 1; v <= chunk_table_volumes(chunks); v++)
		for (size_t i = 0; i < chunk_table_count(chunks, v); i++)
			if (check_chunk(&c, v, i, err) < 0)
				return -1;
	return 0;
}
