/*
 * Cabinets with Authenticode signatures, made element by element, so that each can be wrong.  The
 * cabinet is a header and arbitrary bytes: nobody decodes it here.
 */
#ifndef TESTS_CRYPTO_SIGNED_CAB_H
#define TESTS_CRYPTO_SIGNED_CAB_H

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/limits.h"
#include "lib/crypto/authenticode_internal.h"
#include "tests/unit/unit.h"

#include <openssl/pem.h>
#include <stdbool.h>
#include <stdlib.h>

#define MADE __attribute__((unused)) static

/* ---- DER ---- */

enum { MADE_MAX = 4 << 20 };

MADE void add(struct buf *out, const void *bytes, size_t len)
{
	struct error err = ERROR_INIT;

	assert_int_equal(buf_append(out, bytes, len, &err), 0);
}

MADE void element(struct buf *out, unsigned char tag, const void *bytes, size_t len)
{
	unsigned char head[5] = { tag, (unsigned char)len };
	size_t n = 2;

	if (len >= 0x80) {
		size_t octets = len > 0xffff ? 3 : len > 0xff ? 2 : 1;

		head[1] = (unsigned char)(0x80 + octets);
		for (size_t i = 0; i < octets; i++)
			head[2 + i] = (unsigned char)(len >> (8 * (octets - 1 - i)));
		n = 2 + octets;
	}
	add(out, head, n);
	add(out, bytes, len);
}

/* Put what a buffer holds into an element: the buffer holds that then. */
MADE void wrap(struct buf *b, unsigned char tag)
{
	struct buf whole = BUF_INIT(MADE_MAX);

	element(&whole, tag, b->bytes, b->len);
	buf_clear(b);
	*b = whole;
}

MADE void add_wrapped(struct buf *out, unsigned char tag, struct buf *from)
{
	element(out, tag, from->bytes, from->len);
	buf_clear(from);
}

#define OID_PKCS "\x2a\x86\x48\x86\xf7\x0d\x01"
#define OID_MS "\x2b\x06\x01\x04\x01\x82\x37"
#define OID_SIGNED_DATA OID_PKCS "\x07\x02"
#define OID_CONTENT_TYPE OID_PKCS "\x09\x03"
#define OID_MESSAGE_DIGEST OID_PKCS "\x09\x04"
#define OID_SIGNING_TIME OID_PKCS "\x09\x05"
#define OID_COUNTERSIGNATURE OID_PKCS "\x09\x06"
#define OID_TST_INFO OID_PKCS "\x09\x10\x01\x04"
#define OID_SPC OID_MS "\x02\x01\x04"
#define OID_NESTED OID_MS "\x02\x04\x01"
#define OID_STAMP OID_MS "\x03\x03\x01"
#define OID_RSA OID_PKCS "\x01\x01"
#define OID_ECDSA "\x2a\x86\x48\xce\x3d\x04\x03\x02"

MADE void oid(struct buf *out, const char *bytes)
{
	element(out, DER_OID, bytes, strlen(bytes));
}

MADE void hash_algorithm(struct buf *out, const EVP_MD *md)
{
	struct buf b = BUF_INIT(MADE_MAX);

	oid(&b, EVP_MD_get_type(md) == NID_sha1 ? "\x2b\x0e\x03\x02\x1a" :
						  "\x60\x86\x48\x01\x65\x03\x04\x02\x01");
	element(&b, DER_NULL, "", 0);
	add_wrapped(out, DER_SEQUENCE, &b);
}

MADE void digest_of(const EVP_MD *md, const void *bytes, size_t len, struct buf *out)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned n;

	assert_int_equal(EVP_Digest(bytes, len, digest, &n, md, NULL), 1);
	element(out, DER_OCTET_STRING, digest, n);
}

/* value holds one or more encoded values. */
MADE void attribute(struct buf *out, const char *type, struct buf *value)
{
	struct buf b = BUF_INIT(MADE_MAX);

	oid(&b, type);
	add_wrapped(&b, DER_SET, value);
	add_wrapped(out, DER_SEQUENCE, &b);
}

/* ---- people ---- */

struct signer {
	X509 *cert;
	EVP_PKEY *key;
};

MADE void free_signer(struct signer *s)
{
	X509_free(s->cert);
	EVP_PKEY_free(s->key);
}

MADE void extend(X509 *x, int nid, const char *value)
{
	X509V3_CTX ctx;

	X509V3_set_ctx_nodb(&ctx);
	X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);

	assert_non_null(e);
	X509_add_ext(x, e, -1);
	X509_EXTENSION_free(e);
}

