#include "lib/crypto/cms.h"

#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/base/limits.h"
#include "lib/crypto/cms_internal.h"
#include "lib/crypto/key_internal.h"
#include "lib/crypto/openssl.h"

#include <openssl/err.h>
#include <openssl/rsa.h>
#include <string.h>

/*
 * The signed attributes of a genuine signature are a DER SET, and a CMS without signed attributes
 * can present them as its content.  A SET begins with '1' (0x31); what we sign begins with the
 * letter of a magic word.
 */
static int check_bytes(const unsigned char *bytes, size_t len, struct error *err)
{
	if (len == 0 || bytes[0] < 'a' || bytes[0] > 'z')
		return error_set(err, ERROR_CMS_CONTENT,
				 "the signed bytes do not begin with a magic word");
	if (len > LIMIT_MANIFEST_BYTES)
		return error_set(err, ERROR_CMS_CONTENT, "%zu bytes to sign, at most %u", len,
				 LIMIT_MANIFEST_BYTES);
	return 0;
}

/* ---- verification ---- */

/* d2i must consume everything and i2d must give the same bytes back. */
static CMS_ContentInfo *decode(const unsigned char *sig, size_t len, struct error *err)
{
	const unsigned char *at = sig;
	CLEANUP(CMS_ContentInfo_free)
	CMS_ContentInfo *cms = d2i_CMS_ContentInfo(NULL, &at, (long)len);
	CLEANUP(openssl_free) unsigned char *again = NULL;

	if (!cms) {
		openssl_fail(err, ERROR_CMS_FORMAT, "not a CMS signature");
		return NULL;
	}
	ERR_clear_error();
	if (at != sig + len) {
		error_set(err, ERROR_CMS_TRAILING, "%zu bytes after the end of the signature",
			  (size_t)(sig + len - at));
		return NULL;
	}
	int again_len = i2d_CMS_ContentInfo(cms, &again);

	if (again_len < 0 || (size_t)again_len != len || memcmp(again, sig, len) != 0) {
		ERR_clear_error();
		error_set(err, ERROR_CMS_ENCODING, "not in DER, the one canonical encoding");
		return NULL;
	}
	return STEAL(cms);
}

static int check_signature(CMS_ContentInfo *cms, X509 *pinned, const unsigned char *bytes,
			   size_t len, struct error *err)
{
	const unsigned flags = CMS_BINARY | CMS_DETACHED | CMS_NOINTERN | CMS_NO_SIGNER_CERT_VERIFY;
	CLEANUP(BIO_free) BIO *content = BIO_new_mem_buf(bytes, (int)len);
	CLEANUP(sk_X509_free) STACK_OF(X509) *only = sk_X509_new_null();

	if (!content || !only || sk_X509_push(only, pinned) != 1)
		return openssl_fail(err, ERROR_CRYPTO, "cannot verify a signature");
	if (CMS_verify(cms, only, NULL, content, NULL, flags) != 1)
		return openssl_fail(err, ERROR_CMS_SIGNATURE, "the signature is not valid");
	return 0;
}

static int verify(const unsigned char *sig, size_t sig_len, const unsigned char *bytes, size_t len,
		  X509 *pinned, struct error *err)
{
	CLEANUP(openssl_free) unsigned char *der = NULL, *issuer = NULL, *serial = NULL;
	int der_len = i2d_X509(pinned, &der);
	int issuer_len = i2d_X509_NAME(X509_get_issuer_name(pinned), &issuer);
	int serial_len = i2d_ASN1_INTEGER(X509_get0_serialNumber(pinned), &serial);
	struct cms_expected expected = {
		.rsa = EVP_PKEY_get_base_id(X509_get0_pubkey(pinned)) == EVP_PKEY_RSA,
	};

	if (der_len <= 0 || issuer_len <= 0 || serial_len <= 0 ||
	    EVP_Digest(der, (size_t)der_len, expected.cert_sha384, NULL, EVP_sha384(), NULL) != 1 ||
	    EVP_Digest(bytes, len, expected.content_sha384, NULL, EVP_sha384(), NULL) != 1)
		return openssl_fail(err, ERROR_CRYPTO, "cannot digest");
	expected.certificate = (struct der){ der, (size_t)der_len };
	expected.issuer = (struct der){ issuer, (size_t)issuer_len };
	expected.serial = (struct der){ serial, (size_t)serial_len };
	CLEANUP(CMS_ContentInfo_free) CMS_ContentInfo *cms = decode(sig, sig_len, err);

	if (!cms || cms_profile_check(sig, sig_len, &expected, err) < 0)
		return -1;
	return check_signature(cms, pinned, bytes, len, err);
}

