/*
 * The content store: immutable objects named by their SHA-256.  An object
 * appears under its name only after its bytes were hashed and matched; the
 * same bytes are never stored twice.
 */
#ifndef STORE_CONTENT_H
#define STORE_CONTENT_H

#include "lib/base/cleanup.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct store;
struct content_writer;

/*
 * Begin an object.  May be used from several workers at once, each with its
 * own writer.  with_sha1 also computes SHA-1.
 */
struct content_writer *content_begin(const struct store *s, bool with_sha1, struct error *err)
	__attribute__((nonnull, warn_unused_result));
int content_write(struct content_writer *w, const void *bytes, size_t len, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* The digests of what was written (sha1 may be NULL).  No content_write() may follow. */
void content_digests(struct content_writer *w, unsigned char sha256[32], unsigned char *sha1)
	__attribute__((nonnull(1, 2)));

/*
 * Give the object its name: 0 when it is new, 1 when it was there already, -1.
 * expected (may be NULL) is the SHA-256 it must have: CONTENT_DIGEST otherwise
 * and nothing is kept.  The bytes are in the file system but not yet on the
 * disk: content_sync() comes before any database row that mentions the object.
 * w is finished either way.
 */
int content_commit(struct content_writer *w, const unsigned char *expected, struct error *err)
	__attribute__((nonnull(1, 3), warn_unused_result));

/* Remove an object that no database row mentions.  Failure does not matter: it is garbage. */
void content_forget(const struct store *s, const unsigned char sha256[32]) __attribute__((nonnull));

/* Move the damaged file of an object to R/damaged/<sha256>; that none is there is no failure. */
int content_set_aside(const struct store *s, const unsigned char sha256[32], struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* Drop a writer and its bytes.  NULL is allowed. */
void content_abandon(struct content_writer *w);
DEFINE_CLEANUP(struct content_writer *, content_abandon);

/* A whole object from memory: 0 new, 1 there already, -1. */
int content_put(const struct store *s, const void *bytes, size_t len, unsigned char sha256[32],
		struct error *err) __attribute__((nonnull(1, 4, 5), warn_unused_result));

/*
 * Take over a finished file, dirfd and name, of the same disk as the object with this
 * digest: it is hashed first, and renamed.  -1 with CONTENT_DIGEST when it is another one; the
 * file is left alone then.
 */
int content_adopt(const struct store *s, int dirfd, const char *name,
		  const unsigned char sha256[32], struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* Flush everything committed so far to the disk (one syncfs). */
int content_sync(const struct store *s, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* Open an object: 1 with *fd and *size, 0 when it is not here, -1. */
int content_open(const struct store *s, const unsigned char sha256[32], int *fd, uint64_t *size,
		 struct error *err) __attribute__((nonnull, warn_unused_result));

/*
 * Give an object a second name, in another directory: 1; 0 when the file system cannot do that
 * (another one, too many names), or the object is not here; -1.
 */
int content_link(const struct store *s, const unsigned char sha256[32], int dirfd, const char *name,
		 struct error *err) __attribute__((nonnull, warn_unused_result));

/* The whole of an object of at most max bytes, digest checked; the caller frees *out. */
int content_load(const struct store *s, const unsigned char sha256[32], size_t max,
		 unsigned char **out, size_t *len, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* 1 when the file is there and its bytes have this digest and size, 0 when not, -1. */
int content_check(const struct store *s, const unsigned char sha256[32], uint64_t size,
		  struct error *err) __attribute__((nonnull, warn_unused_result));

#endif
