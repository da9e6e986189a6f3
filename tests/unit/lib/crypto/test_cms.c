#include "lib/crypto/cms.h"

#include "lib/base/limits.h"
#include "lib/crypto/cms_internal.h"
#include "tests/unit/lib/crypto/made.h"

#include <openssl/cms.h>
#include <openssl/rsa.h>

#define MESSAGE "gapferry-manifest 1\nchannel a\nend 3\n"
static const unsigned char message[] = MESSAGE;
enum { MESSAGE_LEN = sizeof MESSAGE - 1 };

enum { BUILD = CMS_BINARY | CMS_DETACHED | CMS_PARTIAL, GOOD = CMS_CADES | CMS_NOSMIMECAP };

/* The pinned signer, somebody else, and the genuine signature. */
struct bench {
	struct person ann, bob;
	struct buf genuine;
};

static int set_up(void **state)
{
	static struct bench b;
	struct error err = ERROR_INIT;

	b.ann = make_person(KEY_ROLE_BUILDER, "ann");
	b.bob = make_person(KEY_ROLE_BUILDER, "bob");
	b.genuine = (struct buf)BUF_INIT(LIMIT_SIGNATURE_BYTES);
	if (cms_sign(b.ann.key, b.ann.cert, message, MESSAGE_LEN, &b.genuine, &err) < 0)
		fail_msg("%s", err.message);
	*state = &b;
	return 0;
}

static int tear_down(void **state)
{
	struct bench *b = *state;

	free_person(&b->ann);
	free_person(&b->bob);
	buf_clear(&b->genuine);
	return 0;
}

static void check(const struct bench *b, const unsigned char *sig, size_t len, enum error_id id,
		  const char *what)
{
	unsigned char *exact = buf_malloc(len ? len : 1);
	struct error err = ERROR_INIT;

	memcpy(exact, sig, len);
	int result = cms_verify(exact, len, message, MESSAGE_LEN, b->ann.cert, &err);

	free(exact);
	if (err.id != id || (result == 0) != (id == ERROR_NONE))
		fail_msg("%s: %s \"%s\", want %s", what, error_id_text(err.id), err.message,
			 error_id_text(id));
}

/* ---- signatures that OpenSSL makes when asked for something else ---- */

static CMS_SignerInfo *add(CMS_ContentInfo *cms, const struct person *p, const EVP_MD *md,
			   unsigned flags)
{
	CMS_SignerInfo *s = CMS_add1_signer(cms, key_cert_handle(p->cert), key_handle(p->key), md,
					    BUILD | flags);
	assert_non_null(s);
	return s;
}

static void finish(CMS_ContentInfo *cms, unsigned flags)
{
	BIO *in = BIO_new_mem_buf(message, MESSAGE_LEN);

	assert_int_equal(CMS_final(cms, in, NULL, CMS_BINARY | flags), 1);
	BIO_free(in);
}

static CMS_ContentInfo *start(void)
{
	return CMS_sign(NULL, NULL, NULL, NULL, BUILD);
}

static CMS_ContentInfo *plain(const struct bench *b, const EVP_MD *md, unsigned flags)
{
	CMS_ContentInfo *cms = start();

	add(cms, &b->ann, md, flags);
	finish(cms, CMS_DETACHED);
	return cms;
}

static CMS_ContentInfo *good(const struct bench *b)
{
	return plain(b, EVP_sha384(), GOOD);
}

static CMS_ContentInfo *no_attributes(const struct bench *b)
{
	return plain(b, EVP_sha384(), CMS_NOATTR);
}

static CMS_ContentInfo *sha256(const struct bench *b)
{
	return plain(b, EVP_sha256(), GOOD);
}

static CMS_ContentInfo *sha1(const struct bench *b)
{
	return plain(b, EVP_sha1(), GOOD);
}

static CMS_ContentInfo *without_ess(const struct bench *b)
{
	return plain(b, EVP_sha384(), CMS_NOSMIMECAP);
}

static CMS_ContentInfo *capabilities(const struct bench *b)
{
	return plain(b, EVP_sha384(), CMS_CADES);
}

static CMS_ContentInfo *by_key_id(const struct bench *b)
{
	return plain(b, EVP_sha384(), GOOD | CMS_USE_KEYID);
}

