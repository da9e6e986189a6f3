/*
 * New versions of a trust root.  Everything is made and checked in memory first; NNNN.root is
 * written last and makes the version exist.
 */
#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/crypto/cms.h"
#include "lib/crypto/trust_internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const int64_t LIFETIME = 3652LL * 86400;

/* The signature files of the new version. */
struct made {
	struct buf bytes[LIMIT_SIGNATURES];
	char names[LIMIT_SIGNATURES][TRUST_NAME_SIZE];
	struct trust_signature files[LIMIT_SIGNATURES];
	size_t count;
};

static void made_clear(struct made *m)
{
	for (size_t i = 0; i < m->count; i++)
		buf_clear(&m->bytes[i]);
}
DEFINE_CLEANUP_IN_PLACE(struct made, made_clear);

static int compare(const void *a, const void *b)
{
	return trust_compare_keys(a, b);
}

/* A key line from a certificate, with a certificate of its own. */
static int add_key(struct trust *t, const struct key_cert *cert, struct error *err)
{
	CLEANUP(buf_clear) struct buf pem = BUF_INIT(LIMIT_CERTIFICATE_BYTES);
	const struct key_facts *facts = key_cert_facts(cert);
	struct trust_key *k = &t->keys[t->key_count];

	if (key_cert_write(cert, &pem, err) < 0)
		return -1;
	k->cert = key_cert_load(pem.bytes, pem.len, err);
	if (!k->cert)
		return -1;
	t->key_count++;
	k->role = facts->role;
	memcpy(k->id, facts->spki_sha256, sizeof k->id);
	memcpy(k->cert_sha256, facts->cert_sha256, sizeof k->cert_sha256);
	memcpy(k->short_id, facts->short_id, sizeof k->short_id);
	memcpy(k->holder, facts->holder, sizeof k->holder);
	return 0;
}

/* The revocations of the version before, and those of the request, which may be stronger. */
static int add_revoked(struct trust *t, const struct trust_request *r, const struct trust *previous,
		       struct error *err)
{
	t->format = previous ? previous->format : 1;
	if (previous) {
		t->revoked_key_count = previous->revoked_key_count;
		t->revoked_bundle_count = previous->revoked_bundle_count;
		memcpy(t->revoked_keys, previous->revoked_keys, sizeof t->revoked_keys);
		memcpy(t->revoked_bundles, previous->revoked_bundles, sizeof t->revoked_bundles);
	}
	for (size_t i = 0; i < r->revoked_key_count; i++) {
		size_t at = 0;

		while (at < t->revoked_key_count &&
		       trust_compare_revoked(&t->revoked_keys[at], &r->revoked_keys[i]) != 0)
			at++;
		if (at == LIMIT_TRUST_REVOKED_KEYS)
			return error_set(err, ERROR_TRUST_FORMAT, "at most %u revoked keys",
					 LIMIT_TRUST_REVOKED_KEYS);
		t->revoked_keys[at] = r->revoked_keys[i];
		if (at == t->revoked_key_count)
			t->revoked_key_count++;
	}
	for (size_t i = 0; i < r->revoked_bundle_count; i++) {
		if (trust_find_revoked_bundle(t, r->revoked_bundles[i].manifest))
			continue;
		if (t->revoked_bundle_count == LIMIT_TRUST_REVOKED_BUNDLES)
			return error_set(err, ERROR_TRUST_FORMAT, "at most %u revoked bundles",
					 LIMIT_TRUST_REVOKED_BUNDLES);
		t->revoked_bundles[t->revoked_bundle_count++] = r->revoked_bundles[i];
	}
	qsort(t->revoked_keys, t->revoked_key_count, sizeof *t->revoked_keys,
	      trust_compare_revoked);
	qsort(t->revoked_bundles, t->revoked_bundle_count, sizeof *t->revoked_bundles,
	      trust_compare_revoked_bundles);
	if (t->revoked_key_count + t->revoked_bundle_count > 0)
		t->format = 2;
	return 0;
}

