#include "lib/crypto/cms_write.h"

#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/base/limits.h"
#include "lib/crypto/cms_internal.h"
#include "lib/crypto/key_internal.h"
#include "lib/crypto/openssl.h"

#include <stdlib.h>
#include <string.h>

#define PKCS9 "\x2a\x86\x48\x86\xf7\x0d\x01\x09"
static const unsigned char id_data[] = "\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01";
static const unsigned char id_signed_data[] = "\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02";
static const unsigned char id_content_type[] = PKCS9 "\x03";
static const unsigned char id_message_digest[] = PKCS9 "\x04";
static const unsigned char id_signing_time[] = PKCS9 "\x05";
static const unsigned char id_signing_certificate[] = PKCS9 "\x10\x02\x2f";
/* AlgorithmIdentifier without parameters (RFC 5754, section 2). */
static const unsigned char sha384[] = "\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x02";
static const unsigned char version_1[] = "\x02\x01\x01";

/* Of a string literal, without its terminator. */
#define PUT_OID(b, oid, err) der_put(b, DER_OID, oid, sizeof(oid) - 1, err)
#define APPEND(b, literal, err) buf_append(b, literal, sizeof(literal) - 1, err)

enum { ATTRIBUTES = 4 };

/* Issuer and serial number: SEQUENCE { Name, INTEGER } of a signer, GeneralNames for ESS. */
static int put_issuer(struct buf *b, X509 *cert, bool general, struct error *err)
{
	CLEANUP(openssl_free) unsigned char *issuer = NULL, *serial = NULL;
	int issuer_len = i2d_X509_NAME(X509_get_issuer_name(cert), &issuer);
	int serial_len = i2d_ASN1_INTEGER(X509_get0_serialNumber(cert), &serial);
	size_t from = b->len;

	if (issuer_len <= 0 || serial_len <= 0)
		return openssl_fail(err, ERROR_CRYPTO, "certificate: issuer");
	if (buf_append(b, issuer, (size_t)issuer_len, err) < 0 ||
	    (general && (der_wrap(b, from, DER_CONTEXT + 4, err) < 0 ||
			 der_wrap(b, from, DER_SEQUENCE, err) < 0)) ||
	    buf_append(b, serial, (size_t)serial_len, err) < 0)
		return -1;
	return der_wrap(b, from, DER_SEQUENCE, err);
}

/* The value of the attribute has been appended since `from`, its OID before. */
static int end_attribute(struct buf *b, size_t from, struct error *err)
{
	return der_wrap(b, from, DER_SET, err) < 0 ? -1 : der_wrap(b, 0, DER_SEQUENCE, err);
}

static int content_type(struct buf *b, struct error *err)
{
	if (PUT_OID(b, id_content_type, err) < 0)
		return -1;
	size_t from = b->len;

	return PUT_OID(b, id_data, err) < 0 ? -1 : end_attribute(b, from, err);
}

static int message_digest(struct buf *b, const unsigned char *bytes, size_t len, struct error *err)
{
	unsigned char digest[CMS_SHA384];

	if (EVP_Digest(bytes, len, digest, NULL, EVP_sha384(), NULL) != 1)
		return openssl_fail(err, ERROR_CRYPTO, "cannot digest");
	if (PUT_OID(b, id_message_digest, err) < 0)
		return -1;
	size_t from = b->len;

	if (der_put(b, DER_OCTET_STRING, digest, sizeof digest, err) < 0)
		return -1;
	return end_attribute(b, from, err);
}

/* ASN1_TIME_adj() picks GeneralizedTime from 2050 on (RFC 5652, 11.3). */
static int signing_time(struct buf *b, struct error *err)
{
	CLEANUP(ASN1_TIME_free) ASN1_TIME *now = ASN1_TIME_adj(NULL, (time_t)clock_stamp(), 0, 0);
	CLEANUP(openssl_free) unsigned char *der = NULL;
	int len = now ? i2d_ASN1_TIME(now, &der) : -1;

	if (len <= 0)
		return openssl_fail(err, ERROR_CRYPTO, "cannot write the signing time");
	if (PUT_OID(b, id_signing_time, err) < 0)
		return -1;
	size_t from = b->len;

	return buf_append(b, der, (size_t)len, err) < 0 ? -1 : end_attribute(b, from, err);
}

