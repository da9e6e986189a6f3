#include "lib/base/buf.h"
#include "lib/base/file.h"
#include "lib/base/limits.h"
#include "lib/crypto/authenticode_internal.h"

#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>
#include <stdlib.h>
#include <string.h>

enum { DEPTH = 8, AUTH_LEVEL = 2 /* 112 bits: no SHA-1, RSA of 2048 bits at least */ };

struct authenticode_roots {
	X509_STORE *store; /* has what the operator gave, and never any default path */
	STACK_OF(X509_CRL) * lists;
	size_t count;
};

static struct authenticode_roots *roots_new(void)
{
	struct authenticode_roots *r = buf_calloc(1, sizeof *r);

	openssl_start();
	r->store = X509_STORE_new();
	r->lists = sk_X509_CRL_new_null();
	if (!r->store || !r->lists)
		abort();
	return r;
}

void authenticode_roots_free(struct authenticode_roots *r)
{
	if (!r)
		return;
	X509_STORE_free(r->store);
	sk_X509_CRL_pop_free(r->lists, X509_CRL_free);
	free(r);
}

/* ---- loading ---- */

static int add_certificate(struct authenticode_roots *r, const unsigned char *der, long len,
			   struct error *err)
{
	const unsigned char *at = der;
	CLEANUP(X509_free) X509 *x509 = d2i_X509(NULL, &at, len);

	if (!x509 || at != der + len || X509_STORE_add_cert(r->store, x509) != 1)
		return openssl_fail(err, ERROR_AUTHENTICODE_ROOTS, "certificate %zu is malformed",
				    r->count + 1);
	if (++r->count > LIMIT_AUTHENTICODE_ROOTS)
		return error_set(err, ERROR_AUTHENTICODE_ROOTS, "more than %u certificates",
				 LIMIT_AUTHENTICODE_ROOTS);
	return 0;
}

static int add_list(struct authenticode_roots *r, const unsigned char *der, long len,
		    struct error *err)
{
	const unsigned char *at = der;
	CLEANUP(X509_CRL_free) X509_CRL *list = d2i_X509_CRL(NULL, &at, len);

	if (!list || at != der + len)
		return openssl_fail(err, ERROR_AUTHENTICODE_ROOTS,
				    "a revocation list is malformed");
	if ((unsigned)sk_X509_CRL_num(r->lists) >= LIMIT_AUTHENTICODE_ROOTS)
		return error_set(err, ERROR_AUTHENTICODE_ROOTS, "more than %u revocation lists",
				 LIMIT_AUTHENTICODE_ROOTS);
	if (sk_X509_CRL_push(r->lists, list) <= 0)
		abort();
	list = NULL;
	return 0;
}

/* 1 when there was another block, 0 at the end, -1. */
static int add_block(struct authenticode_roots *r, BIO *bio, struct error *err)
{
	CLEANUP(openssl_free_text) char *name = NULL, *header = NULL;
	CLEANUP(openssl_free) unsigned char *der = NULL;
	long len = 0;

	if (PEM_read_bio(bio, &name, &header, &der, &len) != 1) {
		if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
			return openssl_fail(err, ERROR_AUTHENTICODE_ROOTS, "damaged PEM");
		ERR_clear_error();
		return 0;
	}
	if (strcmp(name, PEM_STRING_X509) == 0)
		return add_certificate(r, der, len, err) < 0 ? -1 : 1;
	if (strcmp(name, PEM_STRING_X509_CRL) == 0)
		return add_list(r, der, len, err) < 0 ? -1 : 1;
	return error_set(err, ERROR_AUTHENTICODE_ROOTS,
			 "it holds another thing than certificates and revocation lists");
}

static int load(struct authenticode_roots *r, const unsigned char *pem, size_t len,
		struct error *err)
{
	size_t before = r->count;
	int more;