static CMS_ContentInfo *no_certificate(const struct bench *b)
{
	return plain(b, EVP_sha384(), GOOD | CMS_NOCERTS);
}

static CMS_ContentInfo *two_signers(const struct bench *b)
{
	CMS_ContentInfo *cms = start();

	add(cms, &b->ann, EVP_sha384(), GOOD);
	add(cms, &b->bob, EVP_sha384(), GOOD);
	finish(cms, CMS_DETACHED);
	return cms;
}

static CMS_ContentInfo *one_signer_twice(const struct bench *b)
{
	CMS_ContentInfo *cms = start();

	add(cms, &b->ann, EVP_sha384(), GOOD);
	add(cms, &b->ann, EVP_sha384(), GOOD | CMS_NOCERTS);
	finish(cms, CMS_DETACHED);
	return cms;
}

static CMS_ContentInfo *no_signer(const struct bench *b)
{
	CMS_ContentInfo *cms = CMS_sign(NULL, NULL, NULL, NULL, BUILD);

	CMS_add1_cert(cms, key_cert_handle(b->ann.cert));
	return cms;
}

static CMS_ContentInfo *embedded(const struct bench *b)
{
	CMS_ContentInfo *cms = CMS_sign(NULL, NULL, NULL, NULL, CMS_BINARY | CMS_PARTIAL);

	CMS_add1_signer(cms, key_cert_handle(b->ann.cert), key_handle(b->ann.key), EVP_sha384(),
			CMS_BINARY | CMS_PARTIAL | GOOD);
	finish(cms, 0);
	return cms;
}

static CMS_ContentInfo *other_content_type(const struct bench *b)
{
	CMS_ContentInfo *cms = start();

	add(cms, &b->ann, EVP_sha384(), GOOD);
	CMS_set1_eContentType(cms, OBJ_nid2obj(NID_id_smime_ct_TSTInfo));
	finish(cms, CMS_DETACHED);
	return cms;
}

static CMS_ContentInfo *unsigned_attribute(const struct bench *b, int nid, int type)
{
	CMS_ContentInfo *cms = good(b);
	CMS_SignerInfo *s = sk_CMS_SignerInfo_value(CMS_get0_SignerInfos(cms), 0);

	assert_int_equal(CMS_unsigned_add1_attr_by_NID(s, nid, type, "0\3\2\1\1", 5), 1);
	return cms;
}

static CMS_ContentInfo *counter_note(const struct bench *b)
{
	return unsigned_attribute(b, NID_pkcs9_unstructuredName, V_ASN1_UTF8STRING);
}

static CMS_ContentInfo *time_stamp(const struct bench *b)
{
	return unsigned_attribute(b, NID_id_smime_aa_timeStampToken, V_ASN1_OCTET_STRING);
}

static CMS_ContentInfo *two_time_stamps(const struct bench *b)
{
	CMS_ContentInfo *cms = time_stamp(b);
	CMS_SignerInfo *s = sk_CMS_SignerInfo_value(CMS_get0_SignerInfos(cms), 0);

	CMS_unsigned_add1_attr_by_NID(s, NID_pkcs9_unstructuredName, V_ASN1_UTF8STRING, "x", 1);
	return cms;
}

static CMS_ContentInfo *extra_signed(const struct bench *b)
{
	CMS_ContentInfo *cms = start();
	CMS_SignerInfo *s = add(cms, &b->ann, EVP_sha384(), GOOD);

	CMS_signed_add1_attr_by_NID(s, NID_pkcs9_unstructuredName, V_ASN1_UTF8STRING, "x", 1);
	finish(cms, CMS_DETACHED);
	return cms;
}

static CMS_ContentInfo *with_crl(const struct bench *b)
{
	CMS_ContentInfo *cms = good(b);
	X509_CRL *crl = X509_CRL_new();
	ASN1_TIME *now = ASN1_TIME_adj(NULL, 1700000000, 0, 0);

	X509_CRL_set_version(crl, X509_CRL_VERSION_2);
	X509_CRL_set_issuer_name(crl, X509_get_subject_name(key_cert_handle(b->ann.cert)));
	X509_CRL_set1_lastUpdate(crl, now);
	X509_CRL_set1_nextUpdate(crl, now);
	assert_true(X509_CRL_sign(crl, key_handle(b->ann.key), EVP_sha384()) > 0);
	assert_int_equal(CMS_add1_crl(cms, crl), 1);
	X509_CRL_free(crl);
	ASN1_TIME_free(now);
	return cms;
}

