/*
 * An object that is put together from several media: a sparse file below
 * R/partial and, beside it, a record of the ranges that hold proved bytes.  The
 * record says what need not be read again and is believed for nothing else: the
 * whole object is hashed before the content store takes it over.
 */
#ifndef IMPORTER_PARTIAL_H
#define IMPORTER_PARTIAL_H

#include "lib/base/cleanup.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct partial;
struct store;

/*
 * Open or begin the object of size bytes in the directory dir (borrowed).  With create false NULL
 * and no error when there is nothing yet.
 */
struct partial *partial_open(int dir, const unsigned char sha256[32], uint64_t size, bool create,
			     struct error *err) __attribute__((nonnull, warn_unused_result));
void partial_free(struct partial *p);
DEFINE_CLEANUP(struct partial *, partial_free);

/* How many bytes of it the file system holds already; 0 when there is nothing yet. */
uint64_t partial_bytes(int dir, const unsigned char sha256[32], uint64_t size)
	__attribute__((nonnull));

/* Whether these bytes were written before. */
bool partial_has(const struct partial *p, uint64_t first, uint64_t len) __attribute__((nonnull));

/* Bytes that were proved. */
int partial_write(struct partial *p, const void *bytes, uint64_t first, size_t len,
		  struct error *err) __attribute__((nonnull, warn_unused_result));

/* The bytes first, then the record, onto the disk. */
int partial_save(struct partial *p, struct error *err) __attribute__((nonnull, warn_unused_result));

bool partial_is_complete(const struct partial *p) __attribute__((nonnull));

/*
 * Hand a complete object to the content store.  When its digest is not right after all, what was
 * collected is dropped: -1 with CONTENT_DIGEST.
 */
int partial_finish(struct partial *p, const struct store *s, struct error *err)
	__attribute__((nonnull, warn_unused_result));

#endif
