#include "verifier/chunk_tap.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/limits.h"
#include "lib/crypto/digest.h"
#include "media/chunk_table.h"
#include "media/volume.h"
#include "verifier/verify.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct slot {
	unsigned char *_Atomic bytes; /* of a shared chunk, while it is not complete */
	_Atomic uint32_t filled;
	_Atomic bool dropped; /* there are too many of them: it is read again at the end */
	bool shared;
	bool genuine;
};

/* Where a worker is inside a chunk of its own. */
struct cursor {
	struct digest *digest;
	uint32_t volume;
	uint64_t next;
};

struct chunk_tap {
	const struct verified_bundle *bundle;
	const struct chunk_table *chunks;
	struct slot **volumes; /* [0] is volume 1 */
	struct cursor *cursors;
	unsigned workers;
	_Atomic unsigned pending; /* shared chunks that are not complete */
};

struct chunk_tap *chunk_tap_new(const struct verified_bundle *bundle, unsigned workers)
{
	struct chunk_tap *t = buf_calloc(1, sizeof *t);

	t->bundle = bundle;
	t->chunks = verify_chunks(bundle);
	t->workers = workers;
	t->cursors = buf_calloc(workers, sizeof *t->cursors);
	t->volumes = buf_calloc(chunk_table_volumes(t->chunks), sizeof *t->volumes);
	for (uint32_t v = 1; v <= chunk_table_volumes(t->chunks); v++)
		t->volumes[v - 1] =
			buf_calloc(chunk_table_count(t->chunks, v), sizeof **t->volumes);
	return t;
}

void chunk_tap_free(struct chunk_tap *t)
{
	if (!t)
		return;
	for (uint32_t v = 1; v <= chunk_table_volumes(t->chunks); v++) {
		for (size_t i = 0; i < chunk_table_count(t->chunks, v); i++)
			free(t->volumes[v - 1][i].bytes);
		free(t->volumes[v - 1]);
	}
	for (unsigned i = 0; i < t->workers; i++)
		digest_free(t->cursors[i].digest);
	free(t->volumes);
	free(t->cursors);
	free(t);
}

void chunk_tap_cut(struct chunk_tap *t, uint32_t volume, uint64_t at)
{
	if (at % VOLUME_CHUNK != 0)
		t->volumes[volume - 1][at / VOLUME_CHUNK].shared = true;
}

static void judge(const struct chunk_tap *t, uint32_t volume, size_t chunk,
		  const unsigned char actual[DIGEST_SHA256])
{
	t->volumes[volume - 1][chunk].genuine =
		memcmp(actual, chunk_table_digest(t->chunks, volume, chunk), DIGEST_SHA256) == 0;
}

/* Whoever brings the last byte hashes the chunk. */
static void feed_shared(struct chunk_tap *t, uint32_t volume, size_t chunk, const void *bytes,
			size_t len, size_t at, size_t span)
{
	struct slot *s = &t->volumes[volume - 1][chunk];
	unsigned char *held = atomic_load(&s->bytes);
	unsigned char actual[DIGEST_SHA256];

	if (!held && (s->dropped || t->pending >= LIMIT_CHUNKS_SHARED)) {
		s->dropped = true;
		return;
	}
	if (!held) {
		unsigned char *fresh = buf_malloc(span);

		if (atomic_compare_exchange_strong(&s->bytes, &held, fresh)) {
			held = fresh;
			t->pending++;
		} else {
			free(fresh);
		}
	}
	memcpy(held + at, bytes, len);
	if (atomic_fetch_add(&s->filled, (uint32_t)len) + len != span)
		return;
	digest_sha256(held, span, actual);
	judge(t, volume, chunk, actual);
	atomic_store(&s->bytes, NULL);
	free(held);
	t->pending--;
}

static void feed_own(struct chunk_tap *t, struct cursor *c, uint32_t volume, size_t chunk,
		     const void *bytes, size_t len, uint64_t at, uint64_t end)
{
	unsigned char actual[DIGEST_SHA256];

	if (at % VOLUME_CHUNK == 0) {
		digest_free(c->digest);
		c->digest = digest_new(DIGEST_KIND_SHA256);
	} else if (!c->digest || c->volume != volume || c->next != at) {
		return; /* not read from its begin: the chunk is read again at the end */
	}
	digest_update(c->digest, bytes, len);
	c->volume = volume;
	c->next = at + len;
	if (c->next != end)
		return;
	digest_final(c->digest, actual);
	digest_free(c->digest);
	c->digest = NULL;
	judge(t, volume, chunk, actual);
}

void chunk_tap_feed(struct chunk_tap *t, unsigned worker, uint32_t volume, const void *bytes,
		    size_t len, uint64_t at)
{
	const unsigned char *from = bytes;

	while (len > 0) {
		size_t chunk = (size_t)(at / VOLUME_CHUNK), span;
		uint64_t start = verify_chunk_span(t->bundle, volume, chunk, &span);
		size_t n = start + span - at < len ? (size_t)(start + span - at) : len;

		if (t->volumes[volume - 1][chunk].shared)
			feed_shared(t, volume, chunk, from, n, (size_t)(at - start), span);
		else
			feed_own(t, &t->cursors[worker], volume, chunk, from, n, at, start + span);
		from += n;
		at += n;
		len -= n;
	}
}

int chunk_tap_check(const struct chunk_tap *t, struct error *err)
{
	CLEANUP(free) unsigned char *again = NULL;
	size_t len;

	for (uint32_t v = 1; v <= chunk_table_volumes(t->chunks); v++) {
		for (size_t i = 0; i < chunk_table_count(t->chunks, v); i++) {
			if (t->volumes[v - 1][i].genuine)
				continue;
			if (!again)
				again = buf_malloc(VOLUME_CHUNK);
			if (verify_read_chunk(t->bundle, v, i, again, &len, err) < 0)
				return -1;
		}
	}
	return 0;
}
