/* From verdicts to words and errors. */
#include "lib/base/error.h"
#include "lib/crypto/authenticode.h"

const char *authenticode_kind_name(enum authenticode_kind k)
{
	static const char *const names[] = {
		[AUTHENTICODE_OTHER] = "not a cabinet",
		[AUTHENTICODE_UNSIGNED] = "unsigned",
		[AUTHENTICODE_SIGNED] = "signed",
		[AUTHENTICODE_MALFORMED] = "malformed",
	};

	return names[k];
}

const char *authenticode_digest_name(enum authenticode_digest d)
{
	static const char *const names[] = {
		[AUTHENTICODE_DIGEST_NONE] = "none",
		[AUTHENTICODE_DIGEST_OK] = "ok",
		[AUTHENTICODE_DIGEST_SHA1] = "ok, SHA-1 only",
		[AUTHENTICODE_DIGEST_BAD] = "bad",
	};

	return names[d];
}

const char *authenticode_time_name(enum authenticode_time t)
{
	static const char *const names[] = {
		[AUTHENTICODE_TIME_NONE] = "none",
		[AUTHENTICODE_TIME_OK] = "ok",
		[AUTHENTICODE_TIME_UNCHECKED] = "unchecked",
		[AUTHENTICODE_TIME_UNTRUSTED] = "untrusted",
		[AUTHENTICODE_TIME_WEAK] = "weak",
		[AUTHENTICODE_TIME_BAD] = "bad",
	};

	return names[t];
}

const char *authenticode_chain_name(enum authenticode_chain c)
{
	static const char *const names[] = {
		[AUTHENTICODE_CHAIN_UNCHECKED] = "unchecked",
		[AUTHENTICODE_CHAIN_OK] = "ok",
		[AUTHENTICODE_CHAIN_UNKNOWN] = "unknown root",
		[AUTHENTICODE_CHAIN_EXPIRED] = "expired",
		[AUTHENTICODE_CHAIN_PURPOSE] = "wrong purpose",
		[AUTHENTICODE_CHAIN_REVOKED] = "revoked",
		[AUTHENTICODE_CHAIN_WEAK] = "weak",
		[AUTHENTICODE_CHAIN_INVALID] = "invalid",
	};

	return names[c];
}

int authenticode_accept_digest(const struct authenticode_verdict *v, const char *label,
			       struct error *err)
{
	if (v->kind == AUTHENTICODE_MALFORMED)
		return error_set(err, ERROR_AUTHENTICODE_FORMAT, "%s: Authenticode: %s", label,
				 v->problem);
	if (v->kind != AUTHENTICODE_SIGNED)
		return 0;
	if (v->digest == AUTHENTICODE_DIGEST_BAD)
		return error_set(err, ERROR_AUTHENTICODE_DIGEST,
				 "%s: Authenticode: the bytes are not those that were signed",
				 label);
	if (!v->signature_ok)
		return error_set(err, ERROR_AUTHENTICODE_SIGNATURE,
				 "%s: Authenticode: the signature is not valid, or its certificate "
				 "is not in it",
				 label);
	return 0;
}

static int refuse(const struct authenticode_verdict *v, enum error_id id, const char *label,
		  const char *why, struct error *err)
{
	return error_set(err, id, "%s: Authenticode: %s: %.200s (time stamp: %s)", label, why,
			 v->subject, authenticode_time_name(v->time));
}

int authenticode_accept_chain(const struct authenticode_verdict *v, const char *label,
			      struct error *err)
{
	if (authenticode_accept_digest(v, label, err) < 0)
		return -1;
	if (v->kind != AUTHENTICODE_SIGNED)
		return error_set(err, ERROR_AUTHENTICODE_UNSIGNED, "%s: Authenticode: %s", label,
				 authenticode_kind_name(v->kind));
	switch (v->chain) {
	case AUTHENTICODE_CHAIN_OK:
		return 0;
	case AUTHENTICODE_CHAIN_UNKNOWN:
		return refuse(v, ERROR_AUTHENTICODE_UNKNOWN, label,
			      "no chain to a pinned certificate", err);
	case AUTHENTICODE_CHAIN_EXPIRED:
		return refuse(v, ERROR_AUTHENTICODE_EXPIRED, label,
			      "not valid at the time that is proved for the signature", err);
	case AUTHENTICODE_CHAIN_PURPOSE:
		return refuse(v, ERROR_AUTHENTICODE_PURPOSE, label,
			      "a certificate is not meant for code signing", err);
	case AUTHENTICODE_CHAIN_REVOKED:
		return refuse(v, ERROR_AUTHENTICODE_REVOKED, label, "a certificate is revoked",
			      err);
	case AUTHENTICODE_CHAIN_WEAK:
		return refuse(v, ERROR_AUTHENTICODE_WEAK, label, "rests on SHA-1 or a short key",
			      err);
	case AUTHENTICODE_CHAIN_UNCHECKED:
	case AUTHENTICODE_CHAIN_INVALID:
	default:
		return refuse(v, ERROR_AUTHENTICODE_CHAIN, label, "the chain is invalid", err);
	}
}