/* purpose NULL: a CA.  Valid from year to year, the first of January. */
MADE struct signer make_signer(const char *name, const struct signer *issuer, const char *purpose,
			       unsigned from, unsigned to)
{
	static long serial = 0x1000;
	struct signer s = { X509_new(), EVP_EC_gen("P-256") };
	char text[20];

	assert_non_null(s.key);
	X509_set_version(s.cert, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(s.cert), serial++);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(s.cert), "CN", MBSTRING_ASC,
				   (const unsigned char *)name, -1, -1, 0);
	X509_set_issuer_name(s.cert, X509_get_subject_name(issuer ? issuer->cert : s.cert));
	snprintf(text, sizeof text, "%04u0101000000Z", from);
	ASN1_TIME_set_string_X509(X509_getm_notBefore(s.cert), text);
	snprintf(text, sizeof text, "%04u0101000000Z", to);
	ASN1_TIME_set_string_X509(X509_getm_notAfter(s.cert), text);
	X509_set_pubkey(s.cert, s.key);
	extend(s.cert, NID_basic_constraints, purpose ? "CA:FALSE" : "critical,CA:TRUE");
	extend(s.cert, NID_key_usage, purpose ? "digitalSignature" : "keyCertSign,cRLSign");
	if (purpose)
		extend(s.cert, NID_ext_key_usage, purpose);
	assert_int_not_equal(X509_sign(s.cert, issuer ? issuer->key : s.key, EVP_sha256()), 0);
	return s;
}

/* root, and below it a signer, one that has expired in 2021, and a time stamping authority. */
struct people {
	struct signer root, leaf, old, web, tsa;
};

MADE struct people make_people(void)
{
	struct people p;

	p.root = make_signer("root", NULL, NULL, 2015, 2045);
	p.leaf = make_signer("leaf", &p.root, "codeSigning", 2019, 2045);
	p.old = make_signer("old", &p.root, "codeSigning", 2019, 2021);
	p.web = make_signer("web", &p.root, "serverAuth", 2019, 2045);
	p.tsa = make_signer("tsa", &p.root, "critical,timeStamping", 2019, 2045);
	return p;
}

MADE void free_people(struct people *p)
{
	free_signer(&p->root);
	free_signer(&p->leaf);
	free_signer(&p->old);
	free_signer(&p->web);
	free_signer(&p->tsa);
}

MADE void add_pem(struct buf *out, X509 *cert)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *text;

	assert_int_equal(PEM_write_bio_X509(bio, cert), 1);
	long len = BIO_get_mem_data(bio, &text);

	add(out, text, (size_t)len);
	BIO_free(bio);
}

MADE struct authenticode_roots *make_roots(X509 *cert)
{
	struct buf pem = BUF_INIT(MADE_MAX);
	struct error err = ERROR_INIT;

	add_pem(&pem, cert);
	struct authenticode_roots *r = authenticode_roots_load(pem.bytes, pem.len, &err);

	assert_no_error(err);
	buf_clear(&pem);
	return r;
}

/* ---- signatures ---- */

struct signature_spec {
	const struct signer *by;
	const EVP_MD *hash;        /* of attributes and content; default SHA-256 */
	const EVP_MD *file_hash;   /* default hash */
	const char *content_type;  /* that the attributes state; default OID_SPC */
	const char *stamp;         /* GeneralizedTime of an RFC 3161 time stamp by tsa */
	const char *countersigned; /* UTCTime of a PKCS#9 countersignature by tsa */
	const struct signer *tsa;
	const struct signer *also; /* whose certificate is in it too */
	bool other_imprint;     /* the time is of another signature */
	bool other_content;     /* messageDigest is not that of the content */
	bool no_certificates;
	bool other_file; /* the outermost signature is of other bytes */
	unsigned certificates;  /* this many more, the same again */
	unsigned nested;        /* this many signatures inside */
};

/* SignerInfo by s over content; unsigned_attributes (may be empty) is emptied. */
MADE void signer_info(struct buf *out, const struct signer *s, const EVP_MD *md, const char *type,
		      const char *utc, const struct buf *content, struct buf *signature,
		      struct buf *unsigned_attributes)
{
	struct buf b = BUF_INIT(MADE_MAX), name = BUF_INIT(MADE_MAX), value = BUF_INIT(MADE_MAX);
	struct buf attributes = BUF_INIT(MADE_MAX), algorithm = BUF_INIT(MADE_MAX);
	unsigned char *der = NULL, octets[512];
	size_t len = sizeof octets;
	int n = i2d_X509_NAME(X509_get_issuer_name(s->cert), &der);