static CMS_ContentInfo *with_certs(const struct bench *b, int others)
{
	CMS_ContentInfo *cms = good(b);

	for (int i = 0; i < others; i++) {
		struct person p = make_person(KEY_ROLE_ROOT, "extra");

		assert_int_equal(CMS_add1_cert(cms, key_cert_handle(p.cert)), 1);
		free_person(&p);
	}
	return cms;
}

static CMS_ContentInfo *four_certs(const struct bench *b)
{
	return with_certs(b, 3);
}

static CMS_ContentInfo *five_certs(const struct bench *b)
{
	return with_certs(b, 4);
}

static CMS_ContentInfo *by_bob(const struct bench *b)
{
	CMS_ContentInfo *cms = start();

	add(cms, &b->bob, EVP_sha384(), GOOD);
	finish(cms, CMS_DETACHED);
	return cms;
}

/* Bob's signature that carries Ann's certificate too. */
static CMS_ContentInfo *by_bob_for_ann(const struct bench *b)
{
	CMS_ContentInfo *cms = by_bob(b);

	CMS_add1_cert(cms, key_cert_handle(b->ann.cert));
	return cms;
}

static CMS_ContentInfo *not_signed_data(const struct bench *b)
{
	BIO *in = BIO_new_mem_buf(message, MESSAGE_LEN);
	CMS_ContentInfo *cms = CMS_data_create(in, CMS_BINARY);

	(void)b;
	BIO_free(in);
	return cms;
}

static void every_rule_of_the_profile_refuses(void **state)
{
	static const struct {
		const char *what;
		CMS_ContentInfo *(*make)(const struct bench *b);
		enum error_id id;
	} rows[] = {
		{ "good", good, ERROR_NONE },
		{ "a time stamp token", time_stamp, ERROR_NONE },
		{ "four certificates", four_certs, ERROR_NONE },
		{ "no signed attributes", no_attributes, ERROR_CMS_NO_SIGNED_ATTRIBUTES },
		{ "SHA-256", sha256, ERROR_CMS_DIGEST },
		{ "SHA-1", sha1, ERROR_CMS_DIGEST },
		{ "no ESS attribute", without_ess, ERROR_CMS_ESS },
		{ "SMIMECapabilities", capabilities, ERROR_CMS_SIGNED_ATTRIBUTE },
		{ "another signed attribute", extra_signed, ERROR_CMS_SIGNED_ATTRIBUTE },
		{ "key id", by_key_id, ERROR_CMS_VERSION },
		{ "no certificate", no_certificate, ERROR_CMS_CERTIFICATES },
		{ "five certificates", five_certs, ERROR_CMS_CERTIFICATES },
		{ "another signer", by_bob, ERROR_CMS_CERTIFICATES },
		{ "another signer, our certificate", by_bob_for_ann, ERROR_CMS_SIGNER_ID },
		{ "two signers", two_signers, ERROR_CMS_SIGNERS },
		{ "one signer twice", one_signer_twice, ERROR_CMS_SIGNERS },
		{ "no signer", no_signer, ERROR_CMS_DIGEST },
		{ "embedded content", embedded, ERROR_CMS_EMBEDDED },
		{ "other content type", other_content_type, ERROR_CMS_VERSION },
		{ "unsigned attribute", counter_note, ERROR_CMS_UNSIGNED_ATTRIBUTE },
		{ "time stamp and more", two_time_stamps, ERROR_CMS_UNSIGNED_ATTRIBUTE },
		{ "CRL", with_crl, ERROR_CMS_REVOCATION },
		{ "not signed data", not_signed_data, ERROR_CMS_TYPE },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		CMS_ContentInfo *cms = rows[i].make(*state);
		unsigned char *der = NULL;
		int len = i2d_CMS_ContentInfo(cms, &der);

		assert_true(len > 0);
		check(*state, der, (size_t)len, rows[i].id, rows[i].what);
		OPENSSL_free(der);
		CMS_ContentInfo_free(cms);
	}
}

