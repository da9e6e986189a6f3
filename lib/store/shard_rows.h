/*
 * What is kept of the inner cabinets of the catalogs: whatever reading one gave, by the SHA-256 of
 * its bytes, so that one that comes again is not read again.  Compressed; rows of a source are
 * replaced with it.
 */
#ifndef STORE_SHARD_ROWS_H
#define STORE_SHARD_ROWS_H

#include "lib/base/buf.h"

#include <stddef.h>
#include <stdint.h>

struct error;
struct listing_source;
struct store;

struct shard_row {
	unsigned char digest[32];
	uint32_t first;   /* of the revisions that index.xml says are in it */
	struct buf state; /* empty: there is a row already, or nothing to keep */
};

/* Free the states and the array. */
void shard_rows_free(struct shard_row *rows, size_t count);

/* 1 when there is any. */
int shard_rows_some(struct store *s, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* 1 and the state of the cabinet with this digest, appended to *out; 0; -1. */
int shard_rows_load(struct store *s, const unsigned char digest[32], struct buf *out,
		    struct error *err) __attribute__((nonnull, warn_unused_result));

/*
 * The same of the cabinet that this revision was in by its first one: what has other bytes by now
 * and begins with it.
 */
int shard_rows_before(struct store *s, uint32_t first, struct buf *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* These are the cabinets of the source now.  Inside the transaction that replaces the source. */
int shard_rows_replace(struct store *s, const struct listing_source *source,
		       const struct shard_row *rows, size_t count, struct error *err)
	__attribute__((nonnull(1, 2, 5), warn_unused_result));

#endif
