#include "verifier/table.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/crypto/digest.h"
#include "media/manifest.h"

#include <stdlib.h>
#include <string.h>

enum { BLOCK = 1 << 20 };

struct table {
	int fd;
	const char *name;
	uint64_t size;
	unsigned char (*blocks)[DIGEST_SHA256];
	unsigned char *buffer; /* one block */
};

static void table_clear(struct table *t)
{
	file_close(t->fd);
	free(t->blocks);
	free(t->buffer);
}
DEFINE_CLEANUP_IN_PLACE(struct table, table_clear);

/* Block i into the buffer; its length. */
static int read_block(const struct table *t, uint64_t i, size_t *len, struct error *err)
{
	uint64_t at = i * BLOCK;

	*len = t->size - at < BLOCK ? (size_t)(t->size - at) : BLOCK;
	return file_read_at(t->fd, t->name, t->buffer, *len, at, err);
}

/* The whole is what MANIFEST names; what each block is comes out of it. */
static int prove(const struct table *t, uint64_t count, const unsigned char want[DIGEST_SHA256],
		 struct error *err)
{
	CLEANUP(digest_free) struct digest *all = digest_new(DIGEST_KIND_SHA256);
	unsigned char whole[DIGEST_SHA256];
	size_t len;

	for (uint64_t i = 0; i < count; i++) {
		if (read_block(t, i, &len, err) < 0)
			return -1;
		digest_update(all, t->buffer, len);
		digest_sha256(t->buffer, len, t->blocks[i]);
	}
	digest_final(all, whole);
	if (memcmp(whole, want, sizeof whole) != 0)
		return error_set(err, ERROR_BUNDLE_DIGEST,
				 "%s: its SHA-256 is not the one MANIFEST names", t->name);
	return 0;
}

static int hand_on(const struct table *t, uint64_t count, const struct table_reader *reader,
		   struct error *err)
{
	unsigned char digest[DIGEST_SHA256];
	size_t len;

	for (uint64_t i = 0; i < count; i++) {
		if (read_block(t, i, &len, err) < 0)
			return -1;
		digest_sha256(t->buffer, len, digest);
		if (memcmp(digest, t->blocks[i], sizeof digest) != 0)
			return error_set(err, ERROR_BUNDLE_DIGEST,
					 "%s: changed at byte %llu while it was read", t->name,
					 (unsigned long long)(i * BLOCK));
		if (reader->feed(reader->ctx, t->buffer, len, err) < 0)
			return -1;
	}
	return 0;
}

int table_read(int dir, const char *name, const struct manifest_file *want,
	       const struct table_reader *reader, struct error *err)
{
	CLEANUP(table_clear) struct table t = { .fd = -1, .name = name };
	int found = file_open_read(dir, name, &t.fd, &t.size, err);

	if (found < 0)
		return -1;
	if (found == 0)
		return error_set(err, ERROR_BUNDLE_FILE_MISSING, "%s: not there", name);
	if (t.size != want->size)
		return error_set(err, ERROR_BUNDLE_DIGEST, "%s: %llu bytes, MANIFEST says %llu",
				 name, (unsigned long long)t.size, (unsigned long long)want->size);
	uint64_t count = t.size / BLOCK + (t.size % BLOCK != 0);
	t.blocks = buf_calloc((size_t)count, sizeof *t.blocks);
	t.buffer = buf_malloc(BLOCK);
	return prove(&t, count, want->sha256, err) < 0 ? -1 : hand_on(&t, count, reader, err);
}
