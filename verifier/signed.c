#include "verifier/signed.h"

#include "lib/base/error.h"
#include "lib/crypto/trust.h"
#include "media/manifest.h"

int signed_check(const struct trust *t, const struct manifest *m, const unsigned char digest[32],
		 struct trust_verdict *signers, struct error *err)
{
	if (m->trust_version > t->version)
		return error_set(err, ERROR_TRUST_NEWER,
				 "MANIFEST names trust version %u, the newest one here is %u",
				 m->trust_version, t->version);
	if (m->created > t->expires)
		return error_set(err, ERROR_TRUST_EXPIRED,
				 "MANIFEST was made after trust root version %u had expired",
				 t->version);
	return trust_check_bundle(t, digest, err) < 0
		       ? -1
		       : trust_check_validity(t, signers, m->created, err);
}
