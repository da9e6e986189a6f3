/*
 * SHA-256 (identity of everything) and SHA-1 (Microsoft's name for a payload,
 * never trusted).  FIPS 180-4, through OpenSSL's EVP.
 */
#ifndef CRYPTO_DIGEST_H
#define CRYPTO_DIGEST_H

#include "lib/base/cleanup.h"

#include <stddef.h>

enum { DIGEST_SHA256 = 32, DIGEST_SHA1 = 20, DIGEST_SHA384 = 48, DIGEST_HEX = 65 };

enum digest_kind { DIGEST_KIND_SHA256, DIGEST_KIND_SHA1 };

/* A running digest; reusable after digest_final(). */
struct digest;
struct digest *digest_new(enum digest_kind kind)
	__attribute__((warn_unused_result, returns_nonnull));
void digest_update(struct digest *d, const void *bytes, size_t len) __attribute__((nonnull(1)));

/* Writes DIGEST_SHA256 or DIGEST_SHA1 bytes and starts anew. */
void digest_final(struct digest *d, unsigned char *out) __attribute__((nonnull));
void digest_free(struct digest *d);
DEFINE_CLEANUP(struct digest *, digest_free);

/* The digest of len bytes at once. */
void digest_sha256(const void *bytes, size_t len, unsigned char out[DIGEST_SHA256])
	__attribute__((nonnull(3)));
void digest_sha384(const void *bytes, size_t len, unsigned char out[DIGEST_SHA384])
	__attribute__((nonnull(3)));
void digest_sha1(const void *bytes, size_t len, unsigned char out[DIGEST_SHA1])
	__attribute__((nonnull(3)));

/*
 * The next link of a chain: SHA-256 over `before` as 64 hex digits, LF, and the bytes.  What
 * sha256sum can prove by hand (docs/FORMAT.md "Ledger").
 */
void digest_link(const unsigned char before[DIGEST_SHA256], const void *bytes, size_t len,
		 unsigned char out[DIGEST_SHA256]) __attribute__((nonnull));

#endif