static int signing_certificate(struct buf *b, X509 *cert, struct error *err)
{
	CLEANUP(openssl_free) unsigned char *der = NULL;
	int len = i2d_X509(cert, &der);
	unsigned char digest[CMS_SHA384];

	if (len <= 0 || EVP_Digest(der, (size_t)len, digest, NULL, EVP_sha384(), NULL) != 1)
		return openssl_fail(err, ERROR_CRYPTO, "cannot digest a certificate");
	if (PUT_OID(b, id_signing_certificate, err) < 0)
		return -1;
	size_t from = b->len;

	if (APPEND(b, sha384, err) < 0 ||
	    der_put(b, DER_OCTET_STRING, digest, sizeof digest, err) < 0 ||
	    put_issuer(b, cert, true, err) < 0)
		return -1;
	for (int i = 0; i < 3; i++) /* ESSCertIDv2, certs, SigningCertificateV2 */
		if (der_wrap(b, from, DER_SEQUENCE, err) < 0)
			return -1;
	return end_attribute(b, from, err);
}

/* The order of a DER SET; no element is a prefix of another. */
static int compare(const void *a, const void *b)
{
	const struct buf *x = a, *y = b;

	return memcmp(x->bytes, y->bytes, x->len < y->len ? x->len : y->len);
}

int cms_write_attributes(const struct key_cert *cert, const unsigned char *bytes, size_t len,
			 struct buf *out, struct error *err)
{
	X509 *x509 = key_cert_handle(cert);
	struct buf parts[ATTRIBUTES];
	size_t from = out->len;

	for (size_t i = 0; i < ATTRIBUTES; i++)
		parts[i] = (struct buf)BUF_INIT(LIMIT_SIGNATURE_BYTES);
	int failed = content_type(&parts[0], err) < 0 ||
		     message_digest(&parts[1], bytes, len, err) < 0 ||
		     signing_time(&parts[2], err) < 0 ||
		     signing_certificate(&parts[3], x509, err) < 0;

	if (!failed)
		qsort(parts, ATTRIBUTES, sizeof *parts, compare);
	for (size_t i = 0; i < ATTRIBUTES; i++) {
		failed = failed || buf_append(out, parts[i].bytes, parts[i].len, err) < 0;
		buf_clear(&parts[i]);
	}
	return failed ? -1 : der_wrap(out, from, DER_SET, err);
}

/* SignerInfo of RFC 5652, 5.3. */
static int put_signer(struct buf *b, X509 *cert, const struct der *attributes,
		      const struct der *value, struct error *err)
{
	size_t from = b->len;
	struct der algorithm = key_sign_algorithm(X509_get0_pubkey(cert));

	if (APPEND(b, version_1, err) < 0 || put_issuer(b, cert, false, err) < 0 ||
	    APPEND(b, sha384, err) < 0)
		return -1;
	size_t at = b->len;

	if (buf_append(b, attributes->at, attributes->left, err) < 0)
		return -1;
	b->bytes[at] = DER_CONTEXT + 0; /* [0] IMPLICIT instead of SET */
	if (buf_append(b, algorithm.at, algorithm.left, err) < 0 ||
	    der_put(b, DER_OCTET_STRING, value->at, value->left, err) < 0 ||
	    der_wrap(b, from, DER_SEQUENCE, err) < 0)
		return -1;
	return der_wrap(b, from, DER_SET, err);
}

int cms_write_signed(const struct key_cert *cert, const unsigned char *attributes, size_t len,
		     const unsigned char *value, size_t value_len, struct buf *out,
		     struct error *err)
{
	X509 *x509 = key_cert_handle(cert);
	CLEANUP(openssl_free) unsigned char *der = NULL;
	CLEANUP(buf_clear) struct buf b = BUF_INIT(LIMIT_SIGNATURE_BYTES);
	int der_len = i2d_X509(x509, &der);

	if (der_len <= 0)
		return openssl_fail(err, ERROR_CRYPTO, "certificate: cannot write");
	if (len == 0 || attributes[0] != DER_SET)
		return error_set(err, ERROR_CMS_SIGNED_ATTRIBUTE, "not a set of signed attributes");
	/* SignedData of RFC 5652, 5.1. */
	if (APPEND(&b, version_1, err) < 0 ||
	    der_put(&b, DER_SET, sha384, sizeof sha384 - 1, err) < 0)
		return -1;
	size_t from = b.len;

	if (PUT_OID(&b, id_data, err) < 0 || der_wrap(&b, from, DER_SEQUENCE, err) < 0 ||
	    der_put(&b, DER_CONTEXT + 0, der, (size_t)der_len, err) < 0 ||
	    put_signer(&b, x509, &(struct der){ attributes, len },
		       &(struct der){ value, value_len }, err) < 0 ||
	    der_wrap(&b, 0, DER_SEQUENCE, err) < 0 || der_wrap(&b, 0, DER_CONTEXT + 0, err) < 0)
		return -1;
	size_t start = out->len;

	if (PUT_OID(out, id_signed_data, err) < 0 || buf_append(out, b.bytes, b.len, err) < 0)
		return -1;
	return der_wrap(out, start, DER_SEQUENCE, err);
}
