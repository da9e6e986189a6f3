#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/base/limits.h"
#include "lib/crypto/key_internal.h"
#include "lib/crypto/openssl.h"

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>

enum { DAYS = 3652, DAYS_ROOT = 7305, SALT_BYTES = 16, PBKDF2_ROUNDS = 600000, SERIAL_BYTES = 16 };

static bool set_serial(X509 *x509)
{
	unsigned char bytes[SERIAL_BYTES];

	if (RAND_bytes(bytes, sizeof bytes) != 1)
		return false;
	CLEANUP(BN_free) BIGNUM *number = BN_bin2bn(bytes, sizeof bytes, NULL);
	CLEANUP(ASN1_INTEGER_free)
	ASN1_INTEGER *serial = number ? BN_to_ASN1_INTEGER(number, NULL) : NULL;

	return serial && X509_set_serialNumber(x509, serial) == 1;
}

static bool set_name(X509 *x509, const struct key_request *request)
{
	const char *rows[][2] = {
		{ "O", "gapferry" },
		{ "OU", key_role_name(request->role) },
		{ "CN", request->holder },
	};
	X509_NAME *name = X509_get_subject_name(x509);

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (X509_NAME_add_entry_by_txt(name, rows[i][0], MBSTRING_UTF8,
					       (const unsigned char *)rows[i][1], -1, -1, 0) != 1)
			return false;
	return X509_set_issuer_name(x509, name) == 1;
}

/* ASN1_TIME_adj() picks GeneralizedTime from 2050 on (RFC 5280, 4.1.2.5). */
static bool set_validity(X509 *x509, enum key_role role)
{
	time_t now = (time_t)clock_stamp();
	int days = role == KEY_ROLE_ROOT ? DAYS_ROOT : DAYS;

	return ASN1_TIME_adj(X509_getm_notBefore(x509), now, 0, 0) &&
	       ASN1_TIME_adj(X509_getm_notAfter(x509), now, days, 0);
}

static bool add_extension(X509 *x509, int nid, const char *value)
{
	X509V3_CTX ctx;

	X509V3_set_ctx(&ctx, x509, x509, NULL, NULL, 0);
	CLEANUP(X509_EXTENSION_free)
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);

	return extension && X509_add_ext(x509, extension, -1) == 1;
}

static bool add_extensions(X509 *x509, enum key_role role)
{
	char usage[128];

	snprintf(usage, sizeof usage, "codeSigning,%s", key_role_oid(role));
	return add_extension(x509, NID_basic_constraints, "critical,CA:FALSE") &&
	       add_extension(x509, NID_key_usage, "critical,digitalSignature") &&
	       add_extension(x509, NID_ext_key_usage, usage) &&
	       add_extension(x509, NID_subject_key_identifier, "hash");
}

/* A key in a token has no private half here; OpenSSL gets another one and resign() replaces it. */
static X509 *make_certificate(EVP_PKEY *pkey, EVP_PKEY *by, const struct key_request *request)
{
	CLEANUP(X509_free) X509 *x509 = X509_new();

	if (!x509 || X509_set_version(x509, X509_VERSION_3) != 1 || !set_serial(x509) ||
	    !set_name(x509, request) || !set_validity(x509, request->role) ||
	    X509_set_pubkey(x509, pkey) != 1 || !add_extensions(x509, request->role) ||
	    X509_sign(x509, by, EVP_sha384()) == 0)
		return NULL;
	return STEAL(x509);
}

/* TBSCertificate of RFC 5280, 4.1, with the signature algorithm of this key. */
static int put_body(struct der tbs, struct der algorithm, struct buf *out, struct error *err)
{
	enum { ALGORITHM = 2 }; /* after version and serial number */
	struct der fields, contents, whole;
	size_t from = out->len;
	unsigned char tag;

	if (!der_take(&tbs, DER_SEQUENCE, &fields))
		return error_set(err, ERROR_CRYPTO, "cannot make a certificate");
	for (int i = 0; der_next(&fields, &tag, &contents, &whole); i++) {
		if (i == ALGORITHM)
			whole = algorithm;
		if (buf_append(out, whole.at, whole.left, err) < 0)
			return -1;
	}
	return der_wrap(out, from, DER_SEQUENCE, err);
}