	if (len > LIMIT_AUTHENTICODE_ROOTS_BYTES)
		return error_set(err, ERROR_AUTHENTICODE_ROOTS, "%zu bytes, at most %u", len,
				 LIMIT_AUTHENTICODE_ROOTS_BYTES);
	CLEANUP(BIO_free) BIO *bio = BIO_new_mem_buf(pem, (int)len);

	if (!bio)
		abort();
	while ((more = add_block(r, bio, err)) == 1)
		;
	if (more == 0 && r->count == before && sk_X509_CRL_num(r->lists) == 0)
		return error_set(err, ERROR_AUTHENTICODE_ROOTS, "no certificate in PEM form");
	return more;
}

static int check_count(const struct authenticode_roots *r, struct error *err)
{
	return r->count > 0 ? 0
			    : error_set(err, ERROR_AUTHENTICODE_ROOTS,
					"revocation lists alone pin nothing");
}

struct authenticode_roots *authenticode_roots_load(const unsigned char *pem, size_t len,
						   struct error *err)
{
	CLEANUP(authenticode_roots_free) struct authenticode_roots *r = roots_new();

	return load(r, pem, len, err) < 0 || check_count(r, err) < 0 ? NULL : STEAL(r);
}

static int load_file(struct authenticode_roots *r, const char *path, struct error *err)
{
	CLEANUP(free) unsigned char *pem = NULL;
	size_t len;

	if (file_load_present(AT_FDCWD, path, LIMIT_AUTHENTICODE_ROOTS_BYTES, &pem, &len, err) < 0)
		return -1;
	return load(r, pem, len, err) < 0 ? error_wrap(err, "%s", path) : 0;
}

struct authenticode_roots *authenticode_roots_open(const char *const *paths, size_t count,
						   struct error *err)
{
	CLEANUP(authenticode_roots_free) struct authenticode_roots *r = roots_new();

	for (size_t i = 0; i < count; i++)
		if (load_file(r, paths[i], err) < 0)
			return NULL;
	return check_count(r, err) < 0 ? NULL : STEAL(r);
}

/* ---- chains ---- */

/* 1: among the extended key usages; 0: there are some, without it; -1: there are none. */
static int has_purpose(X509 *x509, int purpose)
{
	CLEANUP(EXTENDED_KEY_USAGE_free)
	EXTENDED_KEY_USAGE *usage = X509_get_ext_d2i(x509, NID_ext_key_usage, NULL, NULL);

	ERR_clear_error();
	for (int i = 0; i < sk_ASN1_OBJECT_num(usage); i++) {
		int nid = OBJ_obj2nid(sk_ASN1_OBJECT_value(usage, i));

		if (nid == purpose)
			return 1;
	}
	return usage ? 0 : -1;
}

static bool is_signer(X509 *x509, int purpose)
{
	uint32_t flags = X509_get_extension_flags(x509), usage = X509_get_key_usage(x509);

	return !(flags & EXFLAG_INVALID) && has_purpose(x509, purpose) == 1 &&
	       (!(flags & EXFLAG_KUSAGE) || (usage & (KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION)));
}

/* Between signer and anchor: a CA by its own words, and not one for other purposes only. */
static bool is_issuer(X509 *x509, int purpose)
{
	uint32_t flags = X509_get_extension_flags(x509), usage = X509_get_key_usage(x509);
	int meant = has_purpose(x509, purpose);

	return (flags & EXFLAG_BCONS) && (flags & EXFLAG_CA) && !(flags & EXFLAG_INVALID) &&
	       (!(flags & EXFLAG_KUSAGE) || (usage & KU_KEY_CERT_SIGN)) &&
	       (meant != 0 || has_purpose(x509, NID_anyExtendedKeyUsage) == 1);
}

