/* People with keys, made on the spot for the tests of this component. */
#ifndef TESTS_CRYPTO_MADE_H
#define TESTS_CRYPTO_MADE_H

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/crypto/key.h"
#include "lib/crypto/key_internal.h"
#include "tests/unit/unit.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

struct person {
	struct key *key;
	struct key_cert *cert;
};

__attribute__((unused)) static struct person make_person(enum key_role role, const char *holder)
{
	CLEANUP(buf_clear) struct buf key = BUF_INIT(KEY_PEM_BYTES);
	CLEANUP(buf_clear) struct buf cert = BUF_INIT(KEY_PEM_BYTES);
	const struct key_request request = { .role = role, .holder = holder };
	struct error err = ERROR_INIT;
	struct person p = { NULL, NULL };

	if (key_generate(&request, &key, &cert, &err) == 0)
		p.key = key_load(key.bytes, key.len, NULL, &err);
	if (p.key)
		p.cert = key_cert_load(cert.bytes, cert.len, &err);
	assert_no_error(err);
	assert_non_null(p.cert);
	return p;
}

__attribute__((unused)) static void free_person(struct person *p)
{
	key_free(p->key);
	key_cert_free(p->cert);
}

/* A certificate of any kind; NULL leaves an extension or name out. */
struct odd_cert {
	EVP_PKEY *pkey;
	long version;
	const char *cn, *second_cn, *constraints, *usage, *purposes;
};

#define ROLE_BUILDER_OID "2.25.116852518574970678768723524720871463551.1"
#define ROLE_APPROVER_OID "2.25.116852518574970678768723524720871463551.2"

__attribute__((unused)) static X509 *make_odd_x509(const struct odd_cert *o)
{
	const struct {
		int nid;
		const char *value;
	} extensions[] = { { NID_basic_constraints, o->constraints },
			   { NID_key_usage, o->usage },
			   { NID_ext_key_usage, o->purposes } };
	const char *const names[] = { o->cn, o->second_cn };
	X509 *x = X509_new();

	assert_int_equal(X509_set_version(x, o->version), 1);
	ASN1_INTEGER_set(X509_get_serialNumber(x), 77);
	X509_gmtime_adj(X509_getm_notBefore(x), -1000);
	X509_gmtime_adj(X509_getm_notAfter(x), 100000);
	for (size_t i = 0; i < COUNT(names); i++)
		if (names[i])
			X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_UTF8,
						   (const unsigned char *)names[i], -1, -1, 0);
	X509_set_issuer_name(x, X509_get_subject_name(x));
	X509_set_pubkey(x, o->pkey);
	for (size_t i = 0; i < COUNT(extensions); i++) {
		if (!extensions[i].value)
			continue;
		X509_EXTENSION *e =
			X509V3_EXT_conf_nid(NULL, NULL, extensions[i].nid, extensions[i].value);
		assert_non_null(e);
		X509_add_ext(x, e, -1);
		X509_EXTENSION_free(e);
	}
	assert_true(X509_sign(x, o->pkey, EVP_sha384()) > 0);
	return x;
}

/* Its PEM, to be freed. */
__attribute__((unused)) static char *make_odd_pem(const struct odd_cert *o, size_t *len)
{
	X509 *x = make_odd_x509(o);
	BIO *bio = BIO_new(BIO_s_mem());
	char *bytes = NULL;

	PEM_write_bio_X509(bio, x);
	*len = (size_t)BIO_get_mem_data(bio, &bytes);
	char *copy = buf_malloc(*len + 1);
	memcpy(copy, bytes, *len);
	copy[*len] = '\0';
	BIO_free(bio);
	X509_free(x);
	return copy;
}

#endif
