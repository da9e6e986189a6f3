/* One signature with a key, wherever it is kept. */
#include "lib/base/buf.h"
#include "lib/crypto/key_internal.h"
#include "lib/crypto/openssl.h"
#include "lib/crypto/token.h"

#include <openssl/rsa.h>

#define OID_SHA384 "\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x02\x05\x00"

struct der key_sign_algorithm(EVP_PKEY *pkey)
{
	static const unsigned char ecdsa[] = "\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x03";
	/* RSASSA-PSS-params (RFC 4055): SHA-384, MGF1 with SHA-384, a salt of 48 bytes. */
	static const unsigned char pss[] =
		"\x30\x41\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a"
		"\x30\x34\xa0\x0f" OID_SHA384
		"\xa1\x1c\x30\x1a\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01"
		"\x08" OID_SHA384 "\xa2\x03\x02\x01\x30";

	return EVP_PKEY_get_base_id(pkey) == EVP_PKEY_RSA ? (struct der){ pss, sizeof pss - 1 }
							  : (struct der){ ecdsa, sizeof ecdsa - 1 };
}

DEFINE_CLEANUP(EVP_PKEY_CTX *, EVP_PKEY_CTX_free);

static bool begin(EVP_PKEY_CTX *ctx, EVP_PKEY *pkey)
{
	if (!ctx || EVP_PKEY_sign_init(ctx) != 1 ||
	    EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha384()) != 1)
		return false;
	return EVP_PKEY_get_base_id(pkey) != EVP_PKEY_RSA ||
	       (EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) == 1 &&
		EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, EVP_sha384()) == 1 &&
		EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_DIGEST) == 1);
}

int key_sign(const struct key *k, const unsigned char *bytes, size_t len, struct buf *out,
	     struct error *err)
{
	EVP_PKEY *pkey = key_handle(k);
	unsigned char digest[KEY_SHA384];

	if (EVP_Digest(bytes, len, digest, NULL, EVP_sha384(), NULL) != 1)
		return openssl_fail(err, ERROR_CRYPTO, "cannot digest");
	if (key_token(k))
		return token_sign(key_token(k), digest, out, err);
	CLEANUP(EVP_PKEY_CTX_free) EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(pkey, NULL);
	size_t size = (size_t)EVP_PKEY_get_size(pkey);
	unsigned char *value = buf_room(out, size, err);

	if (!value)
		return -1;
	if (!begin(ctx, pkey) || EVP_PKEY_sign(ctx, value, &size, digest, sizeof digest) != 1)
		return openssl_fail(err, ERROR_CRYPTO, "cannot sign");
	out->len += size;
	return 0;
}
