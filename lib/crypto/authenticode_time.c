/*
 * When was it signed?  Both forms of countersignature lie among the unsigned attributes, where
 * anybody can put one; so each must prove itself, and one that does not counts as none.
 */
#include "lib/crypto/authenticode_internal.h"

#include <string.h>

static bool content_type_is(const struct authenticode_signer *s, enum authenticode_oid oid)
{
	struct der value;
	unsigned char tag;

	return authenticode_attribute(s->attributes, AUTHENTICODE_OID_CONTENT_TYPE, &tag, &value) &&
	       tag == DER_OID && authenticode_is_oid(&value, oid);
}

/* The authority's signature is right; now its chain, at the time that it states itself. */
static enum authenticode_time judge(const struct authenticode_signer *s, const EVP_MD *imprint,
				    X509 *cert, STACK_OF(X509) * certs,
				    const struct authenticode_roots *roots,
				    struct authenticode_verdict *out)
{
	authenticode_name(X509_get_subject_name(cert), out->time_subject);
	if (EVP_MD_get_type(s->hash) == NID_sha1 || EVP_MD_get_type(imprint) == NID_sha1)
		return AUTHENTICODE_TIME_WEAK;
	if (!roots)
		return AUTHENTICODE_TIME_UNCHECKED;
	switch (authenticode_check_chain(roots, cert, certs, out->time_stated, NID_time_stamp)) {
	case AUTHENTICODE_CHAIN_OK:
		return AUTHENTICODE_TIME_OK;
	case AUTHENTICODE_CHAIN_WEAK:
		return AUTHENTICODE_TIME_WEAK;
	case AUTHENTICODE_CHAIN_UNCHECKED:
	case AUTHENTICODE_CHAIN_UNKNOWN:
	case AUTHENTICODE_CHAIN_EXPIRED:
	case AUTHENTICODE_CHAIN_PURPOSE:
	case AUTHENTICODE_CHAIN_REVOKED:
	case AUTHENTICODE_CHAIN_INVALID:
	default:
		return AUTHENTICODE_TIME_UNTRUSTED;
	}
}

/* PKCS#9: a SignerInfo over the octets of the signature, its certificate among ours. */
static enum authenticode_time check_pkcs9(struct der values, struct der signature,
					  STACK_OF(X509) * certs,
					  const struct authenticode_roots *roots,
					  struct authenticode_verdict *out)
{
	struct authenticode_signer s;
	struct der text;
	unsigned char tag;

	if (!authenticode_take_signer(&values, &s) || values.left ||
	    !authenticode_attribute(s.attributes, AUTHENTICODE_OID_SIGNING_TIME, &tag, &text) ||
	    !authenticode_seconds(tag, text, &out->time_stated))
		return AUTHENTICODE_TIME_BAD;
	X509 *cert = authenticode_find(certs, &s);

	if (!cert || !authenticode_verify_signer(&s, cert, signature))
		return AUTHENTICODE_TIME_BAD;
	return judge(&s, s.hash, cert, certs, roots, out);
}

/* RFC 3161: a SignedData of its own, with its own certificates; TSTInfo states the time. */
static enum authenticode_time check_rfc3161(struct der values, struct der signature,
					    STACK_OF(X509) * around,
					    const struct authenticode_roots *roots,
					    struct authenticode_verdict *out)
{
	struct authenticode_signed_data d;
	struct der imprint;
	const EVP_MD *hash;

	if (!authenticode_take_signed_data(&values, DER_OCTET_STRING, &d) || values.left ||
	    !authenticode_is_oid(&d.content_type, AUTHENTICODE_OID_TST_INFO) ||
	    !content_type_is(&d.signer, AUTHENTICODE_OID_TST_INFO) ||
	    !authenticode_tst_info(d.content, &hash, &imprint, &out->time_stated) ||
	    !authenticode_hash_is(hash, signature, imprint))
		return AUTHENTICODE_TIME_BAD;
	CLEANUP(sk_X509_pop_free)
	STACK_OF(X509) *own = authenticode_certificates(d.certificates);
	STACK_OF(X509) *certs = own && sk_X509_num(own) > 0 ? own : around;
	X509 *cert = own ? authenticode_find(certs, &d.signer) : NULL;

	if (!cert || !authenticode_verify_signer(&d.signer, cert, d.content))
		return AUTHENTICODE_TIME_BAD;
	return judge(&d.signer, hash, cert, certs, roots, out);
}

void authenticode_check_time(const struct authenticode_signer *s, STACK_OF(X509) * certs,
			     const struct authenticode_roots *roots,
			     struct authenticode_verdict *out)
{
	struct der attributes = s->unsigned_attributes, oid, values;
	bool found = false;
	int more;

	out->time_stated = -1;
	while ((more = authenticode_next_attribute(&attributes, &oid, &values)) == 1) {
		bool stamp = authenticode_is_oid(&oid, AUTHENTICODE_OID_TIME_STAMP);

		if (!stamp && !authenticode_is_oid(&oid, AUTHENTICODE_OID_COUNTERSIGNATURE))
			continue;
		if (found) { /* which one counts would be the choice of whoever added it */
			out->time = AUTHENTICODE_TIME_BAD;
			return;
		}
		found = true;
		out->rfc3161 = stamp;
		out->time = (stamp ? check_rfc3161 : check_pkcs9)(values, s->signature, certs,
								  roots, out);
	}
	if (more < 0)
		out->time = AUTHENTICODE_TIME_BAD;
}
