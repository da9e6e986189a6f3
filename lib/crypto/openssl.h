/*
 * What the modules of this component share about OpenSSL: how it is started, how its error queue
 * becomes one of our messages, and clean-ups for its types.  For lib/crypto only.
 */
#ifndef CRYPTO_OPENSSL_H
#define CRYPTO_OPENSSL_H

#include "lib/base/cleanup.h"
#include "lib/base/error.h"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/cms.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

/*
 * Must come before the first use of the library: without it OpenSSL reads openssl.cnf, which can
 * load engines and providers.  Cheap, and harmless when repeated.
 */
void openssl_start(void);

/*
 * error_set() with OpenSSL's newest reason appended, and the queue emptied.  Always returns -1.
 */
int openssl_fail(struct error *err, enum error_id id, const char *fmt, ...)
	__attribute__((format(printf, 3, 4), nonnull));

DEFINE_CLEANUP(BIO *, BIO_free);
DEFINE_CLEANUP(X509 *, X509_free);
DEFINE_CLEANUP(EVP_PKEY *, EVP_PKEY_free);
DEFINE_CLEANUP(CMS_ContentInfo *, CMS_ContentInfo_free);
DEFINE_CLEANUP(STACK_OF(X509) *, sk_X509_free);
DEFINE_CLEANUP(PKCS8_PRIV_KEY_INFO *, PKCS8_PRIV_KEY_INFO_free);
DEFINE_CLEANUP(X509_SIG *, X509_SIG_free);
DEFINE_CLEANUP(EXTENDED_KEY_USAGE *, EXTENDED_KEY_USAGE_free);
DEFINE_CLEANUP(ASN1_OBJECT *, ASN1_OBJECT_free);
DEFINE_CLEANUP(ASN1_TIME *, ASN1_TIME_free);
DEFINE_CLEANUP(ASN1_INTEGER *, ASN1_INTEGER_free);
DEFINE_CLEANUP(X509_EXTENSION *, X509_EXTENSION_free);
DEFINE_CLEANUP(BIGNUM *, BN_free);
DEFINE_CLEANUP(EVP_MD_CTX *, EVP_MD_CTX_free);
DEFINE_CLEANUP(X509_NAME *, X509_NAME_free);
DEFINE_CLEANUP(X509_CRL *, X509_CRL_free);
DEFINE_CLEANUP(X509_STORE_CTX *, X509_STORE_CTX_free);

/* A stack that owns its certificates, unlike sk_X509_free(). */
__attribute__((unused)) static inline void sk_X509_pop_free_cleanup_(STACK_OF(X509) * *certs)
{
	sk_X509_pop_free(*certs, X509_free);
}

/* For memory that OpenSSL allocated: DER it encoded, the parts of a PEM file. */
__attribute__((unused)) static inline void openssl_free_cleanup_(unsigned char **bytes)
{
	OPENSSL_free(*bytes);
}
__attribute__((unused)) static inline void openssl_free_text_cleanup_(char **text)
{
	OPENSSL_free(*text);
}

#endif