/* Does a list of the issuer revoke the certificate, from that time or earlier on? */
static bool is_revoked(const struct authenticode_roots *roots, X509 *x509, X509 *issuer, int64_t at)
{
	time_t when = (time_t)at;

	for (int i = 0; i < sk_X509_CRL_num(roots->lists); i++) {
		X509_CRL *list = sk_X509_CRL_value(roots->lists, i);
		X509_REVOKED *entry = NULL;

		if (X509_NAME_cmp(X509_CRL_get_issuer(list), X509_get_subject_name(issuer)) != 0 ||
		    X509_CRL_verify(list, X509_get0_pubkey(issuer)) != 1 ||
		    X509_CRL_get0_by_cert(list, &entry, x509) != 1)
			continue;
		if (X509_cmp_time(X509_REVOKED_get0_revocationDate(entry), &when) <= 0)
			return true;
	}
	ERR_clear_error();
	return false;
}

static enum authenticode_chain verdict_of(int error)
{
	switch (error) {
	case X509_V_ERR_CERT_HAS_EXPIRED:
	case X509_V_ERR_CERT_NOT_YET_VALID:
		return AUTHENTICODE_CHAIN_EXPIRED;
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
	case X509_V_ERR_CERT_UNTRUSTED:
		return AUTHENTICODE_CHAIN_UNKNOWN;
	case X509_V_ERR_EE_KEY_TOO_SMALL:
	case X509_V_ERR_CA_KEY_TOO_SMALL:
	case X509_V_ERR_CA_MD_TOO_WEAK:
		return AUTHENTICODE_CHAIN_WEAK;
	default:
		return AUTHENTICODE_CHAIN_INVALID;
	}
}

static enum authenticode_chain check_links(const struct authenticode_roots *roots,
					   STACK_OF(X509) * chain, int64_t at, int purpose)
{
	int count = sk_X509_num(chain);

	for (int i = 1; i + 1 < count; i++)
		if (!is_issuer(sk_X509_value(chain, i), purpose))
			return AUTHENTICODE_CHAIN_PURPOSE;
	for (int i = 0; i + 1 < count; i++)
		if (is_revoked(roots, sk_X509_value(chain, i), sk_X509_value(chain, i + 1), at))
			return AUTHENTICODE_CHAIN_REVOKED;
	return AUTHENTICODE_CHAIN_OK;
}

static enum authenticode_chain check_at_level(const struct authenticode_roots *roots, X509 *cert,
					      STACK_OF(X509) * others, int64_t at, int purpose,
					      int level)
{
	CLEANUP(X509_STORE_CTX_free) X509_STORE_CTX *ctx = X509_STORE_CTX_new();

	if (!ctx || X509_STORE_CTX_init(ctx, roots->store, cert, others) != 1)
		abort();
	X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(ctx);

	X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN);
	X509_VERIFY_PARAM_set_depth(param, DEPTH);
	X509_VERIFY_PARAM_set_auth_level(param, level);
	X509_VERIFY_PARAM_set_time(param, (time_t)at);
	int ok = X509_verify_cert(ctx);

	ERR_clear_error();
	if (ok != 1)
		return verdict_of(X509_STORE_CTX_get_error(ctx));
	return check_links(roots, X509_STORE_CTX_get0_chain(ctx), at, purpose);
}

enum authenticode_chain authenticode_check_chain(const struct authenticode_roots *roots, X509 *cert,
						 STACK_OF(X509) * others, int64_t at, int purpose)
{
	if (!is_signer(cert, purpose))
		return AUTHENTICODE_CHAIN_PURPOSE;
	enum authenticode_chain strict =
		check_at_level(roots, cert, others, at, purpose, AUTH_LEVEL);

	if (strict != AUTHENTICODE_CHAIN_WEAK)
		return strict;
	/* What is weak may be wrong besides: that is then the better answer. */
	enum authenticode_chain plain = check_at_level(roots, cert, others, at, purpose, 0);

	return plain == AUTHENTICODE_CHAIN_OK ? AUTHENTICODE_CHAIN_WEAK : plain;
}
