/* The profile of a signature file, checked on its bytes alone.  For lib/crypto only. */
#ifndef CRYPTO_CMS_INTERNAL_H
#define CRYPTO_CMS_INTERNAL_H

#include "lib/crypto/der.h"

struct error;

enum { CMS_SHA384 = 48 };

/* What the signature must speak of. */
struct cms_expected {
	struct der certificate;                   /* DER of the pinned certificate */
	struct der issuer, serial;                /* DER of its issuer and serial number */
	unsigned char cert_sha384[CMS_SHA384];    /* its digest */
	bool rsa;                                 /* its key is RSA, else P-384 */
	unsigned char content_sha384[CMS_SHA384]; /* the digest of the signed bytes */
};

/*
 * Every rule of the profile that can be decided without the public key.  sig is hostile; -1 with
 * the CMS_* error of the first rule it breaks.
 */
int cms_profile_check(const unsigned char *sig, size_t len, const struct cms_expected *expected,
		      struct error *err) __attribute__((nonnull, warn_unused_result));

#endif