	element(&b, DER_INTEGER, "\1", 1);
	add(&name, der, (size_t)n);
	OPENSSL_free(der);
	der = NULL;
	n = i2d_ASN1_INTEGER(X509_get0_serialNumber(s->cert), &der);
	add(&name, der, (size_t)n);
	OPENSSL_free(der);
	add_wrapped(&b, DER_SEQUENCE, &name);
	hash_algorithm(&b, md);
	oid(&value, type);
	attribute(&attributes, OID_CONTENT_TYPE, &value);
	if (utc) {
		element(&value, DER_UTC_TIME, utc, strlen(utc));
		attribute(&attributes, OID_SIGNING_TIME, &value);
	}
	digest_of(md, content->bytes, content->len, &value);
	attribute(&attributes, OID_MESSAGE_DIGEST, &value);
	wrap(&attributes, DER_SET);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	assert_int_equal(EVP_DigestSignInit(ctx, NULL, md, NULL, s->key), 1);
	assert_int_equal(EVP_DigestSign(ctx, octets, &len, attributes.bytes, attributes.len), 1);
	EVP_MD_CTX_free(ctx);
	attributes.bytes[0] = DER_CONTEXT + 0;
	add(&b, attributes.bytes, attributes.len);
	buf_clear(&attributes);
	oid(&algorithm, OID_ECDSA);
	add_wrapped(&b, DER_SEQUENCE, &algorithm);
	element(&b, DER_OCTET_STRING, octets, len);
	if (signature)
		add(signature, octets, len);
	if (unsigned_attributes && unsigned_attributes->len)
		add_wrapped(&b, DER_CONTEXT + 1, unsigned_attributes);
	add_wrapped(out, DER_SEQUENCE, &b);
}

/* ContentInfo around what signer_info() made. */
MADE void signed_data(struct buf *out, const char *type, unsigned char tag,
		      const struct buf *content, const struct signer *s, unsigned certificates,
		      const struct signer *also, struct buf *info)
{
	struct buf b = BUF_INIT(MADE_MAX), hashes = BUF_INIT(MADE_MAX), inner = BUF_INIT(MADE_MAX);
	unsigned char *der = NULL;
	int n = i2d_X509(s->cert, &der);

	element(&b, DER_INTEGER, "\1", 1);
	add_wrapped(&b, DER_SET, &hashes);
	element(&inner, tag, content->bytes, content->len);
	wrap(&inner, DER_CONTEXT + 0);
	struct buf info_of = BUF_INIT(MADE_MAX);
	oid(&info_of, type);
	add(&info_of, inner.bytes, inner.len);
	buf_clear(&inner);
	add_wrapped(&b, DER_SEQUENCE, &info_of);
	for (unsigned i = 0; i < certificates; i++)
		add(&inner, der, (size_t)n);
	OPENSSL_free(der);
	der = NULL;
	if (also) {
		n = i2d_X509(also->cert, &der);
		add(&inner, der, (size_t)n);
		OPENSSL_free(der);
	}
	add_wrapped(&b, DER_CONTEXT + 0, &inner);
	add_wrapped(&b, DER_SET, info);
	wrap(&b, DER_SEQUENCE);
	oid(&inner, OID_SIGNED_DATA);
	add_wrapped(&inner, DER_CONTEXT + 0, &b);
	add_wrapped(out, DER_SEQUENCE, &inner);
}

MADE void time_stamp(struct buf *out, const struct signature_spec *spec,
		     const struct buf *signature)
{
	struct buf tst = BUF_INIT(MADE_MAX), imprint = BUF_INIT(MADE_MAX), info = BUF_INIT(MADE_MAX);
	struct buf token = BUF_INIT(MADE_MAX);

	element(&tst, DER_INTEGER, "\1", 1);
	oid(&tst, "\x2a\x03");
	hash_algorithm(&imprint, EVP_sha256());
	digest_of(EVP_sha256(), signature->bytes, signature->len - spec->other_imprint, &imprint);
	add_wrapped(&tst, DER_SEQUENCE, &imprint);
	element(&tst, DER_INTEGER, "\7", 1);
	element(&tst, DER_GENERALIZED_TIME, spec->stamp, strlen(spec->stamp));
	wrap(&tst, DER_SEQUENCE);
	signer_info(&info, spec->tsa, EVP_sha256(), OID_TST_INFO, NULL, &tst, NULL, NULL);
	signed_data(&token, OID_TST_INFO, DER_OCTET_STRING, &tst, spec->tsa, 1, NULL, &info);
	buf_clear(&tst);
	attribute(out, OID_STAMP, &token);
}