/* ---- the genuine signature, edited ---- */

/* Where the nth (from 0) occurrence of some bytes ends. */
static unsigned char *after(const struct buf *b, const void *what, size_t len, int nth)
{
	unsigned char *at = b->bytes;

	for (;; nth--) {
		at = memmem(at, b->len - (size_t)(at - b->bytes), what, len);
		assert_non_null(at);
		at += len;
		if (nth == 0)
			return at;
	}
}

static void edits_of_the_genuine_signature_are_refused(void **state)
{
	static const unsigned char id_data[] = { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 1 };
	static const unsigned char ecdsa[] = { 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 3 };
	struct bench *b = *state;
	const ASN1_INTEGER *serial = X509_get0_serialNumber(key_cert_handle(b->ann.cert));
	size_t serial_len = (size_t)ASN1_STRING_length(serial);
	const unsigned char *serial_bytes = ASN1_STRING_get0_data(serial);
	const struct {
		const char *what;
		const void *find;
		size_t len;
		int nth;
		enum error_id id;
	} rows[] = {
		{ "content type", id_data, sizeof id_data, 0, ERROR_CMS_CONTENT_TYPE },
		{ "signed content type", id_data, sizeof id_data, 1, ERROR_CMS_CONTENT_TYPE },
		{ "serial of the certificate", serial_bytes, serial_len, 0,
		  ERROR_CMS_CERTIFICATES },
		{ "serial of the signer", serial_bytes, serial_len, 1, ERROR_CMS_SIGNER_ID },
		{ "serial in ESS", serial_bytes, serial_len, 2, ERROR_CMS_SIGNATURE },
		{ "signature algorithm", ecdsa, sizeof ecdsa, 2, ERROR_CMS_ALGORITHM },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		unsigned char *at = after(&b->genuine, rows[i].find, rows[i].len, rows[i].nth) - 1;

		*at ^= 1;
		check(b, b->genuine.bytes, b->genuine.len, rows[i].id, rows[i].what);
		*at ^= 1;
	}
	b->genuine.bytes[b->genuine.len - 1] ^= 1;
	check(b, b->genuine.bytes, b->genuine.len, ERROR_CMS_SIGNATURE, "last byte");
	b->genuine.bytes[b->genuine.len - 1] ^= 1;
	check(b, b->genuine.bytes, b->genuine.len, ERROR_NONE, "restored");
}

static void no_flipped_bit_and_no_prefix_is_accepted(void **state)
{
	struct bench *b = *state;

	for (size_t i = 0; i < 8 * b->genuine.len; i++) {
		struct error err = ERROR_INIT;

		b->genuine.bytes[i / 8] ^= (unsigned char)(1u << i % 8);
		if (cms_verify(b->genuine.bytes, b->genuine.len, message, MESSAGE_LEN, b->ann.cert,
			       &err) == 0)
			fail_msg("bit %zu of byte %zu changed and accepted", i % 8, i / 8);
		b->genuine.bytes[i / 8] ^= (unsigned char)(1u << i % 8);
	}
	for (size_t i = 0; i < b->genuine.len; i++) {
		struct error err = ERROR_INIT;

		assert_int_equal(
			cms_verify(b->genuine.bytes, i, message, MESSAGE_LEN, b->ann.cert, &err),
			-1);
		assert_error(err, ERROR_CMS_FORMAT, "CMS");
	}
}

