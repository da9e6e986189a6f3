/*
 * CHUNKS: SHA-256 of every 4 MiB of every volume (docs/FORMAT.md "CHUNKS").
 * Held as bare digests, 32 bytes per chunk.
 */
#ifndef MEDIA_CHUNK_TABLE_H
#define MEDIA_CHUNK_TABLE_H

#include "lib/base/cleanup.h"

#include <stddef.h>
#include <stdint.h>

struct buf;
struct error;
struct chunk_table;

/* An empty table; the caller frees it. */
struct chunk_table *chunk_table_new(void)
	__attribute__((malloc, warn_unused_result, returns_nonnull));
void chunk_table_free(struct chunk_table *t);
DEFINE_CLEANUP(struct chunk_table *, chunk_table_free);

/*
 * Append the digest of the next chunk.  volume is that of the chunk before
 * (or 1 for the first) or one more.  -1 with CHUNKS_FORMAT or MEDIA_LIMIT.
 */
int chunk_table_add(struct chunk_table *t, uint32_t volume, const unsigned char sha256[32],
		    struct error *err) __attribute__((nonnull, warn_unused_result));

/*
 * Untrusted bytes of CHUNKS into an empty table, in pieces of any size: feed them
 * all, then finish.  -1 with CHUNKS_FORMAT or MEDIA_LIMIT; the table is then only good for
 * chunk_table_free().
 */
int chunk_table_feed(struct chunk_table *t, const void *bytes, size_t len, struct error *err)
	__attribute__((nonnull(1, 4), warn_unused_result));
int chunk_table_finish(struct chunk_table *t, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* Volumes named, chunks of one of them (volume in [1, volumes]) and of all. */
uint32_t chunk_table_volumes(const struct chunk_table *t) __attribute__((nonnull));
size_t chunk_table_count(const struct chunk_table *t, uint32_t volume) __attribute__((nonnull));
size_t chunk_table_total(const struct chunk_table *t) __attribute__((nonnull));

/* 32 bytes, borrowed; chunk in [0, count). */
const unsigned char *chunk_table_digest(const struct chunk_table *t, uint32_t volume, size_t chunk)
	__attribute__((nonnull));

/*
 * Whether the table has exactly the chunks that volumes of these sizes have
 * (sizes[0] is volume 1).  -1 with MEDIA_MISMATCH.
 */
int chunk_table_check(const struct chunk_table *t, const uint64_t *sizes, uint32_t volumes,
		      struct error *err) __attribute__((nonnull(1, 4), warn_unused_result));

/* Append the lines of one volume; all volumes in order are the file.  -1 with LIMIT_BYTES. */
int chunk_table_write(const struct chunk_table *t, uint32_t volume, struct buf *out,
		      struct error *err) __attribute__((nonnull, warn_unused_result));

#endif
