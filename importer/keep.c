#include "importer/keep.h"

#include "lib/crypto/trust.h"
#include "lib/store/evidence.h"
#include "media/manifest.h"
#include "verifier/origin.h"
#include "verifier/verify.h"
#include "verifier/verify_prove.h"

#include <stdio.h>

struct keeping {
	struct store *store;
	struct evidence_bundle where;
	const struct verified_bundle *bundle;
};

static int keep_signer(const struct keeping *k, size_t i, struct error *err)
{
	const struct verify_evidence *e = verify_evidence(k->bundle, i);
	const char *id = verify_signers(k->bundle)->signers[i].short_id;
	char signature[EVIDENCE_NAME_SIZE], certificate[EVIDENCE_NAME_SIZE];

	snprintf(signature, sizeof signature, "%s.p7s", id);
	snprintf(certificate, sizeof certificate, "%s.pem", id);
	if (evidence_add_file(k->store, &k->where, signature, e->signature, e->signature_len, err) <
	    0)
		return -1;
	return evidence_add_file(k->store, &k->where, certificate, e->certificate,
				 e->certificate_len, err);
}

static int keep_origin(void *ctx, const struct origin_file *f, struct error *err)
{
	const struct keeping *k = ctx;
	char name[EVIDENCE_NAME_SIZE];

	snprintf(name, sizeof name, "origin/%zu.%s", f->n, f->kind);
	return evidence_add_file(k->store, &k->where, name, f->bytes, f->len, err);
}

int keep_evidence(struct store *s, int64_t channel_id, const struct verified_bundle *b,
		  struct error *err)
{
	const struct manifest *m = verify_manifest(b);
	const struct trust_verdict *signers = verify_signers(b);
	struct keeping k = { s, { channel_id, m->epoch, m->sequence }, b };

	for (size_t i = 0; i < signers->count; i++)
		if (keep_signer(&k, i, err) < 0)
			return -1;
	return origin_each(b, keep_origin, &k, err);
}
