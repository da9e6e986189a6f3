#include "lib/crypto/token.h"

#include "lib/base/error.h"
#include "lib/crypto/openssl.h"
#include "lib/crypto/token_internal.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { P384 = 48, DIGEST = 48, RSA_BYTES = 1024 };

DEFINE_CLEANUP(EVP_PKEY_CTX *, EVP_PKEY_CTX_free);
DEFINE_CLEANUP(ECDSA_SIG *, ECDSA_SIG_free);
DEFINE_CLEANUP(OSSL_PARAM_BLD *, OSSL_PARAM_BLD_free);
DEFINE_CLEANUP(OSSL_PARAM *, OSSL_PARAM_free);

int token_fail(const struct token *t, CK_RV rv, const char *what, struct error *err)
{
	return error_set(err, ERROR_TOKEN_FAILED, "token %s: %s: %s", t->label, what,
			 p11_kit_strerror(rv));
}

/* ---- opening ---- */

static int parse(struct token *t, const char *text, struct error *err)
{
	t->uri = p11_kit_uri_new();
	int result = p11_kit_uri_parse(text, P11_KIT_URI_FOR_ANY, t->uri);
	CK_ATTRIBUTE *class = result == 0 ? p11_kit_uri_get_attribute(t->uri, CKA_CLASS) : NULL;
	CK_OBJECT_CLASS kind;

	if (result != 0 || p11_kit_uri_any_unrecognized(t->uri))
		return error_set(err, ERROR_TOKEN_URI, "pkcs11 URI: %s",
				 result ? p11_kit_uri_message(result) : "unknown attributes");
	if (p11_kit_uri_get_pin_value(t->uri))
		return error_set(err, ERROR_TOKEN_URI,
				 "pkcs11 URI: pin-value: everybody on the machine can read it");
	if (p11_kit_uri_get_module_path(t->uri) || p11_kit_uri_get_module_name(t->uri))
		return error_set(err, ERROR_TOKEN_URI,
				 "pkcs11 URI: module-path and module-name are not taken from it");
	if (!p11_kit_uri_get_attribute(t->uri, CKA_LABEL) &&
	    !p11_kit_uri_get_attribute(t->uri, CKA_ID))
		return error_set(err, ERROR_TOKEN_URI, "pkcs11 URI: neither object nor id");
	if (!class)
		return 0;
	if (class->ulValueLen == sizeof kind)
		memcpy(&kind, class->pValue, sizeof kind);
	if (class->ulValueLen != sizeof kind || kind != CKO_PRIVATE_KEY)
		return error_set(err, ERROR_TOKEN_URI, "pkcs11 URI: type is not private");
	return 0;
}

static int login_failed(const struct token *t, CK_RV rv, struct error *err)
{
	if (rv == CKR_PIN_LOCKED)
		return error_set(err, ERROR_TOKEN_LOCKED, "token %s: its PIN is locked", t->label);
	if (rv == CKR_PIN_INCORRECT || rv == CKR_PIN_INVALID || rv == CKR_PIN_LEN_RANGE)
		return error_set(err, ERROR_TOKEN_PIN, "token %s: the PIN is wrong", t->label);
	return token_fail(t, rv, "cannot log in", err);
}

/* One attempt, never a second: each wrong one brings the token nearer to being locked. */
static int login(struct token *t, struct error *err)
{
	const char *source = p11_kit_uri_get_pin_source(t->uri);
	bool pinpad = t->flags & CKF_PROTECTED_AUTHENTICATION_PATH;

	if (t->flags & CKF_USER_PIN_LOCKED)
		return login_failed(t, CKR_PIN_LOCKED, err);
	if (!(t->flags & CKF_LOGIN_REQUIRED))
		return 0;
	if (!pinpad && source && (t->flags & CKF_USER_PIN_FINAL_TRY))
		return error_set(err, ERROR_TOKEN_LOCKED,
				 "token %s: one more wrong PIN locks it, so no file is tried",
				 t->label);
	if (!pinpad && token_pin(t, source, err) < 0)
		return -1;
	CK_RV rv = t->module->C_Login(t->session, CKU_USER, t->pin.bytes, t->pin.len);

	t->logged_in = rv == CKR_OK;
	return rv == CKR_OK || rv == CKR_USER_ALREADY_LOGGED_IN ? 0 : login_failed(t, rv, err);
}

/* How many objects match, at most 2; *out is the first. */
static int find(const struct token *t, CK_ATTRIBUTE *wanted, CK_ULONG count, CK_OBJECT_HANDLE *out,
		struct error *err)
{
	CK_OBJECT_HANDLE found[2] = { 0 };
	CK_ULONG n = 0;
	CK_RV rv = t->module->C_FindObjectsInit(t->session, wanted, count);

	if (rv == CKR_OK) {
		rv = t->module->C_FindObjects(t->session, found, 2, &n);
		(void)t->module->C_FindObjectsFinal(t->session);
	}
	if (rv != CKR_OK)
		return token_fail(t, rv, "cannot search", err);
	*out = found[0];
	return n > 2 ? 2 : (int)n;
}

