/*
 * Packs: many small metadata fragments in one zstd frame (docs/FORMAT.md,
 * "Packs").  A fragment is bytes named by their SHA-256; a pack names each
 * fragment it holds and nothing else.  Only place that includes zstd.
 *
 * Decompressed, a pack is
 *
 *	gapferry-pack 1\n
 *	<count>\n
 *	<sha256> <size>\n          count lines, fragments in this order
 *	<the fragments' bytes, one after the other>
 */
#ifndef PACK_PACK_H
#define PACK_PACK_H

#include "lib/base/buf.h"
#include "lib/base/cleanup.h"

#include <stddef.h>
#include <stdint.h>

struct error;

/* When a builder holds this much, it is time to compress it and begin the next. */
enum { PACK_TARGET_BYTES = 4 << 20 };

/* ---- making packs ---- */

struct pack_builder;
struct pack_builder *pack_builder_new(void) __attribute__((warn_unused_result, returns_nonnull));

/*
 * Where the next fragment, of len bytes, will lie: one that is put there need not be copied.
 * Valid until the next call.
 */
void *pack_builder_room(struct pack_builder *b, size_t len)
	__attribute__((nonnull, warn_unused_result, returns_nonnull));

/*
 * Append a fragment, at most LIMIT_PACK_ENTRIES of them; bytes may lie where pack_builder_room()
 * said.  The caller sees to it that no digest comes twice.
 */
void pack_builder_add(struct pack_builder *b, const unsigned char sha256[32], const void *bytes,
		      size_t len) __attribute__((nonnull(1, 2)));

/* Bytes of fragments so far, and how many fragments. */
size_t pack_builder_bytes(const struct pack_builder *b) __attribute__((nonnull));
size_t pack_builder_count(const struct pack_builder *b) __attribute__((nonnull));

/* Bytes before the first fragment in the decompressed pack, as things stand. */
size_t pack_builder_header(const struct pack_builder *b) __attribute__((nonnull));

/*
 * The finished pack: one zstd frame with its content size, level 3 (1 when the
 * fragments are long), window at most 8 MiB; the same fragments in the same
 * order always give the same bytes.  out is replaced, its memory used again.
 * Pure: may run on a worker.
 */
int pack_builder_finish(struct pack_builder *b, struct buf *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));
/* Begin another pack in the same memory. */
void pack_builder_reset(struct pack_builder *b) __attribute__((nonnull));
void pack_builder_free(struct pack_builder *b);
DEFINE_CLEANUP(struct pack_builder *, pack_builder_free);

/* ---- reading packs ---- */

struct pack_entry {
	unsigned char sha256[32];
	uint32_t offset; /* in the decompressed pack */
	uint32_t size;
};

struct pack {
	unsigned char *bytes; /* decompressed, owned */
	size_t len;
	struct pack_entry *entries;
	size_t count;
};

/*
 * Decompress and check a pack: one frame, declared size within
 * LIMIT_PACK_BYTES, entries that cover the rest exactly, and every fragment's
 * SHA-256.  label names the pack in messages.  The result is freed with
 * pack_free(); NULL with PACK_FORMAT or PACK_DIGEST.  Pure.
 */
struct pack *pack_open(const void *bytes, size_t len, const char *label, struct error *err)
	__attribute__((nonnull, warn_unused_result));
void pack_free(struct pack *p);
DEFINE_CLEANUP(struct pack *, pack_free);

/* ---- any text as one frame (catalog listings) ---- */

int pack_compress(const void *bytes, size_t len, struct buf *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* The content of exactly one frame of at most max bytes, NUL-terminated; the caller frees *out. */
int pack_decompress(const void *bytes, size_t len, size_t max, const char *label,
		    unsigned char **out, size_t *out_len, struct error *err)
	__attribute__((nonnull, warn_unused_result));

#endif
