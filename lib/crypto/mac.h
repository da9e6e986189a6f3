/* HMAC-SHA-256 (RFC 2104, FIPS 198-1): proof that we made some bytes.  Through OpenSSL. */
#ifndef CRYPTO_MAC_H
#define CRYPTO_MAC_H

#include <stdbool.h>
#include <stddef.h>

enum { MAC_SIZE = 32, MAC_KEY = 32 };

void mac_sha256(const unsigned char key[MAC_KEY], const void *bytes, size_t len,
		unsigned char out[MAC_SIZE]) __attribute__((nonnull));

/* Equal, compared in a time that does not depend on where they differ. */
bool mac_equal(const unsigned char a[MAC_SIZE], const unsigned char b[MAC_SIZE])
	__attribute__((nonnull));

#endif