static struct trust *build(const struct trust_request *r, const struct trust *previous,
			   struct error *err)
{
	static const enum key_role roles[] = { KEY_ROLE_ROOT, KEY_ROLE_BUILDER, KEY_ROLE_APPROVER };
	CLEANUP(trust_free) struct trust *t = buf_calloc(1, sizeof *t);

	t->version = previous ? previous->version + 1 : 1;
	t->created = clock_stamp();
	t->expires = r->expires ? r->expires : t->created + LIFETIME;
	for (size_t i = 0; i < sizeof roles / sizeof *roles; i++)
		t->threshold[roles[i]] = r->threshold[roles[i]] ? r->threshold[roles[i]] : 1;
	if (t->version > LIMIT_TRUST_VERSIONS || r->cert_count > LIMIT_TRUST_KEYS) {
		error_set(err, ERROR_TRUST_FORMAT, "at most %u keys and %u versions",
			  LIMIT_TRUST_KEYS, LIMIT_TRUST_VERSIONS);
		return NULL;
	}
	for (size_t i = 0; i < r->cert_count; i++)
		if (add_key(t, r->certs[i], err) < 0)
			return NULL;
	qsort(t->keys, t->key_count, sizeof *t->keys, compare);
	if (add_revoked(t, r, previous, err) < 0 || trust_check_thresholds(t, err) < 0)
		return NULL;
	return STEAL(t);
}

static int sign(const struct trust_request *r, const struct buf *text, struct made *out,
		struct error *err)
{
	if (r->signer_count > LIMIT_SIGNATURES)
		return error_set(err, ERROR_TRUST_QUORUM, "%zu signers, at most %u",
				 r->signer_count, LIMIT_SIGNATURES);
	for (size_t i = 0; i < r->signer_count; i++) {
		const struct trust_root_key *s = &r->signers[i];
		size_t n = out->count++;

		out->bytes[n] = (struct buf)BUF_INIT(LIMIT_SIGNATURE_BYTES);
		if (cms_sign(s->key, s->cert, text->bytes, text->len, &out->bytes[n], err) < 0)
			return -1;
		snprintf(out->names[n], sizeof out->names[n], "%s.p7s",
			 key_cert_facts(s->cert)->short_id);
		out->files[n] = (struct trust_signature){ .name = out->names[n],
							  .bytes = out->bytes[n].bytes,
							  .len = out->bytes[n].len };
	}
	return 0;
}

/* A certificate file that an older version needs is never replaced. */
static int save_cert(int dirfd, const struct trust_key *k, struct error *err)
{
	CLEANUP(buf_clear) struct buf pem = BUF_INIT(LIMIT_CERTIFICATE_BYTES);
	CLEANUP(buf_clear) struct buf old = BUF_INIT(LIMIT_CERTIFICATE_BYTES + 1);
	char name[TRUST_NAME_SIZE];

	snprintf(name, sizeof name, "%s.pem", k->short_id);
	if (key_cert_write(k->cert, &pem, err) < 0)
		return -1;
	int found = file_load(dirfd, name, LIMIT_CERTIFICATE_BYTES, &old.bytes, &old.len, err);

	if (found < 0)
		return -1;
	if (found == 0)
		return file_save(dirfd, name, pem.bytes, pem.len, 0644, err);
	CLEANUP(key_cert_free) struct key_cert *there = key_cert_load(old.bytes, old.len, err);

	if (!there)
		return error_wrap(err, "%s", name);
	if (memcmp(key_cert_facts(there)->cert_sha256, k->cert_sha256, sizeof k->cert_sha256) != 0)
		return error_set(err, ERROR_TRUST_CERTIFICATE,
				 "%s: another certificate of the same key is already there", name);
	return 0;
}

