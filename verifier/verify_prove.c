/* Signatures, trust root and MANIFEST: see the header. */
#include "verifier/verify_prove.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/crypto/digest.h"
#include "media/manifest.h"
#include "verifier/signed.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct proving {
	int dir, trust_dir;
	unsigned char *manifest_bytes;
	size_t manifest_len;
	unsigned char manifest_digest[DIGEST_SHA256];
	struct manifest manifest;
	const struct trust *trust; /* in force: the caller's or newer */
	struct trust *newer;
	enum verify_policy policy;
	struct trust_verdict signers;
	struct verify_evidence *evidence;
};

static void proving_clear(struct proving *b)
{
	free(b->manifest_bytes);
	trust_free(b->newer);
	file_close(b->trust_dir);
	file_close(b->dir);
}
DEFINE_CLEANUP_IN_PLACE(struct proving, proving_clear);

/* A file every bundle has. */
int verify_load_file(int dir, const char *name, size_t max, unsigned char **out, size_t *len,
		     struct error *err)
{
	int found = file_load(dir, name, max, out, len, err);

	if (found == 0)
		return error_set(err, ERROR_BUNDLE_FILE_MISSING, "%s: not there", name);
	return found < 0 ? -1 : 0;
}

/*
 * A directory of the bundle: 1 and *fd, or 0 when it is not there.  What stands in its place is a
 * defect of the medium, never of the command.
 */
int verify_open_part(int dir, const char *name, int *fd, struct error *err)
{
	*fd = file_open_subdir(dir, name, false, err);
	if (*fd >= 0)
		return 1;
	int sys = err->sys;

	error_clear(err);
	if (sys == ENOENT)
		return 0;
	if (sys == ENOTDIR || sys == ELOOP)
		return error_set(err, ERROR_FILE_NAME, "%s: not a directory", name);
	errno = sys;
	return error_set_errno(err, ERROR_FILE_READ, "%s: cannot open", name);
}

/* ---- signatures ---- */

struct signatures {
	struct file_list names;
	struct trust_signature items[LIMIT_SIGNATURES];
	unsigned char *bytes[LIMIT_SIGNATURES];
};

static void signatures_clear(struct signatures *s)
{
	for (size_t i = 0; i < LIMIT_SIGNATURES; i++)
		free(s->bytes[i]);
	file_list_clear(&s->names);
}
DEFINE_CLEANUP_IN_PLACE(struct signatures, signatures_clear);

static int load_signatures(int dir, struct signatures *s, struct error *err)
{
	CLEANUP(file_close) int sigs = -1;
	int found = verify_open_part(dir, "sigs", &sigs, err);

	if (found <= 0)
		return found; /* no directory, no signature: the policy says so better */
	if (file_list_load(sigs, LIMIT_SIGNATURES, &s->names, err) < 0)
		return error_wrap(err, "sigs");
	for (size_t i = 0; i < s->names.count; i++) {
		s->items[i].name = s->names.names[i];
		if (verify_load_file(sigs, s->items[i].name, LIMIT_SIGNATURE_BYTES, &s->bytes[i],
				     &s->items[i].len, err) < 0)
			return error_wrap(err, "sigs");
		s->items[i].bytes = s->bytes[i];
	}
	return 0;
}

/* The trust root the bundle carries, if it is a newer one that continues ours. */
static int adopt_newer_trust(struct proving *b, struct error *err)
{
	int found = verify_open_part(b->dir, "trust", &b->trust_dir, err);

	if (found == 0)
		return error_set(err, ERROR_BUNDLE_FILE_MISSING, "trust: not there");
	if (found < 0)
		return -1;
	CLEANUP(trust_free) struct trust *offered = trust_load(b->trust_dir, "trust", err);
	if (!offered)
		return -1;
	int newer = trust_extends(b->trust, offered, err);
	if (newer < 0)
		return error_wrap(err, "trust");
	if (newer == 1) {
		b->newer = STEAL(offered);
		b->trust = b->newer;
	}
	return 0;
}

static int has_builder(const struct proving *b, struct error *err)
{
	const struct trust_verdict *v = &b->signers;

	for (size_t i = 0; i < v->count; i++)
		if (v->signers[i].role == KEY_ROLE_BUILDER)
			return 0;
	if (v->revoked_count > 0)
		return error_set(err, ERROR_TRUST_REVOKED_KEY,
				 "signed by the revoked key %s, and by no other builder",
				 v->revoked);
	return error_set(err, ERROR_TRUST_NO_BUILDER,
			 "no builder of the trust root has signed this bundle");
}