static void one_encoding_is_accepted(void **state)
{
	struct bench *b = *state;
	unsigned char bytes[LIMIT_SIGNATURE_BYTES + 1] = { 0 };
	size_t len = b->genuine.len;

	/* Bytes after the end. */
	memcpy(bytes, b->genuine.bytes, len);
	check(b, bytes, len + 1, ERROR_CMS_TRAILING, "one byte more");
	check(b, bytes, LIMIT_SIGNATURE_BYTES, ERROR_CMS_TRAILING, "as many as allowed");
	check(b, bytes, LIMIT_SIGNATURE_BYTES + 1, ERROR_CMS_SIZE, "one too many");
	/* An indefinite outer length (the genuine header is 30 82 hh ll). */
	assert_int_equal(bytes[1], 0x82);
	bytes[1] = 0x80;
	memmove(bytes + 2, b->genuine.bytes + 4, len - 4);
	memset(bytes + len - 2, 0, 2);
	check(b, bytes, len, ERROR_CMS_ENCODING, "indefinite length");
	/* A length with a leading zero. */
	memcpy(bytes + 5, b->genuine.bytes + 4, len - 4);
	memcpy(bytes, (unsigned char[]){ 0x30, 0x83, 0 }, 3);
	memcpy(bytes + 3, b->genuine.bytes + 2, 2);
	check(b, bytes, len + 1, ERROR_CMS_ENCODING, "long length");
	check(b, bytes, 0, ERROR_CMS_FORMAT, "nothing");
	check(b, (const unsigned char *)"hello", 5, ERROR_CMS_FORMAT, "text");
}

static void other_bytes_are_not_signed(void **state)
{
	struct bench *b = *state;
	struct error err = ERROR_INIT;
	unsigned char other[MESSAGE_LEN];

	memcpy(other, message, sizeof other);
	other[MESSAGE_LEN - 1] ^= 1;
	assert_int_equal(
		cms_verify(b->genuine.bytes, b->genuine.len, other, MESSAGE_LEN, b->ann.cert, &err),
		-1);
	assert_error(err, ERROR_CMS_MESSAGE_DIGEST, "other bytes");
	error_clear(&err);
	assert_int_equal(cms_verify(b->genuine.bytes, b->genuine.len, message, MESSAGE_LEN - 1,
				    b->ann.cert, &err),
			 -1);
	assert_error(err, ERROR_CMS_MESSAGE_DIGEST, "other bytes");
}

/* ---- the forgery by signed attributes (docs/SECURITY.md) ---- */

static void put(struct buf *out, unsigned char tag, const void *bytes, size_t len)
{
	const unsigned char head[] = { tag, 0x82, (unsigned char)(len >> 8), (unsigned char)len };
	const unsigned char small[] = { tag, (unsigned char)len };
	const unsigned char middle[] = { tag, 0x81, (unsigned char)len };
	struct error err = ERROR_INIT;

	if (len < 0x80)
		assert_int_equal(buf_append(out, small, 2, &err), 0);
	else if (len < 0x100)
		assert_int_equal(buf_append(out, middle, 3, &err), 0);
	else
		assert_int_equal(buf_append(out, head, 4, &err), 0);
	assert_int_equal(buf_append(out, bytes, len, &err), 0);
}

/* The SignerInfo without its [0]; the SET that becomes the content. */
static void split_signer(struct der signer, struct buf *bare, struct buf *content)
{
	CLEANUP(buf_clear) struct buf rest = BUF_INIT(LIMIT_SIGNATURE_BYTES);
	struct error err = ERROR_INIT;
	struct der value, whole;
	unsigned char tag;

	while (signer.left) {
		assert_true(der_next(&signer, &tag, &value, &whole));
		if (tag == DER_CONTEXT)
			put(content, DER_SET, value.at, value.left);
		else
			assert_int_equal(buf_append(&rest, whole.at, whole.left, &err), 0);
	}
	put(bare, DER_SEQUENCE, rest.bytes, rest.len);
}