/* An attribute of at most size bytes; its length, or -1 when there is none. */
static long attribute(const struct token *t, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type,
		      void *out, size_t size)
{
	CK_ATTRIBUTE a = { type, out, size };
	CK_RV rv = t->module->C_GetAttributeValue(t->session, object, &a, 1);

	return rv == CKR_OK && a.ulValueLen <= size ? (long)a.ulValueLen : -1;
}

/* RSA keys are judged by their public half. */
static bool is_usable(const struct token *t, CK_KEY_TYPE type)
{
	static const unsigned char p384[] = { 0x06, 5, 0x2b, 0x81, 4, 0, 0x22 };
	unsigned char curve[64];

	if (type != CKK_EC)
		return type == CKK_RSA;
	return attribute(t, t->key, CKA_EC_PARAMS, curve, sizeof curve) == (long)sizeof p384 &&
	       memcmp(curve, p384, sizeof p384) == 0;
}

static int find_key(struct token *t, struct error *err)
{
	CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
	CK_ATTRIBUTE wanted[3] = { { CKA_CLASS, &class, sizeof class } };
	CK_ATTRIBUTE *label = p11_kit_uri_get_attribute(t->uri, CKA_LABEL);
	CK_ATTRIBUTE *id = p11_kit_uri_get_attribute(t->uri, CKA_ID);
	CK_BBOOL always = CK_FALSE;
	CK_KEY_TYPE type;
	CK_ULONG n = 1;

	if (label)
		wanted[n++] = *label;
	if (id)
		wanted[n++] = *id;
	int found = find(t, wanted, n, &t->key, err);

	if (found < 0)
		return -1;
	if (found != 1)
		return error_set(err, ERROR_TOKEN_KEY, "token %s: %s private key matches", t->label,
				 found ? "more than one" : "no");
	if (attribute(t, t->key, CKA_KEY_TYPE, &type, sizeof type) != sizeof type ||
	    !is_usable(t, type))
		return error_set(err, ERROR_KEY_ALGORITHM,
				 "token %s: the key is neither ECDSA P-384 nor RSA", t->label);
	long id_len = attribute(t, t->key, CKA_ID, t->id, sizeof t->id);

	if (id_len <= 0)
		return error_set(err, ERROR_TOKEN_KEY, "token %s: the private key has no id",
				 t->label);
	t->id_len = (CK_ULONG)id_len;
	t->rsa = type == CKK_RSA;
	t->always = attribute(t, t->key, CKA_ALWAYS_AUTHENTICATE, &always, sizeof always) ==
			    (long)sizeof always &&
		    always == CK_TRUE;
	return 0;
}

struct token *token_open(const char *uri, struct error *err)
{
	CLEANUP(token_close) struct token *t = buf_calloc(1, sizeof *t);

	t->pin.max = TOKEN_PIN_BYTES;
	if (parse(t, uri, err) < 0 || token_find(t, err) < 0)
		return NULL;
	CK_RV rv = t->module->C_OpenSession(t->slot, CKF_SERIAL_SESSION, NULL, NULL, &t->session);

	t->open = rv == CKR_OK;
	if (!t->open) {
		token_fail(t, rv, "cannot open a session", err);
		return NULL;
	}
	if (login(t, err) < 0 || find_key(t, err) < 0)
		return NULL;
	if (!t->always)
		buf_wipe(&t->pin);
	return STEAL(t);
}

void token_close(struct token *t)
{
	if (!t)
		return;
	buf_wipe(&t->pin);
	if (t->logged_in)
		(void)t->module->C_Logout(t->session);
	if (t->open)
		(void)t->module->C_CloseSession(t->session);
	token_find_end(t);
	p11_kit_uri_free(t->uri);
	free(t);
}

/* ---- the public half ---- */

static EVP_PKEY *from_data(const char *algorithm, OSSL_PARAM *params)
{
	CLEANUP(EVP_PKEY_CTX_free)
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, algorithm, NULL);
	EVP_PKEY *pkey = NULL;

	if (ctx && EVP_PKEY_fromdata_init(ctx) == 1)
		(void)EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, params);
	ERR_clear_error();
	return pkey;
}

static EVP_PKEY *read_ec(const struct token *t, CK_OBJECT_HANDLE object)
{
	unsigned char point[2 + 1 + 2 * P384];
	char group[] = SN_secp384r1;
	long len = attribute(t, object, CKA_EC_POINT, point, sizeof point);
	size_t head = len == (long)sizeof point ? 2 : 0; /* an OCTET STRING, or without */

	if (len != (long)(head + 1 + 2 * P384))
		return NULL;
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
		OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point + head,
						  1 + 2 * P384),
		OSSL_PARAM_construct_end(),
	};
	return from_data("EC", params);
}