MADE void countersign(struct buf *out, const struct signature_spec *spec,
		      const struct buf *signature)
{
	struct buf info = BUF_INIT(MADE_MAX), covered = *signature;

	covered.len -= spec->other_imprint;
	signer_info(&info, spec->tsa, spec->hash, OID_PKCS "\x07\x01", spec->countersigned, &covered,
		    NULL, NULL);
	attribute(out, OID_COUNTERSIGNATURE, &info);
}

/* The signature of a file with these digests. */
MADE void sign_file(struct buf *out, const struct signature_spec *given, const struct buf *digested)
{
	struct buf content = BUF_INIT(MADE_MAX), about = BUF_INIT(MADE_MAX);
	struct buf info = BUF_INIT(MADE_MAX), first = BUF_INIT(MADE_MAX);
	struct buf signature = BUF_INIT(MADE_MAX), attributes = BUF_INIT(MADE_MAX);
	struct signature_spec spec = *given;

	spec.hash = spec.hash ? spec.hash : EVP_sha256();
	spec.file_hash = spec.file_hash ? spec.file_hash : spec.hash;
	oid(&about, OID_MS "\x02\x01\x1c");
	add_wrapped(&content, DER_SEQUENCE, &about);
	hash_algorithm(&about, spec.file_hash);
	digest_of(spec.file_hash, digested->bytes, digested->len - spec.other_file, &about);
	add_wrapped(&content, DER_SEQUENCE, &about);
	struct buf covered = content;
	covered.len -= spec.other_content;
	const char *type = spec.content_type ? spec.content_type : OID_SPC;

	/* Once without unsigned attributes, which need the signature; ECDSA gives another. */
	struct buf none = BUF_INIT(MADE_MAX);
	signer_info(&info, spec.by, spec.hash, type, NULL, &covered, &signature, &none);
	if (spec.stamp)
		time_stamp(&attributes, &spec, &signature);
	if (spec.countersigned)
		countersign(&attributes, &spec, &signature);
	for (unsigned i = 0; i < spec.nested; i++) {
		struct signature_spec inner = { .by = spec.by };

		sign_file(&first, &inner, digested);
		attribute(&attributes, OID_NESTED, &first);
	}
	if (attributes.len) { /* behind the last element of the SignerInfo */
		struct der at = { info.bytes, info.len }, contents;

		assert_true(der_take(&at, DER_SEQUENCE, &contents));
		add(&first, contents.at, contents.left);
		add_wrapped(&first, DER_CONTEXT + 1, &attributes);
		buf_clear(&info);
		add_wrapped(&info, DER_SEQUENCE, &first);
	}
	signed_data(out, OID_SPC, DER_SEQUENCE, &content, spec.by,
		    spec.no_certificates ? 0 : 1 + spec.certificates, spec.also, &info);
	buf_clear(&content);
	buf_clear(&signature);
}

/* ---- cabinets ---- */

MADE void put32(unsigned char *p, size_t value)
{
	for (int i = 0; i < 4; i++)
		p[i] = (unsigned char)(value >> (8 * i));
}

enum { MADE_BODY = 100 };

/* A cabinet of 160 bytes, with the signature of spec behind it. */
MADE void make_cab(struct buf *out, const struct signature_spec *spec)
{
	unsigned char h[AUTHENTICODE_CAB_HEADER + MADE_BODY] = "MSCF";
	struct buf digested = BUF_INIT(MADE_MAX), signature = BUF_INIT(MADE_MAX);

	put32(h + 8, sizeof h);
	h[24] = 3;
	h[25] = h[26] = h[28] = 1;
	h[30] = 4;
	h[36] = 20;
	put32(h + 40, 0x100000);
	put32(h + 44, sizeof h);
	for (size_t i = AUTHENTICODE_CAB_HEADER; i < sizeof h; i++)
		h[i] = (unsigned char)i;
	add(&digested, h, 4);
	add(&digested, h + 8, 26);
	add(&digested, h + 56, sizeof h - 56);
	sign_file(&signature, spec, &digested);
	while (signature.len % 8)
		add(&signature, "", 1);
	put32(h + 48, signature.len);
	add(out, h, sizeof h);
	add(out, signature.bytes, signature.len);
	buf_clear(&digested);
	buf_clear(&signature);
}

#endif