static void forge(const struct buf *genuine, struct buf *forged, struct buf *content)
{
	CLEANUP(buf_clear) struct buf bare = BUF_INIT(LIMIT_SIGNATURE_BYTES);
	CLEANUP(buf_clear) struct buf data = BUF_INIT(LIMIT_SIGNATURE_BYTES);
	CLEANUP(buf_clear) struct buf wrapped = BUF_INIT(LIMIT_SIGNATURE_BYTES);
	CLEANUP(buf_clear) struct buf info = BUF_INIT(LIMIT_SIGNATURE_BYTES);
	struct der at = { genuine->bytes, genuine->len }, body, whole, signers, signer, outer;
	struct error err = ERROR_INIT;
	unsigned char tag;

	assert_true(der_take(&at, DER_SEQUENCE, &outer));
	assert_true(der_next(&outer, &tag, &body, &whole));
	assert_int_equal(buf_append(&info, whole.at, whole.left, &err), 0);
	assert_true(der_take(&outer, DER_CONTEXT, &body));
	assert_true(der_take(&body, DER_SEQUENCE, &at));
	for (int i = 0; i < 4; i++) { /* version, digests, content, certificates */
		assert_true(der_next(&at, &tag, &body, &whole));
		assert_int_equal(buf_append(&data, whole.at, whole.left, &err), 0);
	}
	assert_true(der_take(&at, DER_SET, &signers));
	assert_true(der_take(&signers, DER_SEQUENCE, &signer));
	split_signer(signer, &bare, content);
	put(&data, DER_SET, bare.bytes, bare.len);
	put(&wrapped, DER_SEQUENCE, data.bytes, data.len);
	put(&info, DER_CONTEXT, wrapped.bytes, wrapped.len);
	put(forged, DER_SEQUENCE, info.bytes, info.len);
}

static void the_signed_attributes_forgery_fails(void **state)
{
	CLEANUP(buf_clear) struct buf forged = BUF_INIT(LIMIT_SIGNATURE_BYTES);
	CLEANUP(buf_clear) struct buf content = BUF_INIT(LIMIT_SIGNATURE_BYTES);
	struct bench *b = *state;
	struct error err = ERROR_INIT;

	forge(&b->genuine, &forged, &content);
	/* OpenSSL alone believes it: this is why the profile exists. */
	const unsigned char *at = forged.bytes;
	CMS_ContentInfo *cms = d2i_CMS_ContentInfo(NULL, &at, (long)forged.len);
	BIO *in = BIO_new_mem_buf(content.bytes, (int)content.len);

	assert_int_equal(CMS_verify(cms, NULL, NULL, in, NULL,
				    CMS_BINARY | CMS_DETACHED | CMS_NO_SIGNER_CERT_VERIFY),
			 1);
	BIO_free(in);
	CMS_ContentInfo_free(cms);
	/* We do not, for either of two reasons. */
	assert_int_equal(
		cms_verify(forged.bytes, forged.len, content.bytes, content.len, b->ann.cert, &err),
		-1);
	assert_error(err, ERROR_CMS_CONTENT, "magic");
	check(b, forged.bytes, forged.len, ERROR_CMS_NO_SIGNED_ATTRIBUTES, "forgery");
}

static void only_texts_of_ours_are_signed(void **state)
{
	static unsigned char big[LIMIT_MANIFEST_BYTES + 1];
	struct bench *b = *state;
	const struct {
		const void *bytes;
		size_t len;
		enum error_id id;
	} rows[] = {
		{ big, LIMIT_MANIFEST_BYTES, ERROR_NONE },
		{ big, LIMIT_MANIFEST_BYTES + 1, ERROR_CMS_CONTENT },
		{ "", 0, ERROR_CMS_CONTENT },
		{ "1", 1, ERROR_CMS_CONTENT },
		{ "A", 1, ERROR_CMS_CONTENT },
		{ "{", 1, ERROR_CMS_CONTENT },
	};

	memset(big, 'g', sizeof big);
	for (size_t i = 0; i < COUNT(rows); i++) {
		CLEANUP(buf_clear) struct buf sig = BUF_INIT(LIMIT_SIGNATURE_BYTES);
		struct error err = ERROR_INIT;
		int result =
			cms_sign(b->ann.key, b->ann.cert, rows[i].bytes, rows[i].len, &sig, &err);

		assert_int_equal(result, rows[i].id == ERROR_NONE ? 0 : -1);
		assert_int_equal(err.id, rows[i].id);
	}
	CLEANUP(buf_clear) struct buf sig = BUF_INIT(LIMIT_SIGNATURE_BYTES);
	struct error err = ERROR_INIT;

	assert_int_equal(cms_sign(b->ann.key, b->bob.cert, message, MESSAGE_LEN, &sig, &err), -1);
	assert_error(err, ERROR_KEY_MISMATCH, "bob");
}

