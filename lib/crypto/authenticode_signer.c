#include "lib/base/buf.h"
#include "lib/base/limits.h"
#include "lib/crypto/authenticode_internal.h"

#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>

/* ---- certificates ---- */

STACK_OF(X509) * authenticode_certificates(struct der from)
{
	CLEANUP(sk_X509_pop_free) STACK_OF(X509) *certs = sk_X509_new_null();
	struct der contents, whole;
	unsigned char tag;

	if (!certs)
		abort();
	for (unsigned n = 0; from.left; n++) {
		if (n == LIMIT_AUTHENTICODE_CERTIFICATES ||
		    !der_next(&from, &tag, &contents, &whole))
			return NULL;
		if (tag != DER_SEQUENCE) /* Microsoft's time stamps hold attribute certificates */
			continue;
		const unsigned char *at = whole.at;
		X509 *x509 = d2i_X509(NULL, &at, (long)whole.left);

		ERR_clear_error();
		if (!x509)
			return NULL;
		if (at != whole.at + whole.left || sk_X509_push(certs, x509) <= 0) {
			X509_free(x509);
			return NULL;
		}
	}
	return STEAL(certs);
}

X509 *authenticode_find(const STACK_OF(X509) * certs, const struct authenticode_signer *s)
{
	const unsigned char *name_at = s->issuer.at, *serial_at = s->serial.at;
	CLEANUP(X509_NAME_free)
	X509_NAME *issuer = d2i_X509_NAME(NULL, &name_at, (long)s->issuer.left);
	CLEANUP(ASN1_INTEGER_free)
	ASN1_INTEGER *serial = d2i_ASN1_INTEGER(NULL, &serial_at, (long)s->serial.left);
	X509 *found = NULL;

	ERR_clear_error();
	for (int i = 0; issuer && serial && !found && i < sk_X509_num(certs); i++) {
		X509 *c = sk_X509_value(certs, i);

		if (X509_NAME_cmp(X509_get_issuer_name(c), issuer) == 0 &&
		    ASN1_INTEGER_cmp(X509_get0_serialNumber(c), serial) == 0)
			found = c;
	}
	return found;
}

void authenticode_name(const X509_NAME *from, char out[AUTHENTICODE_NAME_SIZE])
{
	CLEANUP(BIO_free) BIO *bio = BIO_new(BIO_s_mem());
	char *text = NULL;

	/* RFC 2253 escapes everything that is not printable ASCII. */
	if (!bio || X509_NAME_print_ex(bio, from, 0, XN_FLAG_RFC2253) < 0) {
		ERR_clear_error();
		out[0] = '\0';
		return;
	}
	long len = BIO_get_mem_data(bio, &text);
	size_t n = len < 0 ? 0 : (size_t)len;

	if (n >= AUTHENTICODE_NAME_SIZE)
		n = AUTHENTICODE_NAME_SIZE - 1;
	if (n > 0)
		memcpy(out, text, n);
	out[n] = '\0';
}

/* ---- signatures ---- */

bool authenticode_hash_is(const EVP_MD *hash, struct der bytes, struct der digest)
{
	unsigned char actual[EVP_MAX_MD_SIZE];
	unsigned len = 0;

	if (EVP_Digest(bytes.at, bytes.left, actual, &len, hash, NULL) != 1)
		abort();
	return der_equals(&digest, actual, len);
}

/* The field that nobody signs must speak of the kind of key there is: RSA (PKCS#1 1.5) or EC. */
static bool is_algorithm(const struct der *oid, EVP_PKEY *key)
{
	static const unsigned char rsa[] = { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1 };
	static const unsigned char ec[] = { 0x2a, 0x86, 0x48, 0xce, 0x3d };

	switch (EVP_PKEY_get_base_id(key)) {
	case EVP_PKEY_RSA:
		return oid->left == sizeof rsa + 1 && memcmp(oid->at, rsa, sizeof rsa) == 0 &&
		       (oid->at[sizeof rsa] == 1 || oid->at[sizeof rsa] == 5 ||
			(oid->at[sizeof rsa] >= 11 && oid->at[sizeof rsa] <= 13));
	case EVP_PKEY_EC:
		return oid->left > sizeof ec && memcmp(oid->at, ec, sizeof ec) == 0;
	default:
		return false;
	}
}

/* What is signed is the SET of attributes, encoded as such and not as [0]. */
static bool verify_attributes(const struct authenticode_signer *s, EVP_PKEY *key)
{
	static const unsigned char set = DER_SET;
	CLEANUP(EVP_MD_CTX_free) EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	if (!ctx)
		abort();
	bool ok = EVP_DigestVerifyInit(ctx, NULL, s->hash, NULL, key) == 1 &&
		  EVP_DigestVerifyUpdate(ctx, &set, 1) == 1 &&
		  EVP_DigestVerifyUpdate(ctx, s->attributes_whole.at + 1,
					 s->attributes_whole.left - 1) == 1 &&
		  EVP_DigestVerifyFinal(ctx, s->signature.at, s->signature.left) == 1;

	ERR_clear_error();
	return ok;
}

bool authenticode_verify_signer(const struct authenticode_signer *s, X509 *cert, struct der content)
{
	EVP_PKEY *key = X509_get0_pubkey(cert);
	struct der digest;
	unsigned char tag;

	ERR_clear_error();
	return key && is_algorithm(&s->algorithm, key) &&
	       authenticode_attribute(s->attributes, AUTHENTICODE_OID_MESSAGE_DIGEST, &tag,
				      &digest) &&
	       tag == DER_OCTET_STRING && authenticode_hash_is(s->hash, content, digest) &&
	       verify_attributes(s, key);
}