int cms_verify(const unsigned char *sig, size_t sig_len, const unsigned char *bytes, size_t len,
	       const struct key_cert *pinned, struct error *err)
{
	openssl_start();
	if (sig_len > LIMIT_SIGNATURE_BYTES)
		return error_set(err, ERROR_CMS_SIZE, "a signature of %zu bytes, at most %u",
				 sig_len, LIMIT_SIGNATURE_BYTES);
	if (check_bytes(bytes, len, err) < 0)
		return -1;
	return verify(sig, sig_len, bytes, len, key_cert_handle(pinned), err);
}

/* ---- signing ---- */

/* Added by us so that the time is ours to fix (SOURCE_DATE_EPOCH); OpenSSL then adds none. */
static bool add_signing_time(CMS_SignerInfo *signer)
{
	CLEANUP(ASN1_TIME_free) ASN1_TIME *now = ASN1_TIME_adj(NULL, (time_t)clock_stamp(), 0, 0);

	return now && CMS_signed_add1_attr_by_NID(signer, NID_pkcs9_signingTime,
						  ASN1_STRING_type(now), now, -1) == 1;
}

static bool use_pss(CMS_SignerInfo *signer, EVP_PKEY *pkey)
{
	if (EVP_PKEY_get_base_id(pkey) != EVP_PKEY_RSA)
		return true;
	EVP_PKEY_CTX *ctx = CMS_SignerInfo_get0_pkey_ctx(signer);

	return ctx && EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) == 1 &&
	       EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, EVP_sha384()) == 1 &&
	       EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_DIGEST) == 1;
}

static CMS_ContentInfo *sign(EVP_PKEY *pkey, X509 *cert, const unsigned char *bytes, size_t len)
{
	const unsigned flags = CMS_BINARY | CMS_DETACHED | CMS_PARTIAL;
	const unsigned signer_flags = flags | CMS_CADES | CMS_NOSMIMECAP | CMS_KEY_PARAM;
	CLEANUP(BIO_free) BIO *content = BIO_new_mem_buf(bytes, (int)len);
	CLEANUP(CMS_ContentInfo_free)
	CMS_ContentInfo *cms = CMS_sign(NULL, NULL, NULL, NULL, flags);

	if (!content || !cms)
		return NULL;
	CMS_SignerInfo *signer = CMS_add1_signer(cms, cert, pkey, EVP_sha384(), signer_flags);

	if (!signer || !use_pss(signer, pkey) || !add_signing_time(signer) ||
	    CMS_final(cms, content, NULL, CMS_BINARY | CMS_DETACHED) != 1)
		return NULL;
	return STEAL(cms);
}

int cms_sign(const struct key *key, const struct key_cert *cert, const unsigned char *bytes,
	     size_t len, struct buf *out, struct error *err)
{
	openssl_start();
	if (check_bytes(bytes, len, err) < 0)
		return -1;
	if (!key_matches(key, cert))
		return error_set(err, ERROR_KEY_MISMATCH,
				 "the private key does not belong to the certificate of %s",
				 key_cert_facts(cert)->holder);
	CLEANUP(CMS_ContentInfo_free)
	CMS_ContentInfo *cms = sign(key_handle(key), key_cert_handle(cert), bytes, len);
	CLEANUP(openssl_free) unsigned char *der = NULL;
	int der_len = cms ? i2d_CMS_ContentInfo(cms, &der) : -1;

	if (der_len <= 0)
		return openssl_fail(err, ERROR_CRYPTO, "cannot sign");
	if (cms_verify(der, (size_t)der_len, bytes, len, cert, err) < 0)
		return error_wrap(err, "the signature just made");
	return buf_append(out, der, (size_t)der_len, err);
}
