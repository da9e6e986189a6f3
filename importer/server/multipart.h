/*
 * The body of a multipart/byteranges answer (RFC 9110 section 14.6), read piece by piece from
 * the object: its length is known before the first byte, and no part is ever held in memory.
 *
 * BITS accepts at most two line breaks before the first boundary and 180 bytes of part headers
 * besides Content-Range and Content-Type; we send none of either.
 */
#ifndef SERVER_MULTIPART_H
#define SERVER_MULTIPART_H

#include "importer/server/range.h"
#include "lib/base/cleanup.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct error;
struct multipart;

enum { MULTIPART_BOUNDARY_SIZE = 48 };

/*
 * The boundary for an object: made from its SHA-256, so it cannot occur in the object unless
 * somebody finds a file that contains half of its own digest.
 */
void multipart_boundary(const unsigned char sha256[32], char out[MULTIPART_BOUNDARY_SIZE])
	__attribute__((nonnull));

/*
 * A body of the parts in set (two or more) of the object of size bytes in fd.  Takes over fd,
 * also on failure.  NULL with LIMIT_BYTES when the length cannot be expressed.
 */
struct multipart *multipart_new(const struct range_set *set, uint64_t size, int fd,
				const char *boundary, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* Bytes of the whole body. */
uint64_t multipart_length(const struct multipart *m) __attribute__((nonnull));

/* Up to len bytes of the body from at: the count, 0 at its end, -1 when the object is unreadable.
 */
ssize_t multipart_read(struct multipart *m, uint64_t at, void *out, size_t len)
	__attribute__((nonnull, warn_unused_result));

void multipart_free(struct multipart *m);
DEFINE_CLEANUP(struct multipart *, multipart_free);

#endif
