/*
 * Signatures that the profile has never seen, against one fixed text and certificate.  The private
 * key was thrown away after corpus/cms was made with it, so nothing but the genuine signature can
 * be right: what is accepted is that file, or that file with more certificates or a time stamp.
 */
#include "lib/base/error.h"
#include "lib/base/str.h"
#include "lib/crypto/cms.h"
#include "lib/crypto/digest.h"
#include "lib/crypto/key.h"
#include "lib/crypto/key_internal.h"
#include "tests/fuzz/pinned.h"

#include <openssl/cms.h>
#include <stdlib.h>
#include <string.h>

enum { GENUINE_SIZE = 1097 };
static const char genuine_sha256[] =
	"3f7072758f168a7f6a4770dc41fb3c4b6a3663b9da1c0a493d44c23ef9fd614f";

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static void check_canonical(const unsigned char *data, size_t size)
{
	const unsigned char *at = data;
	CMS_ContentInfo *cms = d2i_CMS_ContentInfo(NULL, &at, (long)size);
	unsigned char *again = NULL;
	int len = i2d_CMS_ContentInfo(cms, &again);

	if (at != data + size || len < 0 || (size_t)len != size || memcmp(again, data, size) != 0)
		abort();
	OPENSSL_free(again);
	CMS_ContentInfo_free(cms);
}

/* A second opinion: what we accept, libcrypto accepts, with nothing but the pinned certificate. */
static void check_libcrypto(const unsigned char *data, size_t size)
{
	CMS_ContentInfo *cms = d2i_CMS_ContentInfo(NULL, &data, (long)size);
	STACK_OF(X509) *signers = sk_X509_new_null();
	BIO *content = BIO_new_mem_buf(text, (int)strlen(text));

	if (!cms || !signers || !content || sk_X509_push(signers, key_cert_handle(pinned())) <= 0 ||
	    CMS_verify(cms, signers, NULL, content, NULL,
		       CMS_BINARY | CMS_DETACHED | CMS_NOINTERN | CMS_NO_SIGNER_CERT_VERIFY) != 1)
		abort();
	BIO_free(content);
	sk_X509_free(signers);
	CMS_ContentInfo_free(cms);
}

static void check_genuine(const unsigned char *data, size_t size)
{
	unsigned char digest[DIGEST_SHA256];
	char hex[DIGEST_HEX];

	if (size > GENUINE_SIZE)
		return;
	digest_sha256(data, size, digest);
	str_to_hex(digest, sizeof digest, hex);
	if (strcmp(hex, genuine_sha256) != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	struct error err = ERROR_INIT;
	int result =
		cms_verify(data, size, (const unsigned char *)text, strlen(text), pinned(), &err);

	if ((result == 0) != (err.id == ERROR_NONE))
		abort();
	if (result == 0) {
		check_canonical(data, size);
		check_libcrypto(data, size);
		check_genuine(data, size);
	}
	return 0;
}
