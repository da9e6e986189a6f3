#include "lib/crypto/digest.h"

#include "lib/base/buf.h"
#include "lib/base/str.h"
#include "lib/crypto/openssl.h"

#include <openssl/evp.h>
#include <stdlib.h>

/*
 * OpenSSL can fail here only when memory is exhausted or the library is
 * broken; both mean that the machine cannot be relied on, so we stop.
 */
struct digest {
	EVP_MD_CTX *ctx;
	const EVP_MD *md;
};

/* Fetched once for the life of the process: a fetch per digest costs more than hashing 1 KiB. */
static const EVP_MD *fetch(enum digest_kind kind)
{
	static EVP_MD *fetched[2];
	static const char *const names[2] = { "SHA256", "SHA1" };
	EVP_MD *md = __atomic_load_n(&fetched[kind], __ATOMIC_ACQUIRE);

	if (md)
		return md;
	openssl_start();
	md = EVP_MD_fetch(NULL, names[kind], NULL);
	if (!md)
		abort();
	EVP_MD *expected = NULL;
	if (!__atomic_compare_exchange_n(&fetched[kind], &expected, md, 0, __ATOMIC_ACQ_REL,
					 __ATOMIC_ACQUIRE)) {
		EVP_MD_free(md); /* another thread was first */
		md = expected;
	}
	return md;
}

struct digest *digest_new(enum digest_kind kind)
{
	struct digest *d = buf_malloc(sizeof *d);

	d->md = fetch(kind);
	d->ctx = EVP_MD_CTX_new();
	if (!d->ctx || EVP_DigestInit_ex2(d->ctx, d->md, NULL) != 1)
		abort();
	return d;
}

void digest_update(struct digest *d, const void *bytes, size_t len)
{
	if (EVP_DigestUpdate(d->ctx, bytes, len) != 1)
		abort();
}

void digest_final(struct digest *d, unsigned char *out)
{
	if (EVP_DigestFinal_ex(d->ctx, out, NULL) != 1 ||
	    EVP_DigestInit_ex2(d->ctx, d->md, NULL) != 1)
		abort();
}

void digest_free(struct digest *d)
{
	if (!d)
		return;
	EVP_MD_CTX_free(d->ctx);
	free(d);
}

void digest_sha256(const void *bytes, size_t len, unsigned char out[DIGEST_SHA256])
{
	CLEANUP(digest_free) struct digest *d = digest_new(DIGEST_KIND_SHA256);

	digest_update(d, bytes, len);
	digest_final(d, out);
}

void digest_sha384(const void *bytes, size_t len, unsigned char out[DIGEST_SHA384])
{
	if (EVP_Digest(bytes, len, out, NULL, EVP_sha384(), NULL) != 1)
		abort();
}

void digest_sha1(const void *bytes, size_t len, unsigned char out[DIGEST_SHA1])
{
	CLEANUP(digest_free) struct digest *d = digest_new(DIGEST_KIND_SHA1);

	digest_update(d, bytes, len);
	digest_final(d, out);
}

void digest_link(const unsigned char before[DIGEST_SHA256], const void *bytes, size_t len,
		 unsigned char out[DIGEST_SHA256])
{
	CLEANUP(digest_free) struct digest *d = digest_new(DIGEST_KIND_SHA256);
	char hex[DIGEST_HEX];

	str_to_hex(before, DIGEST_SHA256, hex);
	digest_update(d, hex, DIGEST_HEX - 1);
	digest_update(d, "\n", 1);
	digest_update(d, bytes, len);
	digest_final(d, out);
}