static EVP_PKEY *read_rsa(const struct token *t, CK_OBJECT_HANDLE object)
{
	unsigned char modulus[RSA_BYTES], exponent[16];
	long n_len = attribute(t, object, CKA_MODULUS, modulus, sizeof modulus);
	long e_len = attribute(t, object, CKA_PUBLIC_EXPONENT, exponent, sizeof exponent);

	if (n_len <= 0 || e_len <= 0)
		return NULL;
	CLEANUP(BN_free) BIGNUM *n = BN_bin2bn(modulus, (int)n_len, NULL);
	CLEANUP(BN_free) BIGNUM *e = BN_bin2bn(exponent, (int)e_len, NULL);
	CLEANUP(OSSL_PARAM_BLD_free) OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();

	if (!n || !e || !build || OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n) != 1 ||
	    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e) != 1)
		return NULL;
	CLEANUP(OSSL_PARAM_free) OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(build);

	return params ? from_data("RSA", params) : NULL;
}

static EVP_PKEY *read_certificate(const struct token *t, CK_OBJECT_HANDLE object)
{
	unsigned char *der = buf_malloc(TOKEN_ATTRIBUTE_BYTES);
	long len = attribute(t, object, CKA_VALUE, der, TOKEN_ATTRIBUTE_BYTES);
	const unsigned char *at = der;
	CLEANUP(X509_free) X509 *x509 = len > 0 ? d2i_X509(NULL, &at, len) : NULL;
	EVP_PKEY *pkey = x509 ? X509_get_pubkey(x509) : NULL;

	ERR_clear_error();
	free(der);
	return pkey;
}

EVP_PKEY *token_public(struct token *t, struct error *err)
{
	static const CK_OBJECT_CLASS classes[] = { CKO_PUBLIC_KEY, CKO_CERTIFICATE };

	for (size_t i = 0; i < 2; i++) {
		CK_OBJECT_CLASS class = classes[i];
		CK_ATTRIBUTE wanted[] = { { CKA_CLASS, &class, sizeof class },
					  { CKA_ID, t->id, t->id_len } };
		CK_OBJECT_HANDLE object;
		int found = find(t, wanted, 2, &object, err);

		if (found < 0)
			return NULL;
		if (found == 0)
			continue;
		EVP_PKEY *pkey = class == CKO_CERTIFICATE ? read_certificate(t, object)
				 : t->rsa                 ? read_rsa(t, object)
							  : read_ec(t, object);
		if (pkey)
			return pkey;
	}
	error_set(err, ERROR_TOKEN_KEY,
		  "token %s: neither a usable public key nor a certificate has the id of the "
		  "private key",
		  t->label);
	return NULL;
}

/* ---- signing ---- */

/* r and s side by side become what certificates and CMS have. */
static int append_ecdsa(const struct token *t, const unsigned char *raw, size_t len,
			struct buf *out, struct error *err)
{
	CLEANUP(ECDSA_SIG_free) ECDSA_SIG *pair = ECDSA_SIG_new();
	CLEANUP(openssl_free) unsigned char *der = NULL;
	BIGNUM *r = len == 2 * P384 ? BN_bin2bn(raw, P384, NULL) : NULL;
	BIGNUM *s = r ? BN_bin2bn(raw + P384, P384, NULL) : NULL;

	if (!pair || !r || !s || ECDSA_SIG_set0(pair, r, s) != 1) {
		BN_free(r);
		BN_free(s);
		return error_set(err, ERROR_TOKEN_FAILED, "token %s: a signature of %zu bytes",
				 t->label, len);
	}
	int der_len = i2d_ECDSA_SIG(pair, &der);

	return buf_append(out, der, der_len > 0 ? (size_t)der_len : 0, err);
}

int token_sign(struct token *t, const unsigned char digest[DIGEST], struct buf *out,
	       struct error *err)
{
	CK_RSA_PKCS_PSS_PARAMS pss = { CKM_SHA384, CKG_MGF1_SHA384, DIGEST };
	CK_MECHANISM mechanism = { CKM_ECDSA, NULL, 0 };
	unsigned char data[DIGEST], raw[RSA_BYTES];
	CK_ULONG len = sizeof raw;

	memcpy(data, digest, sizeof data);
	if (t->rsa)
		mechanism = (CK_MECHANISM){ CKM_RSA_PKCS_PSS, &pss, sizeof pss };
	CK_RV rv = t->module->C_SignInit(t->session, &mechanism, t->key);

	if (rv == CKR_OK && t->always)
		rv = t->module->C_Login(t->session, CKU_CONTEXT_SPECIFIC, t->pin.bytes, t->pin.len);
	if (rv == CKR_OK)
		rv = t->module->C_Sign(t->session, data, sizeof data, raw, &len);
	if (rv != CKR_OK || len > sizeof raw)
		return token_fail(t, rv, "cannot sign", err);
	return t->rsa ? buf_append(out, raw, len, err) : append_ecdsa(t, raw, len, out, err);
}
