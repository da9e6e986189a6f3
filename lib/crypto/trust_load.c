/* A trust directory, read version by version. */
#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/str.h"
#include "lib/crypto/trust_internal.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Every version's text and signatures, and the certificates of every key there ever was. */
enum { MAX_FILES = 65536 };

/* The signature files of one version, loaded. */
struct signatures {
	struct trust_signature files[LIMIT_SIGNATURES];
	unsigned char *owned[LIMIT_SIGNATURES];
	size_t count;
};

static void signatures_clear(struct signatures *s)
{
	for (size_t i = 0; i < s->count; i++)
		free(s->owned[i]);
}
DEFINE_CLEANUP_IN_PLACE(struct signatures, signatures_clear);

void trust_root_name(unsigned version, char name[TRUST_NAME_SIZE])
{
	snprintf(name, TRUST_NAME_SIZE, "%04u.root", version % 10000u);
}

static bool ends_with(const char *name, const char *ending)
{
	size_t len = strlen(name), end = strlen(ending);

	return len >= end && strcmp(name + len - end, ending) == 0;
}

/* How many versions there are; they must be 1, 2, ... without a gap. */
static int count_versions(const struct file_list *list, unsigned *count, struct error *err)
{
	char expected[TRUST_NAME_SIZE];

	*count = 0;
	for (size_t i = 0; i < list->count; i++) {
		if (!ends_with(list->names[i], ".root"))
			continue;
		if (*count == LIMIT_TRUST_VERSIONS)
			return error_set(err, ERROR_TRUST_SEQUENCE, "more than %u versions",
					 LIMIT_TRUST_VERSIONS);
		/* The list is sorted, and four digits sort like numbers. */
		trust_root_name(*count + 1, expected);
		if (strcmp(list->names[i], expected) != 0)
			return error_set(err, ERROR_TRUST_SEQUENCE, "%s found where %s is due",
					 list->names[i], expected);
		++*count;
	}
	if (*count == 0)
		return error_set(err, ERROR_TRUST_MISSING, "there is no 0001.root");
	return 0;
}

static struct trust *load_text(int dirfd, unsigned version, unsigned char **text, size_t *len,
			       struct error *err)
{
	char name[TRUST_NAME_SIZE];

	trust_root_name(version, name);
	int found = file_load(dirfd, name, LIMIT_TRUST_BYTES, text, len, err);

	if (found < 0)
		return NULL;
	if (found == 0) {
		error_set(err, ERROR_TRUST_MISSING, "%s is missing", name);
		return NULL;
	}
	CLEANUP(trust_free) struct trust *t = trust_parse(*text, *len, err);

	if (!t) {
		error_wrap(err, "%s", name);
		return NULL;
	}
	if (t->version != version) {
		error_set(err, ERROR_TRUST_SEQUENCE, "%s says it is version %u", name, t->version);
		return NULL;
	}
	return STEAL(t);
}

/* The certificate must be the very one the key line names, and say the same. */
static int load_cert(int dirfd, struct trust_key *k, struct error *err)
{
	CLEANUP(free) unsigned char *pem = NULL;
	char name[TRUST_NAME_SIZE];
	size_t len;

	snprintf(name, sizeof name, "%s.pem", k->short_id);
	int found = file_load(dirfd, name, LIMIT_CERTIFICATE_BYTES, &pem, &len, err);

	if (found < 0)
		return -1;
	if (found == 0)
		return error_set(err, ERROR_TRUST_CERTIFICATE,
				 "%s, the certificate of %s, is missing", name, k->holder);
	k->cert = key_cert_load(pem, len, err);
	if (!k->cert)
		return error_wrap(err, "%s", name);
	const struct key_facts *facts = key_cert_facts(k->cert);

	if (memcmp(facts->cert_sha256, k->cert_sha256, sizeof k->cert_sha256) != 0)
		return error_set(err, ERROR_TRUST_CERTIFICATE,
				 "%s is not the certificate that the trust root pins", name);
	if (memcmp(facts->spki_sha256, k->id, sizeof k->id) != 0 || facts->role != k->role ||
	    strcmp(facts->holder, k->holder) != 0)
		return error_set(
			err, ERROR_TRUST_CERTIFICATE,
			"%s: key, role or holder differ from the trust root: it says %s %s", name,
			key_role_name(facts->role), facts->holder);
	return 0;
}

