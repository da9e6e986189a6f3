#include "lib/crypto/authenticode.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/limits.h"
#include "lib/base/str.h"
#include "lib/crypto/authenticode_internal.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct authenticode {
	unsigned char header[AUTHENTICODE_CAB_HEADER];
	uint64_t total;
	struct authenticode_cab cab;  /* known once the header is complete */
	struct digest *sha1, *sha256; /* NULL when nothing needs to be digested */
	struct buf signature;
	bool digested;
	unsigned char sha1_is[DIGEST_SHA1], sha256_is[DIGEST_SHA256];
};

struct authenticode *authenticode_new(void)
{
	struct authenticode *a = buf_calloc(1, sizeof *a);

	a->signature = (struct buf)BUF_INIT(LIMIT_CAB_SIGNATURE_BYTES);
	return a;
}

void authenticode_free(struct authenticode *a)
{
	if (!a)
		return;
	digest_free(a->sha1);
	digest_free(a->sha256);
	buf_clear(&a->signature);
	free(a);
}

/* ---- the bytes of the file ---- */

static void begin(struct authenticode *a)
{
	authenticode_cab_read(a->header, sizeof a->header, &a->cab);
	if (a->cab.kind != AUTHENTICODE_CAB_SIGNED)
		return;
	a->sha1 = digest_new(DIGEST_KIND_SHA1);
	a->sha256 = digest_new(DIGEST_KIND_SHA256);
	authenticode_cab_digest(a->header, a->sha1);
	authenticode_cab_digest(a->header, a->sha256);
}

/* How many of len bytes at the position lie before end. */
static size_t within(uint64_t at, size_t len, uint64_t end)
{
	if (at >= end)
		return 0;
	return end - at < len ? (size_t)(end - at) : len;
}

void authenticode_feed(struct authenticode *a, const void *bytes, size_t len)
{
	const unsigned char *p = bytes;
	size_t n = within(a->total, len, sizeof a->header);

	if (n > 0) {
		memcpy(a->header + a->total, p, n);
		a->total += n;
		p += n;
		len -= n;
		if (a->total == sizeof a->header)
			begin(a);
	}
	if (a->sha1 && len > 0) {
		struct error err =
			ERROR_INIT; /* impossible: the header was compared with the ceiling */

		n = within(a->total, len, a->cab.size);
		digest_update(a->sha1, p, n);
		digest_update(a->sha256, p, n);
		size_t m = within(a->total + n, len - n, a->cab.size + a->cab.signature_bytes);
		int failed = buf_append(&a->signature, p + n, m, &err);

		assert(!failed);
		(void)failed;
	}
	a->total += len;
}

bool authenticode_is_cabinet(const struct authenticode *a)
{
	return a->total < sizeof a->header || a->cab.kind != AUTHENTICODE_CAB_OTHER;
}

/* Judge the container now that its length is known; NULL or what is wrong. */
static const char *check_container(struct authenticode *a)
{
	uint64_t end = a->cab.size + a->cab.signature_bytes;

	if (a->cab.kind == AUTHENTICODE_CAB_BAD)
		return a->cab.problem;
	if (a->total < end)
		return a->total < a->cab.size ? "it ends before its last block"
					      : "its signature is cut off";
	return a->total > end ? "something was appended to it" : NULL;
}

static void finish_digests(struct authenticode *a)
{
	if (a->digested)
		return;
	digest_final(a->sha1, a->sha1_is);
	digest_final(a->sha256, a->sha256_is);
	a->digested = true;
}

/* ---- one signature ---- */

struct judging {
	const struct authenticode *file;
	const struct authenticode_roots *roots;
	int64_t now;
	unsigned signatures;
	bool all_digests;                  /* of every signature so far */
	struct authenticode_verdict *best; /* of the strongest one */
};

static int malformed(struct authenticode_verdict *out, const char *what)
{
	*out = (struct authenticode_verdict){ .kind = AUTHENTICODE_MALFORMED, .time_stated = -1 };
	snprintf(out->problem, sizeof out->problem, "%s", what);
	return -1;
}

static bool compare_digest(const struct authenticode *a, const EVP_MD *hash, struct der digest,
			   struct authenticode_verdict *v)
{
	bool sha1 = EVP_MD_get_type(hash) == NID_sha1;
	const unsigned char *actual = sha1 ? a->sha1_is : a->sha256_is;
	size_t len = sha1 ? sizeof a->sha1_is : sizeof a->sha256_is;

	str_to_hex(actual, len, v->digest_hex);
	v->digest = !der_equals(&digest, actual, len) ? AUTHENTICODE_DIGEST_BAD
		    : sha1                            ? AUTHENTICODE_DIGEST_SHA1
						      : AUTHENTICODE_DIGEST_OK;
	return v->digest != AUTHENTICODE_DIGEST_BAD;
}

static void describe(X509 *cert, struct authenticode_verdict *v)
{
	const ASN1_INTEGER *serial = X509_get0_serialNumber(cert);
	size_t len = (size_t)ASN1_STRING_length(serial), max = sizeof v->serial / 2;

	authenticode_name(X509_get_subject_name(cert), v->subject);
	authenticode_name(X509_get_issuer_name(cert), v->issuer);
	str_to_hex(ASN1_STRING_get0_data(serial), len < max ? len : max, v->serial);
}

