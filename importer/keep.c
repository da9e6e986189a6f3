#include "importer/keep.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/limits.h"
#include "lib/crypto/cms.h"
#include "lib/crypto/trust.h"
#include "lib/store/evidence.h"
#include "media/manifest.h"
#include "verifier/origin.h"
#include "verifier/verify.h"

#include <stdio.h>
#include <stdlib.h>

struct keeping {
	struct store *store;
	struct evidence_bundle where;
	const struct verified_bundle *bundle;
};

static int keep_signature(const struct keeping *k, const struct trust_key *key, struct error *err)
{
	CLEANUP(free) unsigned char *bytes = NULL;
	char name[EVIDENCE_NAME_SIZE], path[EVIDENCE_NAME_SIZE + 8];
	size_t len, signed_len;
	const void *message = verify_manifest_bytes(k->bundle, &signed_len);

	snprintf(name, sizeof name, "%s.p7s", key->short_id);
	snprintf(path, sizeof path, "sigs/%s", name);
	int found =
		file_load(verify_dir(k->bundle), path, LIMIT_SIGNATURE_BYTES, &bytes, &len, err);
	if (found == 0)
		return error_set(err, ERROR_BUNDLE_FILE_MISSING, "%s: not there any more", path);
	if (found < 0 || cms_verify(bytes, len, message, signed_len, key->cert, err) < 0)
		return -1;
	return evidence_add_file(k->store, &k->where, name, bytes, len, err);
}

static int keep_certificate(const struct keeping *k, const struct trust_key *key, struct error *err)
{
	CLEANUP(buf_clear) struct buf pem = BUF_INIT(LIMIT_CERTIFICATE_BYTES);
	char name[EVIDENCE_NAME_SIZE];

	snprintf(name, sizeof name, "%s.pem", key->short_id);
	if (key_cert_write(key->cert, &pem, err) < 0)
		return -1;
	return evidence_add_file(k->store, &k->where, name, pem.bytes, pem.len, err);
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

	for (size_t i = 0; i < signers->count; i++) {
		const struct trust_key *key =
			trust_find(verify_trust(b), signers->signers[i].short_id);

		if (keep_signature(&k, key, err) < 0 || keep_certificate(&k, key, err) < 0)
			return -1;
	}
	return origin_each(b, keep_origin, &k, err);
}
