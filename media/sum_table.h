/*
 * SHA256SUMS: the digest of every small file that the MANIFEST does not name
 * itself, exactly as sha256sum writes it (docs/FORMAT.md "SHA256SUMS").
 */
#ifndef MEDIA_SUM_TABLE_H
#define MEDIA_SUM_TABLE_H

#include "lib/base/cleanup.h"

#include <stdbool.h>
#include <stddef.h>

struct buf;
struct error;

#define SUM_NAME_SIZE 256 /* a component of at most 127 bytes, '/', another one, NUL */

struct sum_entry {
	unsigned char sha256[32];
	char name[SUM_NAME_SIZE];
};

/* Entries sorted bytewise by name, unique. */
struct sum_table {
	struct sum_entry *entries;
	size_t count, capacity;
};

/*
 * Untrusted bytes to *out, which must be zero and is the caller's to clear
 * either way.  -1 with SUMS_FORMAT or MEDIA_LIMIT.
 */
int sum_table_parse(const void *bytes, size_t len, struct sum_table *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/*
 * Add an entry in its place, for a writer.  -1 with SUMS_FORMAT for a name that
 * the format does not allow or that is there already, MEDIA_LIMIT past LIMIT_SUMS.
 */
int sum_table_add(struct sum_table *t, const char *name, const unsigned char sha256[32],
		  struct error *err) __attribute__((nonnull, warn_unused_result));

/* Append the canonical bytes; -1 with LIMIT_BYTES. */
int sum_table_write(const struct sum_table *t, struct buf *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* The digest of name (borrowed), or NULL when it is not listed. */
const unsigned char *sum_table_find(const struct sum_table *t, const char *name)
	__attribute__((nonnull));

/* Whether len bytes may stand as a name in SHA256SUMS. */
bool sum_table_is_name(const char *name, size_t len) __attribute__((nonnull));

void sum_table_clear(struct sum_table *t);
DEFINE_CLEANUP_IN_PLACE(struct sum_table, sum_table_clear);

#endif