static void judge_chain(const struct judging *j, const struct authenticode_signer *s, X509 *cert,
			STACK_OF(X509) * certs, struct authenticode_verdict *v)
{
	int64_t at = v->time == AUTHENTICODE_TIME_OK ? v->time_stated : j->now;

	if (!j->roots)
		return;
	v->chain = authenticode_check_chain(j->roots, cert, certs, at, NID_code_sign);
	if (v->chain == AUTHENTICODE_CHAIN_OK &&
	    (v->digest == AUTHENTICODE_DIGEST_SHA1 || EVP_MD_get_type(s->hash) == NID_sha1))
		v->chain = AUTHENTICODE_CHAIN_WEAK;
}

static unsigned strength(const struct authenticode_verdict *v)
{
	return (v->digest != AUTHENTICODE_DIGEST_SHA1 ? 4u : 0) + (v->signature_ok ? 2u : 0) +
	       (v->chain == AUTHENTICODE_CHAIN_OK ? 1u : 0);
}

static bool content_is_indirect_data(const struct authenticode_signed_data *d)
{
	struct der type;
	unsigned char tag;

	return authenticode_is_oid(&d->content_type, AUTHENTICODE_OID_SPC_INDIRECT_DATA) &&
	       authenticode_attribute(d->signer.attributes, AUTHENTICODE_OID_CONTENT_TYPE, &tag,
				      &type) &&
	       tag == DER_OID && authenticode_is_oid(&type, AUTHENTICODE_OID_SPC_INDIRECT_DATA);
}

static int judge_one(struct judging *j, const struct authenticode_signed_data *d,
		     struct authenticode_verdict *out)
{
	struct authenticode_verdict v = { .kind = AUTHENTICODE_SIGNED, .time_stated = -1 };
	const EVP_MD *hash;
	struct der digest;

	if (++j->signatures > LIMIT_AUTHENTICODE_SIGNATURES)
		return malformed(out, "more signatures than any genuine file has");
	if (!content_is_indirect_data(d) || !authenticode_indirect_data(d->content, &hash, &digest))
		return malformed(out, "the signature is not one of a file");
	if (EVP_MD_get_type(hash) != NID_sha1 && EVP_MD_get_type(hash) != NID_sha256)
		return malformed(out, "the digest is neither SHA-256 nor SHA-1");
	CLEANUP(sk_X509_pop_free)
	STACK_OF(X509) *certs = authenticode_certificates(d->certificates);

	if (!certs)
		return malformed(out, "a certificate in the signature is malformed");
	j->all_digests &= compare_digest(j->file, hash, digest, &v);
	X509 *cert = authenticode_find(certs, &d->signer);

	if (cert) {
		describe(cert, &v);
		v.signature_ok = authenticode_verify_signer(&d->signer, cert, d->content);
	}
	if (v.signature_ok) {
		authenticode_check_time(&d->signer, certs, j->roots, &v);
		judge_chain(j, &d->signer, cert, certs, &v);
	}
	if (j->signatures == 1 || strength(&v) > strength(j->best))
		*j->best = v;
	return 0;
}

/* Signatures inside the first one; theirs are not looked for. */
static int judge_nested(struct judging *j, struct der attributes, struct authenticode_verdict *out)
{
	struct der oid, values;
	int more;

	while ((more = authenticode_next_attribute(&attributes, &oid, &values)) == 1) {
		if (!authenticode_is_oid(&oid, AUTHENTICODE_OID_NESTED))
			continue;
		while (values.left) {
			struct authenticode_signed_data d;

			if (!authenticode_take_signed_data(&values, DER_SEQUENCE, &d))
				return malformed(out, "a nested signature is malformed");
			if (judge_one(j, &d, out) < 0)
				return -1;
		}
	}
	return more < 0 ? malformed(out, "the unsigned attributes are malformed") : 0;
}

/* Signers pad the record with zeros to a multiple of eight. */
static bool is_padding(struct der rest)
{
	if (rest.left >= 8)
		return false;
	for (size_t i = 0; i < rest.left; i++)
		if (rest.at[i] != 0)
			return false;
	return true;
}

static int judge_all(struct judging *j, struct authenticode_verdict *out)
{
	struct der from = { j->file->signature.bytes, j->file->signature.len };
	struct authenticode_signed_data d;

	if (!authenticode_take_signed_data(&from, DER_SEQUENCE, &d))
		return malformed(out, "the signature is not PKCS#7 in DER with one signer");
	if (!is_padding(from))
		return malformed(out, "something follows the signature");
	return judge_one(j, &d, out) < 0 ? -1 : judge_nested(j, d.signer.unsigned_attributes, out);
}

void authenticode_finish(struct authenticode *a, const struct authenticode_roots *roots,
			 int64_t now, struct authenticode_verdict *out)
{
	struct authenticode_verdict best = { .kind = AUTHENTICODE_OTHER };
	struct judging j = {
		.file = a, .roots = roots, .now = now, .all_digests = true, .best = &best
	};

	openssl_start();
	*out = (struct authenticode_verdict){ .kind = AUTHENTICODE_OTHER, .time_stated = -1 };
	if (a->total < sizeof a->header)
		authenticode_cab_read(a->header, (size_t)a->total, &a->cab);
	if (a->cab.kind == AUTHENTICODE_CAB_OTHER)
		return;
	const char *problem = check_container(a);

	if (problem) {
		malformed(out, problem);
		return;
	}
	out->kind = AUTHENTICODE_UNSIGNED;
	if (a->cab.kind == AUTHENTICODE_CAB_UNSIGNED)
		return;
	finish_digests(a);
	if (judge_all(&j, out) < 0)
		return;
	*out = best;
	out->signatures = j.signatures;
	if (!j.all_digests)
		out->digest = AUTHENTICODE_DIGEST_BAD;
}