/* Two certificates of one key, issuer and serial number: only ESS tells them apart. */
static void the_certificate_is_bound_not_just_the_key(void **state)
{
	struct bench *b = *state;
	struct odd_cert odd = { key_handle(b->ann.key),
				2,
				"ann",
				NULL,
				"critical,CA:FALSE",
				"critical,digitalSignature",
				"codeSigning," ROLE_BUILDER_OID };
	struct bench pinned = { .ann = { NULL, NULL } };
	struct error err = ERROR_INIT;
	size_t len;
	char *pem = make_odd_pem(&odd, &len);

	pinned.ann.cert = key_cert_load((unsigned char *)pem, len, &err);
	assert_no_error(err);
	odd.purposes = "codeSigning," ROLE_APPROVER_OID;
	X509 *other = make_odd_x509(&odd);
	CMS_ContentInfo *cms = start();
	unsigned char *der = NULL;

	assert_non_null(CMS_add1_signer(cms, other, odd.pkey, EVP_sha384(), BUILD | GOOD));
	assert_int_equal(CMS_add1_cert(cms, key_cert_handle(pinned.ann.cert)), 1);
	finish(cms, CMS_DETACHED);
	int der_len = i2d_CMS_ContentInfo(cms, &der);

	check(&pinned, der, (size_t)der_len, ERROR_CMS_ESS, "other certificate");
	OPENSSL_free(der);
	CMS_ContentInfo_free(cms);
	X509_free(other);
	key_cert_free(pinned.ann.cert);
	free(pem);
}

/* ---- RSA ---- */

static struct person rsa_person(void)
{
	EVP_PKEY *pkey = EVP_RSA_gen(3072);
	const struct odd_cert odd = { pkey,
				      2,
				      "rita",
				      NULL,
				      "critical,CA:FALSE",
				      "critical,digitalSignature",
				      "codeSigning," ROLE_BUILDER_OID };
	struct error err = ERROR_INIT;
	struct person p;
	size_t len;
	char *pem = make_odd_pem(&odd, &len);
	BIO *bio = BIO_new(BIO_s_mem());
	unsigned char *bytes = NULL;

	PEM_write_bio_PKCS8PrivateKey(bio, pkey, NULL, NULL, 0, NULL, NULL);
	long key_len = BIO_get_mem_data(bio, &bytes);
	p.key = key_load(bytes, (size_t)key_len, NULL, &err);
	p.cert = key_cert_load((unsigned char *)pem, len, &err);
	assert_no_error(err);
	BIO_free(bio);
	free(pem);
	EVP_PKEY_free(pkey);
	return p;
}

static void rsa_signs_with_pss_only(void **state)
{
	CLEANUP(buf_clear) struct buf sig = BUF_INIT(LIMIT_SIGNATURE_BYTES);
	struct bench r = { .ann = rsa_person() };
	struct error err = ERROR_INIT;

	(void)state;
	assert_int_equal(cms_sign(r.ann.key, r.ann.cert, message, MESSAGE_LEN, &sig, &err), 0);
	check(&r, sig.bytes, sig.len, ERROR_NONE, "PSS");

	/* PKCS #1 v1.5, and PSS with another salt. */
	for (int pss = 0; pss < 2; pss++) {
		CMS_ContentInfo *cms = start();
		CMS_SignerInfo *s = add(cms, &r.ann, EVP_sha384(), GOOD | CMS_KEY_PARAM);
		unsigned char *der = NULL;

		if (pss) {
			EVP_PKEY_CTX *ctx = CMS_SignerInfo_get0_pkey_ctx(s);

			EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING);
			EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, 32);
		}
		finish(cms, CMS_DETACHED);
		int len = i2d_CMS_ContentInfo(cms, &der);

		check(&r, der, (size_t)len, ERROR_CMS_ALGORITHM, pss ? "salt" : "PKCS #1 v1.5");
		OPENSSL_free(der);
		CMS_ContentInfo_free(cms);
	}
	free_person(&r.ann);
}

/* ---- in two steps ---- */

struct parts {
	struct buf attributes, value;
};

static struct parts make_parts(const struct person *p)
{
	struct parts made = { BUF_INIT(LIMIT_SIGNATURE_BYTES), BUF_INIT(LIMIT_SIGNATURE_BYTES) };
	struct error err = ERROR_INIT;

