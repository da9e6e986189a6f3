/*
 * The relations of a revision in one BLOB: prerequisites (AND of ORs),
 * supersedence, bundling, categories, languages.  Identities are the integers
 * of the table identity; revisions are the source's RevisionIds.
 *
 * Bytes: version 1, then five counted lists of LEB128 numbers:
 *	groups { alternatives { identity } }, superseded by { revision },
 *	bundled by { revision }, categories { type, identity }, languages { length, text }
 */
#ifndef STORE_RELATION_H
#define STORE_RELATION_H

#include <stddef.h>
#include <stdint.h>

struct buf;
struct catalog_guid;
struct catalog_revision;
struct error;

/* Append the relations of r; identity(ctx, guid) numbers a GUID. */
int relation_write(const struct catalog_revision *r,
		   int64_t (*identity)(void *ctx, const struct catalog_guid *guid), void *ctx,
		   struct buf *out, struct error *err)
	__attribute__((nonnull(1, 2, 4, 5), warn_unused_result));

/* What relation_read() calls, in order; any may be NULL. */
struct relation_visitor {
	void (*group)(void *ctx);                         /* a new AND-group begins */
	void (*alternative)(void *ctx, int64_t identity); /* in the current group */
	void (*superseded_by)(void *ctx, uint32_t revision);
	void (*bundled_by)(void *ctx, uint32_t revision);
	void (*category)(void *ctx, unsigned type, int64_t identity);
	void (*language)(void *ctx, const char *text, size_t len);
	void *ctx;
};

/* -1 with DB_CORRUPT when the bytes are not what relation_write() makes. */
int relation_read(const void *bytes, size_t len, const struct relation_visitor *v,
		  struct error *err) __attribute__((nonnull(3, 4), warn_unused_result));

#endif
