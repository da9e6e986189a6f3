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

void trust_files_clear(struct trust_files *s)
{
	for (size_t i = 0; i < s->count; i++)
		free(s->owned[i]);
}

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

static struct trust *load_text(int dirfd, unsigned version, const char *name, unsigned char **text,
			       size_t *len, struct error *err)
{
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

struct trust *trust_load_text(int dirfd, unsigned version, const char *name, unsigned char **text,
			      size_t *len, struct error *err)
{
	CLEANUP(trust_free) struct trust *t = load_text(dirfd, version, name, text, len, err);

	if (!t)
		return NULL;
	for (size_t i = 0; i < t->key_count; i++)
		if (load_cert(dirfd, &t->keys[i], err) < 0)
			return NULL;
	return STEAL(t);
}

int trust_load_files(int dirfd, const struct file_list *list, unsigned version, const char *ending,
		     struct trust_files *out, struct error *err)
{
	char root[TRUST_NAME_SIZE];
	const size_t prefix = 5;

	trust_root_name(version, root);
	for (size_t i = 0; i < list->count; i++) {
		const char *name = list->names[i];

		if (strncmp(name, root, prefix) != 0 || !ends_with(name + prefix - 1, ending) ||
		    strlen(name) < prefix + strlen(ending))
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
		snprintf(out->names[out->count], sizeof *out->names, "%.*s.p7s",
			 (int)(strlen(name) - prefix - strlen(ending)), name + prefix);
		s->name = out->names[out->count];
		s->bytes = bytes;
		out->owned[out->count++] = bytes;
	}
	return 0;
}

/* A directory being walked, and which of its files were of use. */
struct walk {
	int dirfd;
	struct file_list list;
	bool *used;
};

static void walk_clear(struct walk *w)
{
	file_list_clear(&w->list);
	free(w->used);
}
DEFINE_CLEANUP_IN_PLACE(struct walk, walk_clear);

static int compare_name(const void *name, const void *item)
{
	return strcmp(name, *(char *const *)item);
}

static void mark(struct walk *w, const char *name)
{
	char **at =
		bsearch(name, w->list.names, w->list.count, sizeof *w->list.names, compare_name);

	if (at)
		w->used[at - w->list.names] = true;
}

static void mark_version(struct walk *w, const struct trust *t, const struct trust_files *sigs)
{
	char root[TRUST_NAME_SIZE], name[2 * TRUST_NAME_SIZE];

	trust_root_name(t->version, root);
	mark(w, root);
	for (size_t i = 0; i < sigs->count; i++) {
		snprintf(name, sizeof name, "%.5s%s", root, sigs->names[i]);
		mark(w, name);
	}
	for (size_t i = 0; i < t->key_count; i++) {
		snprintf(name, sizeof name, "%s.pem", t->keys[i].short_id);
		mark(w, name);
	}
}

static struct trust *load_version(struct walk *w, unsigned version, const struct trust *previous,
				  unsigned char digest[DIGEST_SHA256], struct error *err)
{
	CLEANUP(free) unsigned char *text = NULL;
	CLEANUP(trust_files_clear) struct trust_files sigs = { .count = 0 };
	char name[TRUST_NAME_SIZE];
	size_t len = 0;

	trust_root_name(version, name);
	CLEANUP(trust_free)
	struct trust *t = trust_load_text(w->dirfd, version, name, &text, &len, err);

	if (!t || trust_load_files(w->dirfd, &w->list, version, ".p7s", &sigs, err) < 0)
		return NULL;
	if (trust_check_quorum(t, previous, text, len, sigs.files, sigs.count, err) < 0 ||
	    (previous && trust_check_growth(t, previous, err) < 0)) {
		error_wrap(err, "version %u", version);
		return NULL;
	}
	digest_sha256(text, len, digest);
	mark_version(w, t, &sigs);
	return STEAL(t);
}

/* Texts come last and in order: a copy that breaks off is an older trust root. */
static void list_files(struct walk *w, struct file_list *out)
{
	out->names = buf_calloc(w->list.count, sizeof *out->names);
	for (int texts = 0; texts < 2; texts++)
		for (size_t i = 0; i < w->list.count; i++)
			if (w->used[i] && ends_with(w->list.names[i], ".root") == (texts == 1))
				out->names[out->count++] = buf_strdup(w->list.names[i]);
}

static struct trust *load(int dirfd, struct error *err)
{
	CLEANUP(walk_clear) struct walk w = { .dirfd = dirfd };
	CLEANUP(trust_free) struct trust *t = NULL;
	unsigned count;

	if (file_list_load(dirfd, MAX_FILES, &w.list, err) < 0 ||
	    count_versions(&w.list, &count, err) < 0)
		return NULL;
	w.used = buf_calloc(w.list.count, sizeof *w.used);
	unsigned char(*history)[DIGEST_SHA256] = buf_calloc(count, sizeof *history);

	for (unsigned v = 1; v <= count; v++) {
		struct trust *next = load_version(&w, v, t, history[v - 1], err);

		if (!next) {
			free(history);
			return NULL;
		}
		trust_free(t);
		t = next;
	}
	assert(t); /* count_versions() found one at least */
	t->history = history;
	list_files(&w, &t->files);
	return STEAL(t);
}

struct trust *trust_load(int dirfd, const char *label, struct error *err)
{
	struct trust *t = load(dirfd, err);

	if (!t)
		error_wrap(err, "trust root %s", label);
	return t;
}

struct trust *trust_load_path(const char *path, const char *label, struct error *err)
{
	CLEANUP(file_close) int dir = file_open_dir(path, err);

	return dir < 0 ? NULL : trust_load(dir, label, err);
}

/* One file of a trust directory, which may be replaced by nothing but itself. */
static int copy_file(int from, int to, const char *name, struct error *err)
{
	CLEANUP(free) unsigned char *bytes = NULL, *old = NULL;
	size_t len, old_len;

	if (file_load(from, name, LIMIT_TRUST_BYTES, &bytes, &len, err) < 0)
		return -1;
	int known = file_load(to, name, LIMIT_TRUST_BYTES, &old, &old_len, err);
	if (known < 0)
		return -1;
	if (known == 0)
		return file_save(to, name, bytes, len, 0644, err);
	if (len != old_len || memcmp(bytes, old, len) != 0)
		return error_set(err, ERROR_TRUST_CHANGED,
				 "trust file %s: differs from the one known here", name);
	return 0;
}

int trust_copy(int from, int to, const struct trust *t, struct error *err)
{
	for (size_t i = 0; i < t->files.count; i++)
		if (copy_file(from, to, t->files.names[i], err) < 0)
			return -1;
	return 0;
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