/* A builder signed, and nobody whose signature does not hold. */
static int check_builder(struct proving *b, const struct signatures *s, struct error *err)
{
	for (size_t i = 0; i < s->names.count; i++) {
		char id[KEY_SHORT_SIZE] = "";

		snprintf(id, sizeof id, "%.16s", s->items[i].name);
		const struct trust_key *key = trust_find(b->trust, id);
		if (!key)
			continue;
		if (trust_check_role(b->trust, key->role, b->manifest_bytes, b->manifest_len,
				     &s->items[i], TRUST_TIME_LATER,
				     &b->signers.signers[b->signers.count], err) < 0)
			return -1;
		b->signers.count++;
	}
	return has_builder(b, err);
}

/* What is to be kept of those who count. */
static int keep_evidence(struct proving *b, const struct signatures *s, struct error *err)
{
	for (size_t i = 0; i < b->signers.count; i++) {
		CLEANUP(buf_clear) struct buf pem = BUF_INIT(LIMIT_CERTIFICATE_BYTES);
		const char *id = b->signers.signers[i].short_id;
		const struct trust_key *key = trust_find(b->trust, id);
		struct verify_evidence *e = &b->evidence[i];

		for (size_t k = 0; k < s->names.count; k++) {
			if (strncmp(s->names.names[k], id, strlen(id)) != 0 || e->signature)
				continue;
			e->signature_len = s->items[k].len;
			e->signature = buf_malloc(e->signature_len + 1);
			memcpy(e->signature, s->bytes[k], e->signature_len);
		}
		if (!key || key_cert_write(key->cert, &pem, err) < 0)
			return -1;
		e->certificate_len = pem.len;
		e->certificate = buf_take(&pem);
	}
	return 0;
}

static int check_signatures(struct proving *b, struct signatures *s, struct error *err)
{
	if (verify_load_file(b->dir, "MANIFEST", LIMIT_MANIFEST_BYTES, &b->manifest_bytes,
			     &b->manifest_len, err) < 0 ||
	    load_signatures(b->dir, s, err) < 0 || adopt_newer_trust(b, err) < 0)
		return -1;
	if (b->policy == VERIFY_FOR_APPROVAL)
		return check_builder(b, s, err);
	return trust_check_signatures(b->trust, b->manifest_bytes, b->manifest_len, s->items,
				      s->names.count, TRUST_TIME_LATER, &b->signers, err);
}

/* ---- MANIFEST ---- */

static int read_manifest(struct proving *b, struct error *err)
{
	if (manifest_parse(b->manifest_bytes, b->manifest_len, &b->manifest, err) < 0)
		return -1;
	digest_sha256(b->manifest_bytes, b->manifest_len, b->manifest_digest);
	if (signed_check(b->trust, &b->manifest, b->manifest_digest, &b->signers, err) < 0)
		return -1;
	return b->policy == VERIFY_FOR_APPROVAL ? has_builder(b, err)
						: trust_check_policy(b->trust, &b->signers, err);
}

int verify_open_dir(const char *path, struct error *err)
{
	struct error refused = ERROR_INIT;
	int dir = file_open_dir(path, &refused);

	if (dir >= 0)
		return dir;
	errno = refused.sys;
	return error_set_errno(err, ERROR_BUNDLE_ABSENT,
			       "%s: no bundle there, or it cannot be read", path);
}

int verify_prove(const char *path, const struct trust *trust, enum verify_policy policy,
		 struct verify_proof *out, struct error *err)
{
	CLEANUP(verify_proof_clear) struct verify_proof proof = { .newer = NULL };
	CLEANUP(signatures_clear) struct signatures s = { 0 };
	CLEANUP(proving_clear)
	struct proving b = {
		.trust = trust, .policy = policy, .trust_dir = -1, .evidence = proof.evidence
	};

	b.dir = verify_open_dir(path, err);
	if (b.dir < 0)
		return -1;
	if (check_signatures(&b, &s, err) < 0 || read_manifest(&b, err) < 0 ||
	    keep_evidence(&b, &s, err) < 0)
		return error_wrap(err, "%s", path);
	proof.manifest = STEAL(b.manifest_bytes);
	proof.manifest_len = b.manifest_len;
	proof.signers = b.signers;
	proof.newer = STEAL(b.newer);
	*out = proof;
	proof = (struct verify_proof){ .newer = NULL };
	return 0;
}

void verify_proof_clear(struct verify_proof *p)
{
	for (size_t i = 0; i < LIMIT_SIGNATURES; i++) {
		free(p->evidence[i].signature);
		free(p->evidence[i].certificate);
	}
	free(p->manifest);
	trust_free(p->newer);
	*p = (struct verify_proof){ .newer = NULL };
}
