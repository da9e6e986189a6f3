#include "lib/crypto/bare.h"

#include "lib/base/buf.h"
#include "lib/crypto/key_internal.h"
#include "lib/crypto/openssl.h"

#include <openssl/err.h>
#include <openssl/rsa.h>

static bool begin(EVP_MD_CTX *ctx, EVP_PKEY *pkey)
{
	EVP_PKEY_CTX *options = NULL;

	if (!ctx || EVP_DigestVerifyInit(ctx, &options, EVP_sha384(), NULL, pkey) != 1)
		return false;
	return EVP_PKEY_get_base_id(pkey) != EVP_PKEY_RSA ||
	       (EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING) == 1 &&
		EVP_PKEY_CTX_set_rsa_mgf1_md(options, EVP_sha384()) == 1 &&
		EVP_PKEY_CTX_set_rsa_pss_saltlen(options, RSA_PSS_SALTLEN_DIGEST) == 1);
}

int bare_verify(const struct key_cert *cert, const unsigned char *bytes, size_t len,
		const unsigned char *sig, size_t sig_len, struct error *err)
{
	openssl_start();
	CLEANUP(EVP_MD_CTX_free) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY *pkey = X509_get0_pubkey(key_cert_handle(cert));

	if (!begin(ctx, pkey))
		return openssl_fail(err, ERROR_CRYPTO, "cannot verify a signature");
	if (EVP_DigestVerify(ctx, sig, sig_len, bytes, len) == 1)
		return 0;
	ERR_clear_error();
	return error_set(err, ERROR_LOG_SIGNATURE, "the signature of %s does not verify",
			 key_cert_facts(cert)->holder);
}

int bare_sign(const struct key *key, const struct key_cert *cert, const unsigned char *bytes,
	      size_t len, struct buf *out, struct error *err)
{
	size_t before = out->len;

	openssl_start();
	if (len == 0 || bytes[0] < 'a' || bytes[0] > 'z')
		return error_set(err, ERROR_CMS_CONTENT,
				 "the signed bytes do not begin with a lower-case letter");
	if (!key_matches(key, cert))
		return error_set(err, ERROR_KEY_MISMATCH,
				 "the private key does not belong to the certificate of %s",
				 key_cert_facts(cert)->holder);
	if (key_sign(key, bytes, len, out, err) < 0)
		return -1;
	return bare_verify(cert, bytes, len, out->bytes + before, out->len - before, err);
}