	assert_int_equal(cms_attributes(p->cert, message, MESSAGE_LEN, &made.attributes, &err), 0);
	assert_int_equal(
		key_sign(p->key, made.attributes.bytes, made.attributes.len, &made.value, &err), 0);
	return made;
}

static int join_parts(const struct parts *p, size_t attributes_len, size_t value_len,
		      const struct key_cert *cert, struct buf *out, struct error *err)
{
	const struct cms_signed from = { p->attributes.bytes, p->value.bytes, attributes_len,
					 value_len };

	return cms_join(&from, cert, message, MESSAGE_LEN, out, err);
}

static void two_steps_are_as_good_as_one(void **state)
{
	struct bench r = { .ann = rsa_person() }, *const benches[] = { *state, &r };

	for (size_t i = 0; i < COUNT(benches); i++) {
		CLEANUP(buf_clear) struct buf out = BUF_INIT(LIMIT_SIGNATURE_BYTES);
		struct parts p = make_parts(&benches[i]->ann);
		struct error err = ERROR_INIT;

		assert_int_equal(join_parts(&p, p.attributes.len, p.value.len, benches[i]->ann.cert,
					    &out, &err),
				 0);
		check(benches[i], out.bytes, out.len, ERROR_NONE, "joined");
		buf_clear(&p.attributes);
		buf_clear(&p.value);
	}
	free_person(&r.ann);
}

static void refuse_parts(const struct parts *p, size_t attributes_len, size_t value_len,
			 const struct key_cert *cert, const char *what, size_t at)
{
	CLEANUP(buf_clear) struct buf out = BUF_INIT(LIMIT_SIGNATURE_BYTES);
	struct error err = ERROR_INIT;

	if (join_parts(p, attributes_len, value_len, cert, &out, &err) == 0 || out.len > 0)
		fail_msg("%s %zu was accepted", what, at);
	assert_int_not_equal(err.id, ERROR_NONE);
}

static void no_other_parts_are_joined(void **state)
{
	struct bench *b = *state;
	struct parts p = make_parts(&b->ann);
	size_t a = p.attributes.len, v = p.value.len;

	for (size_t i = 0; i < 8 * a; i++) {
		p.attributes.bytes[i / 8] ^= (unsigned char)(1u << i % 8);
		refuse_parts(&p, a, v, b->ann.cert, "bit of the attributes", i);
		p.attributes.bytes[i / 8] ^= (unsigned char)(1u << i % 8);
	}
	for (size_t i = 0; i < 8 * v; i++) {
		p.value.bytes[i / 8] ^= (unsigned char)(1u << i % 8);
		refuse_parts(&p, a, v, b->ann.cert, "bit of the value", i);
		p.value.bytes[i / 8] ^= (unsigned char)(1u << i % 8);
	}
	for (size_t i = 0; i < a; i++)
		refuse_parts(&p, i, v, b->ann.cert, "attributes of length", i);
	for (size_t i = 0; i < v; i++)
		refuse_parts(&p, a, i, b->ann.cert, "value of length", i);
	refuse_parts(&p, a, v, b->bob.cert, "somebody else", 0);
	assert_true(cms_names(p.attributes.bytes, a, b->ann.cert));
	assert_false(cms_names(p.attributes.bytes, a, b->bob.cert));
	assert_false(cms_names(p.attributes.bytes, 20, b->ann.cert));
	buf_clear(&p.attributes);
	buf_clear(&p.value);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_rule_of_the_profile_refuses),
		cmocka_unit_test(edits_of_the_genuine_signature_are_refused),
		cmocka_unit_test(no_flipped_bit_and_no_prefix_is_accepted),
		cmocka_unit_test(one_encoding_is_accepted),
		cmocka_unit_test(other_bytes_are_not_signed),
		cmocka_unit_test(the_signed_attributes_forgery_fails),
		cmocka_unit_test(only_texts_of_ours_are_signed),
		cmocka_unit_test(the_certificate_is_bound_not_just_the_key),
		cmocka_unit_test(rsa_signs_with_pss_only),
		cmocka_unit_test(two_steps_are_as_good_as_one),
		cmocka_unit_test(no_other_parts_are_joined),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