/* NNNN.<short id>.p7s of this version; the names are borrowed from the list. */
static int load_signatures(int dirfd, const struct file_list *list, unsigned version,
			   struct signatures *out, struct error *err)
{
	char root[TRUST_NAME_SIZE];
	const size_t prefix = 5;

	trust_root_name(version, root);
	for (size_t i = 0; i < list->count; i++) {
		const char *name = list->names[i];

		if (strncmp(name, root, prefix) != 0 || !ends_with(name, ".p7s"))
			continue;
		if (out->count == LIMIT_SIGNATURES)
			return error_set(err, ERROR_TRUST_SIGNATURE_NAME,
					 "%s: more than %u signatures of one version", name,
					 LIMIT_SIGNATURES);
		struct trust_signature *s = &out->files[out->count];
		unsigned char *bytes = NULL;
		int found = file_load(dirfd, name, LIMIT_SIGNATURE_BYTES, &bytes, &s->len, err);

		if (found < 0)
			return -1;
		if (found == 0)
			return error_set(err, ERROR_TRUST_MISSING, "%s vanished", name);
		s->name = name + prefix;
		s->bytes = bytes;
		out->owned[out->count++] = bytes;
	}
	return 0;
}

static struct trust *load_version(int dirfd, const struct file_list *list, unsigned version,
				  const struct trust *previous, unsigned char digest[DIGEST_SHA256],
				  struct error *err)
{
	CLEANUP(free) unsigned char *text = NULL;
	CLEANUP(signatures_clear) struct signatures signatures = { .count = 0 };
	size_t len = 0;
	CLEANUP(trust_free) struct trust *t = load_text(dirfd, version, &text, &len, err);

	if (!t)
		return NULL;
	for (size_t i = 0; i < t->key_count; i++)
		if (load_cert(dirfd, &t->keys[i], err) < 0)
			return NULL;
	if (load_signatures(dirfd, list, version, &signatures, err) < 0)
		return NULL;
	if (trust_check_quorum(t, previous, text, len, signatures.files, signatures.count, err) <
	    0) {
		error_wrap(err, "version %u", version);
		return NULL;
	}
	digest_sha256(text, len, digest);
	return STEAL(t);
}

static struct trust *load(int dirfd, struct error *err)
{
	CLEANUP(file_list_clear) struct file_list list = { 0 };
	CLEANUP(trust_free) struct trust *t = NULL;
	unsigned count;

	if (file_list_load(dirfd, MAX_FILES, &list, err) < 0 ||
	    count_versions(&list, &count, err) < 0)
		return NULL;
	unsigned char(*history)[DIGEST_SHA256] = buf_calloc(count, sizeof *history);

	for (unsigned v = 1; v <= count; v++) {
		struct trust *next = load_version(dirfd, &list, v, t, history[v - 1], err);

		if (!next) {
			free(history);
			return NULL;
		}
		trust_free(t);
		t = next;
	}
	assert(t); /* count_versions() found one at least */
	t->history = history;
	return STEAL(t);
}

struct trust *trust_load(int dirfd, const char *label, struct error *err)
{
	struct trust *t = load(dirfd, err);

	if (!t)
		error_wrap(err, "trust root %s", label);
	return t;
}

int trust_extends(const struct trust *ours, const struct trust *offered, struct error *err)
{
	unsigned common = ours->version < offered->version ? ours->version : offered->version;

	for (unsigned i = 0; i < common; i++)
		if (memcmp(ours->history[i], offered->history[i], sizeof ours->history[i]) != 0)
			return error_set(
				err, ERROR_TRUST_FORK,
				"version %u of the offered trust root is not the one held here",
				i + 1);
	return offered->version > ours->version;
}