static X509 *resign(X509 *x509, const struct key *key, struct error *err)
{
	CLEANUP(buf_clear) struct buf value = BUF_INIT(LIMIT_CERTIFICATE_BYTES);
	CLEANUP(buf_clear) struct buf der = BUF_INIT(LIMIT_CERTIFICATE_BYTES);
	CLEANUP(openssl_free) unsigned char *tbs = NULL;
	struct der algorithm = key_sign_algorithm(key_handle(key));
	int len = i2d_re_X509_tbs(x509, &tbs);

	if (len <= 0) {
		openssl_fail(err, ERROR_CRYPTO, "cannot make a certificate");
		return NULL;
	}
	if (put_body((struct der){ tbs, (size_t)len }, algorithm, &der, err) < 0 ||
	    buf_append(&value, "", 1, err) < 0 || /* unused bits */
	    key_sign(key, der.bytes, der.len, &value, err) < 0 ||
	    buf_append(&der, algorithm.at, algorithm.left, err) < 0 ||
	    der_put(&der, DER_BIT_STRING, value.bytes, value.len, err) < 0 ||
	    der_wrap(&der, 0, DER_SEQUENCE, err) < 0)
		return NULL;
	const unsigned char *at = der.bytes;
	CLEANUP(X509_free) X509 *made = d2i_X509(NULL, &at, (long)der.len);

	if (!made || X509_verify(made, key_handle(key)) != 1) {
		openssl_fail(err, ERROR_CRYPTO, "the certificate just made");
		return NULL;
	}
	return STEAL(made);
}

static int write_certificate(const X509 *x509, struct buf *out, struct error *err)
{
	CLEANUP(BIO_free) BIO *bio = BIO_new(BIO_s_mem());

	if (!x509 || !bio || PEM_write_bio_X509(bio, x509) != 1)
		return openssl_fail(err, ERROR_CRYPTO, "cannot make a certificate");
	return key_append_bio(bio, out, err);
}

static bool write_encrypted(BIO *bio, PKCS8_PRIV_KEY_INFO *plain, const char *passphrase)
{
	unsigned char salt[SALT_BYTES];

	if (RAND_bytes(salt, sizeof salt) != 1)
		return false;
	CLEANUP(X509_SIG_free)
	X509_SIG *sealed = PKCS8_encrypt(-1, EVP_aes_256_cbc(), passphrase, (int)strlen(passphrase),
					 salt, sizeof salt, PBKDF2_ROUNDS, plain);

	return sealed && PEM_write_bio_PKCS8(bio, sealed) == 1;
}

static int write_key(EVP_PKEY *pkey, const char *passphrase, struct buf *out, struct error *err)
{
	CLEANUP(PKCS8_PRIV_KEY_INFO_free) PKCS8_PRIV_KEY_INFO *plain = EVP_PKEY2PKCS8(pkey);
	CLEANUP(BIO_free) BIO *bio = BIO_new(BIO_s_secmem());

	if (!plain || !bio ||
	    !(passphrase ? write_encrypted(bio, plain, passphrase)
			 : PEM_write_bio_PKCS8_PRIV_KEY_INFO(bio, plain) == 1))
		return openssl_fail(err, ERROR_CRYPTO, "cannot write a private key");
	return key_append_bio(bio, out, err);
}

static int check_request(const struct key_request *request, struct error *err)
{
	openssl_start();
	if (!key_role_oid(request->role))
		return error_set(err, ERROR_KEY_ROLE, "key: no such role");
	if (!key_holder_is_valid(request->holder, strlen(request->holder)))
		return error_set(err, ERROR_KEY_HOLDER, "key: \"%.64s\" is not a valid holder name",
				 request->holder);
	return 0;
}

int key_generate(const struct key_request *request, struct buf *key_pem, struct buf *cert_pem,
		 struct error *err)
{
	const char *passphrase = request->passphrase;

	if (check_request(request, err) < 0)
		return -1;
	/* OpenSSL's PEM reader takes passphrases of up to 1024 bytes. */
	if (passphrase && (!*passphrase || strlen(passphrase) > 1000))
		return error_set(err, ERROR_KEY_PASSPHRASE,
				 "key: a passphrase has 1 to 1000 characters");
	CLEANUP(EVP_PKEY_free) EVP_PKEY *pkey = EVP_EC_gen(SN_secp384r1);

	if (!pkey)
		return openssl_fail(err, ERROR_CRYPTO, "cannot make an ECDSA P-384 key");
	CLEANUP(X509_free) X509 *x509 = make_certificate(pkey, pkey, request);
	if (write_certificate(x509, cert_pem, err) < 0)
		return -1;
	return write_key(pkey, passphrase, key_pem, err);
}

int key_generate_certificate(const struct key_request *request, const struct key *key,
			     struct buf *cert_pem, struct error *err)
{
	if (check_request(request, err) < 0)
		return -1;
	CLEANUP(EVP_PKEY_free) EVP_PKEY *other = EVP_EC_gen(SN_secp384r1);
	CLEANUP(X509_free)
	X509 *first = other ? make_certificate(key_handle(key), other, request) : NULL;

	if (!first)
		return openssl_fail(err, ERROR_CRYPTO, "cannot make a certificate");
	CLEANUP(X509_free) X509 *x509 = resign(first, key, err);
	return x509 ? write_certificate(x509, cert_pem, err) : -1;
}