int trust_remove_leftovers(int dirfd, unsigned version, bool only_proposed, struct error *err)
{
	CLEANUP(file_list_clear) struct file_list list = { 0 };
	char root[TRUST_NAME_SIZE];

	trust_root_name(version, root);
	if (file_list_load(dirfd, 65536, &list, err) < 0)
		return -1;
	for (size_t i = 0; i < list.count; i++) {
		const char *name = list.names[i], *dot = strrchr(name, '.');

		if (strncmp(name, root, 5) != 0 ||
		    (strcmp(dot, ".proposed") != 0 && (only_proposed || strcmp(dot, ".p7s") != 0)))
			continue;
		if (unlinkat(dirfd, name, 0) < 0 && errno != ENOENT)
			return error_set_errno(err, ERROR_FILE_WRITE, "%s: cannot remove", name);
	}
	return 0;
}

int trust_save_version(int dirfd, const struct trust *t, const unsigned char *text, size_t len,
		       const struct trust_signature *sigs, size_t count, bool proposed,
		       struct error *err)
{
	char name[2 * TRUST_NAME_SIZE], root[TRUST_NAME_SIZE];

	trust_root_name(t->version, root);
	for (size_t i = 0; i < count; i++) {
		snprintf(name, sizeof name, "%.5s%.16s.%s", root, sigs[i].name,
			 proposed ? "proposed" : "p7s");
		if (file_save(dirfd, name, sigs[i].bytes, sigs[i].len, 0644, err) < 0)
			return -1;
	}
	snprintf(name, sizeof name, "%.4s.%s", root, proposed ? "proposed" : "root");
	return file_save(dirfd, name, text, len, 0644, err);
}

static int save(int dirfd, const struct trust *t, const struct buf *text, const struct made *made,
		bool proposed, struct error *err)
{
	/* Signatures that an interrupted attempt left behind are of a text that never appeared. */
	if (trust_remove_leftovers(dirfd, t->version, false, err) < 0)
		return -1;
	for (size_t i = 0; i < t->key_count; i++)
		if (save_cert(dirfd, &t->keys[i], err) < 0)
			return -1;
	return trust_save_version(dirfd, t, text->bytes, text->len, made->files, made->count,
				  proposed, err);
}

static int make(int dirfd, const struct trust_request *r, const struct trust *previous,
		struct error *err)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(LIMIT_TRUST_BYTES);
	CLEANUP(made_clear) struct made made = { .count = 0 };
	CLEANUP(trust_free) struct trust *t = build(r, previous, err);

	if (!t || trust_write(t, &text, err) < 0)
		return -1;
	/* What the readers will say about the text: two lines for one key, a bad date. */
	CLEANUP(trust_free) struct trust *again = trust_parse(text.bytes, text.len, err);

	if (!again || (previous && trust_check_growth(t, previous, err) < 0) ||
	    sign(r, &text, &made, err) < 0)
		return -1;
	bool proposed = false;
	if (trust_check_quorum(t, previous, text.bytes, text.len, made.files, made.count, err) <
	    0) {
		if (!previous || err->id != ERROR_TRUST_QUORUM)
			return -1;
		error_clear(err);
		proposed = true;
	}
	if (save(dirfd, t, &text, &made, proposed, err) < 0)
		return -1;
	CLEANUP(trust_free) struct trust *loaded = trust_load(dirfd, "just written", err);

	return loaded ? proposed : -1;
}

static int check_empty(int dirfd, struct error *err)
{
	CLEANUP(file_list_clear) struct file_list list = { 0 };

	if (file_list_load(dirfd, 65536, &list, err) < 0)
		return -1;
	for (size_t i = 0; i < list.count; i++) {
		const char *dot = strrchr(list.names[i], '.');

		if (dot && strcmp(dot, ".root") == 0)
			return error_set(err, ERROR_TRUST_EXISTS, "the directory already holds %s",
					 list.names[i]);
	}
	return 0;
}

int trust_create(int dirfd, const struct trust_request *request, struct error *err)
{
	if (check_empty(dirfd, err) < 0)
		return -1;
	return make(dirfd, request, NULL, err);
}

int trust_append(int dirfd, const struct trust_request *request, struct error *err)
{
	CLEANUP(trust_free) struct trust *previous = trust_load(dirfd, "to be continued", err);

	if (!previous)
		return -1;
	return make(dirfd, request, previous, err);
}
