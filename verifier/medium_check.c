#include "verifier/medium_check.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/cli/progress.h"
#include "lib/crypto/digest.h"
#include "media/chunk_table.h"
#include "media/object_table.h"
#include "media/volume.h"
#include "verifier/verify.h"
#include "verifier/volumes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

static void report(struct medium_check *c, uint32_t volume, size_t chunk, unsigned copy,
		   const char *why, unsigned char *buffer)
{
	struct medium_damage d = { .volume = volume, .chunk = chunk, .why = why };
	struct error ignored = ERROR_INIT; /* no good copy, then */
	char path[4096] = "";
	size_t len;

	volumes_copy_path(verify_places(c->bundle), volume, copy, (uint64_t)chunk * VOLUME_CHUNK,
			  path, sizeof path);
	d.path = path;
	d.other_copy = verify_read_chunk(c->bundle, volume, chunk, buffer, &len, &ignored) == 0;
	find_objects(c->bundle, &d);
	c->damaged++;
	c->damage(c->ctx, &d);
}

static int check_chunk(struct medium_check *c, uint32_t volume, size_t chunk, unsigned char *buffer,
		       struct error *err)
{
	size_t len;
	uint64_t at = verify_chunk_span(c->bundle, volume, chunk, &len);
	int read = 1;

	for (unsigned copy = 0; read != 0; copy++) {
		struct error problem = ERROR_INIT;
		unsigned char actual[DIGEST_SHA256];

		read = volumes_read_copy(verify_places(c->bundle), volume, copy, buffer, len, at,
					 &problem);
		if (read == 0)
			break;
		c->chunks++;
		digest_sha256(buffer, len, actual);
		if (read < 0)
			report(c, volume, chunk, copy, problem.message, buffer);
		else if (memcmp(actual, chunk_table_digest(verify_chunks(c->bundle), volume, chunk),
				sizeof actual) != 0)
			report(c, volume, chunk, copy, "other bytes than those that were signed",
			       buffer);
		if (progress_add(c->progress, len))
			return error_set(err, ERROR_STOPPED, "stopped");
	}
	return 0;
}

int medium_check_run(struct medium_check *c, struct error *err)
{
	CLEANUP(free) unsigned char *buffer = buf_calloc(1, VOLUME_CHUNK);
	const struct chunk_table *chunks = verify_chunks(c->bundle);

	for (uint32_t v = 1; v <= chunk_table_volumes(chunks); v++)
		for (size_t i = 0; i < chunk_table_count(chunks, v); i++)
			if (check_chunk(c, v, i, buffer, err) < 0)
				return -1;
	return 0;
}
