#include "lib/base/buf.h"
#include "lib/base/limits.h"
#include "lib/base/str.h"
#include "lib/crypto/key_internal.h"
#include "lib/crypto/openssl.h"

#include <assert.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct key_cert {
	X509 *x509;
	struct key_facts facts;
};

/* DER of the one certificate in a PEM file; OpenSSL allocates it. */
static int decode_pem(const unsigned char *pem, size_t len, unsigned char **der, long *der_len,
		      struct error *err)
{
	CLEANUP(BIO_free) BIO *bio = BIO_new_mem_buf(pem, (int)len);
	CLEANUP(openssl_free_text) char *name = NULL, *header = NULL, *second = NULL;
	CLEANUP(openssl_free_text) char *second_header = NULL;
	CLEANUP(openssl_free) unsigned char *second_bytes = NULL;
	long second_len;

	if (!bio || PEM_read_bio(bio, &name, &header, der, der_len) != 1)
		return openssl_fail(err, ERROR_CERT_FORMAT, "certificate: not a PEM file");
	if (strcmp(name, PEM_STRING_X509) != 0 || *header)
		return error_set(err, ERROR_CERT_FORMAT,
				 "certificate: the PEM file holds another thing");
	if (PEM_read_bio(bio, &second, &second_header, &second_bytes, &second_len) == 1 ||
	    ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE) {
		ERR_clear_error();
		return error_set(err, ERROR_CERT_FORMAT, "certificate: more than one in the file");
	}
	ERR_clear_error();
	return 0;
}

/* d2i must consume everything and i2d must give the same bytes back. */
static X509 *decode_der(const unsigned char *der, long len, struct error *err)
{
	const unsigned char *at = der;
	CLEANUP(X509_free) X509 *x509 = d2i_X509(NULL, &at, len);
	CLEANUP(openssl_free) unsigned char *again = NULL;

	if (!x509) {
		openssl_fail(err, ERROR_CERT_FORMAT, "certificate: not X.509");
		return NULL;
	}
	assert(der); /* or there would be no certificate */
	if (at != der + len || i2d_X509(x509, &again) != len ||
	    memcmp(again, der, (size_t)len) != 0) {
		error_set(err, ERROR_CERT_FORMAT, "certificate: not canonical DER");
		return NULL;
	}
	return STEAL(x509);
}

static int check_kind(X509 *x509, struct error *err)
{
	uint32_t flags = X509_get_extension_flags(x509), usage = X509_get_key_usage(x509);

	ERR_clear_error();
	if (flags & (EXFLAG_INVALID | EXFLAG_CRITICAL))
		return error_set(err, ERROR_CERT_PROFILE,
				 "certificate: an extension is malformed or "
				 "critical and unknown");
	if (X509_get_version(x509) != X509_VERSION_3)
		return error_set(err, ERROR_CERT_PROFILE, "certificate: not X.509 version 3");
	if (!(flags & EXFLAG_BCONS) || (flags & EXFLAG_CA))
		return error_set(err, ERROR_CERT_PROFILE,
				 "certificate: basicConstraints must say CA:FALSE");
	if (!(flags & EXFLAG_KUSAGE) || !(usage & KU_DIGITAL_SIGNATURE) ||
	    (usage & (KU_KEY_CERT_SIGN | KU_CRL_SIGN)))
		return error_set(err, ERROR_CERT_PROFILE,
				 "certificate: keyUsage must be digitalSignature, without CA uses");
	return 0;
}

static enum key_role role_of(const ASN1_OBJECT *purpose)
{
	char oid[80];
	int len = OBJ_obj2txt(oid, sizeof oid, purpose, 1);

	for (unsigned r = KEY_ROLE_BUILDER; len > 0 && r < KEY_ROLES_; r++)
		if (strcmp(oid, key_role_oid((enum key_role)r)) == 0)
			return (enum key_role)r;
	return KEY_ROLE_NONE;
}

/* Exactly {codeSigning, role}: a certificate that is good for more was not made for us. */
static int take_role(X509 *x509, struct key_facts *facts, struct error *err)
{
	CLEANUP(EXTENDED_KEY_USAGE_free)
	EXTENDED_KEY_USAGE *usage = X509_get_ext_d2i(x509, NID_ext_key_usage, NULL, NULL);
	bool code_signing = false;

	ERR_clear_error();
	if (!usage)
		return error_set(err, ERROR_CERT_ROLE,
				 "certificate: no extended key usage, so no role");
	for (int i = 0; i < sk_ASN1_OBJECT_num(usage); i++) {
		const ASN1_OBJECT *purpose = sk_ASN1_OBJECT_value(usage, i);
		enum key_role role = role_of(purpose);

		if (OBJ_obj2nid(purpose) == NID_code_sign && !code_signing)
			code_signing = true;
		else if (role != KEY_ROLE_NONE && facts->role == KEY_ROLE_NONE)
			facts->role = role;
		else
			return error_set(err, ERROR_CERT_ROLE,
					 "certificate: extended key usage "
					 "is not just codeSigning and one role");
	}
	if (!code_signing || facts->role == KEY_ROLE_NONE)
		return error_set(err, ERROR_CERT_ROLE,
				 "certificate: extended key usage lacks codeSigning or a role");
	return 0;
}

