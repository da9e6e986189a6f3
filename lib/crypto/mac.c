#include "lib/crypto/mac.h"

#include "lib/crypto/openssl.h"

#include <openssl/crypto.h>
#include <openssl/hmac.h>
#include <stdlib.h>

void mac_sha256(const unsigned char key[MAC_KEY], const void *bytes, size_t len,
		unsigned char out[MAC_SIZE])
{
	unsigned size = 0;

	openssl_start();
	/* As for digests: this fails only on a machine that cannot be relied on. */
	if (!HMAC(EVP_sha256(), key, MAC_KEY, bytes, len, out, &size) || size != MAC_SIZE)
		abort();
}

bool mac_equal(const unsigned char a[MAC_SIZE], const unsigned char b[MAC_SIZE])
{
	return CRYPTO_memcmp(a, b, MAC_SIZE) == 0;
}
