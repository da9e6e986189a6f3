#include "lib/crypto/cms.h"

#include "lib/base/buf.h"
#include "lib/base/limits.h"
#include "lib/crypto/cms_internal.h"
#include "lib/crypto/cms_write.h"
#include "lib/crypto/key_internal.h"
#include "lib/crypto/openssl.h"

#include <openssl/err.h>
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

int cms_attributes(const struct key_cert *cert, const unsigned char *bytes, size_t len,
		   struct buf *out, struct error *err)
{
	openssl_start();
	return check_bytes(bytes, len, err) < 0 ? -1
						: cms_write_attributes(cert, bytes, len, out, err);
}

int cms_join(const struct cms_signed *from, const struct key_cert *cert, const unsigned char *bytes,
	     size_t len, struct buf *out, struct error *err)
{
	CLEANUP(buf_clear) struct buf sig = BUF_INIT(LIMIT_SIGNATURE_BYTES);

	openssl_start();
	if (cms_write_signed(cert, from->attributes, from->attributes_len, from->value,
			     from->value_len, &sig, err) < 0 ||
	    cms_verify(sig.bytes, sig.len, bytes, len, cert, err) < 0)
		return -1;
	return buf_append(out, sig.bytes, sig.len, err);
}

bool cms_names(const unsigned char *attributes, size_t len, const struct key_cert *cert)
{
	unsigned char digest[CMS_SHA384];
	unsigned digest_len = sizeof digest;

	openssl_start();
	return X509_digest(key_cert_handle(cert), EVP_sha384(), digest, &digest_len) == 1 &&
	       memmem(attributes, len, digest, sizeof digest) != NULL;
}

int cms_sign(const struct key *key, const struct key_cert *cert, const unsigned char *bytes,
	     size_t len, struct buf *out, struct error *err)
{
	CLEANUP(buf_clear) struct buf attributes = BUF_INIT(LIMIT_SIGNATURE_BYTES);
	CLEANUP(buf_clear) struct buf value = BUF_INIT(LIMIT_SIGNATURE_BYTES);

	openssl_start();
	if (check_bytes(bytes, len, err) < 0)
		return -1;
	if (!key_matches(key, cert))
		return error_set(err, ERROR_KEY_MISMATCH,
				 "the private key does not belong to the certificate of %s",
				 key_cert_facts(cert)->holder);
	if (cms_write_attributes(cert, bytes, len, &attributes, err) < 0 ||
	    key_sign(key, attributes.bytes, attributes.len, &value, err) < 0)
		return -1;
	const struct cms_signed made = { .attributes = attributes.bytes,
					 .attributes_len = attributes.len,
					 .value = value.bytes,
					 .value_len = value.len };
	if (cms_join(&made, cert, bytes, len, out, err) < 0)
		return error_wrap(err, "the signature just made");
	return 0;
}