static int take_holder(X509 *x509, struct key_facts *facts, struct error *err)
{
	const X509_NAME *subject = X509_get_subject_name(x509);
	int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);

	if (at < 0 || X509_NAME_get_index_by_NID(subject, NID_commonName, at) >= 0)
		return error_set(err, ERROR_CERT_HOLDER,
				 "certificate: not exactly one common name");
	const ASN1_STRING *cn = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at));
	const char *text = (const char *)ASN1_STRING_get0_data(cn);
	size_t len = (size_t)ASN1_STRING_length(cn);
	int type = ASN1_STRING_type(cn);

	if ((type != V_ASN1_UTF8STRING && type != V_ASN1_PRINTABLESTRING) ||
	    !key_holder_is_valid(text, len))
		return error_set(err, ERROR_CERT_HOLDER,
				 "certificate: the common name is not a holder "
				 "(letters, digits, . _ -, at most 63)");
	memcpy(facts->holder, text, len);
	return 0;
}

static int take_algorithm(X509 *x509, struct key_facts *facts, struct error *err)
{
	EVP_PKEY *pkey = X509_get0_pubkey(x509);
	X509_ALGOR *algorithm = NULL;
	const ASN1_OBJECT *oid = NULL;
	const void *parameter = NULL;
	int type = V_ASN1_UNDEF;

	ERR_clear_error();
	if (!pkey || !key_algorithm_is_allowed(pkey, &facts->algorithm))
		return error_set(
			err, ERROR_KEY_ALGORITHM,
			"certificate: the key is neither ECDSA P-384 nor RSA of 3072 to 8192 bits");
	X509_PUBKEY_get0_param(NULL, NULL, NULL, &algorithm, X509_get_X509_PUBKEY(x509));
	X509_ALGOR_get0(&oid, &type, &parameter, algorithm);
	/* Explicit curve parameters (CVE-2020-0601) never name a curve. */
	if (facts->algorithm == KEY_ALGORITHM_P384 &&
	    (type != V_ASN1_OBJECT || OBJ_obj2nid(parameter) != NID_secp384r1))
		return error_set(err, ERROR_KEY_ALGORITHM,
				 "certificate: the curve is not given by name");
	facts->bits = (unsigned)EVP_PKEY_get_bits(pkey);
	return 0;
}

/* By way of text: timegm() would open /etc/localtime, which a sandboxed reader may not. */
static bool take_time(const ASN1_TIME *from, int64_t *out)
{
	char text[STR_TIME_SIZE];
	struct tm tm;

	if (ASN1_TIME_to_tm(from, &tm) != 1 || tm.tm_year < 70 || tm.tm_year > 9999 - 1900)
		return false;
	snprintf(text, sizeof text, "%04u-%02u-%02uT%02u:%02u:%02uZ",
		 ((unsigned)tm.tm_year + 1900u) % 10000u, ((unsigned)tm.tm_mon + 1u) % 100u,
		 (unsigned)tm.tm_mday % 100u, (unsigned)tm.tm_hour % 100u,
		 (unsigned)tm.tm_min % 100u, (unsigned)tm.tm_sec % 100u);
	return str_to_time(text, sizeof text - 1, out);
}

static int take_ids(X509 *x509, const unsigned char *der, long len, struct key_facts *facts,
		    struct error *err)
{
	CLEANUP(openssl_free) unsigned char *spki = NULL;
	int spki_len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x509), &spki);

	if (spki_len <= 0)
		return openssl_fail(err, ERROR_CERT_FORMAT, "certificate: public key");
	digest_sha256(der, (size_t)len, facts->cert_sha256);
	digest_sha256(spki, (size_t)spki_len, facts->spki_sha256);
	str_to_hex(facts->spki_sha256, (KEY_SHORT_SIZE - 1) / 2, facts->short_id);
	if (!take_time(X509_get0_notBefore(x509), &facts->not_before) ||
	    !take_time(X509_get0_notAfter(x509), &facts->not_after) ||
	    facts->not_before > facts->not_after) {
		ERR_clear_error();
		return error_set(err, ERROR_CERT_FORMAT, "certificate: bad validity dates");
	}
	return 0;
}

struct key_cert *key_cert_load(const unsigned char *pem, size_t len, struct error *err)
{
	CLEANUP(openssl_free) unsigned char *der = NULL;
	struct key_facts facts = { .role = KEY_ROLE_NONE };
	long der_len = 0;

	openssl_start();
	if (len > LIMIT_CERTIFICATE_BYTES) {
		error_set(err, ERROR_CERT_FORMAT, "certificate: %zu bytes, at most %u", len,
			  LIMIT_CERTIFICATE_BYTES);
		return NULL;
	}
	if (decode_pem(pem, len, &der, &der_len, err) < 0)
		return NULL;
	CLEANUP(X509_free) X509 *x509 = decode_der(der, der_len, err);

	if (!x509 || check_kind(x509, err) < 0 || take_role(x509, &facts, err) < 0 ||
	    take_holder(x509, &facts, err) < 0 || take_algorithm(x509, &facts, err) < 0 ||
	    take_ids(x509, der, der_len, &facts, err) < 0)
		return NULL;
	struct key_cert *c = buf_malloc(sizeof *c);

	c->x509 = STEAL(x509);
	c->facts = facts;
	return c;
}

void key_cert_free(struct key_cert *c)
{
	if (!c)
		return;
	X509_free(c->x509);
	free(c);
}

const struct key_facts *key_cert_facts(const struct key_cert *c)
{
	return &c->facts;
}

X509 *key_cert_handle(const struct key_cert *c)
{
	return c->x509;
}

int key_cert_write(const struct key_cert *c, struct buf *pem, struct error *err)
{
	CLEANUP(BIO_free) BIO *bio = BIO_new(BIO_s_mem());

	if (!bio || PEM_write_bio_X509(bio, c->x509) != 1)
		return openssl_fail(err, ERROR_CRYPTO, "certificate: cannot write PEM");
	return key_append_bio(bio, pem, err);
}
