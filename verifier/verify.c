#include "verifier/verify.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/limits.h"
#include "lib/crypto/digest.h"
#include "lib/crypto/trust.h"
#include "media/chunk_table.h"
#include "media/log_text.h"
#include "media/manifest.h"
#include "media/object_table.h"
#include "media/parity.h"
#include "media/sum_table.h"
#include "media/volume.h"
#include "verifier/log_medium.h"
#include "verifier/origin.h"
#include "verifier/signed.h"
#include "verifier/table.h"
#include "verifier/volumes.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct verified_bundle {
	char *path;
	int dir, trust_dir;
	unsigned char *manifest_bytes;
	size_t manifest_len;
	unsigned char manifest_digest[DIGEST_SHA256];
	struct manifest manifest;
	const struct trust *trust; /* in force: the caller's or newer */
	struct trust *newer;       /* owned; NULL unless the bundle carries a newer one */
	enum verify_policy policy;
	struct trust_verdict signers;
	struct object_table *objects;
	struct log_text_lines object_lines;
	struct chunk_table *chunks;
	struct sum_table sums;
	struct volumes *volumes;
};

/* A file every bundle has. */
static int load(int dir, const char *name, size_t max, unsigned char **out, size_t *len,
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
static int open_part(int dir, const char *name, int *fd, struct error *err)
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
	int found = open_part(dir, "sigs", &sigs, err);

	if (found <= 0)
		return found; /* no directory, no signature: the policy says so better */
	if (file_list_load(sigs, LIMIT_SIGNATURES, &s->names, err) < 0)
		return error_wrap(err, "sigs");
	for (size_t i = 0; i < s->names.count; i++) {
		s->items[i].name = s->names.names[i];
		if (load(sigs, s->items[i].name, LIMIT_SIGNATURE_BYTES, &s->bytes[i],
			 &s->items[i].len, err) < 0)
			return error_wrap(err, "sigs");
		s->items[i].bytes = s->bytes[i];
	}
	return 0;
}

/* The trust root the bundle carries, if it is a newer one that continues ours. */
static int adopt_newer_trust(struct verified_bundle *b, struct error *err)
{
	int found = open_part(b->dir, "trust", &b->trust_dir, err);

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

static int has_builder(const struct verified_bundle *b, struct error *err)
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
static int check_builder(struct verified_bundle *b, const struct signatures *s, struct error *err)
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

static int check_signatures(struct verified_bundle *b, enum verify_policy policy, struct error *err)
{
	CLEANUP(signatures_clear) struct signatures s = { 0 };

	if (load(b->dir, "MANIFEST", LIMIT_MANIFEST_BYTES, &b->manifest_bytes, &b->manifest_len,
		 err) < 0 ||
	    load_signatures(b->dir, &s, err) < 0 || adopt_newer_trust(b, err) < 0)
		return -1;
	if (policy == VERIFY_FOR_APPROVAL)
		return check_builder(b, &s, err);
	return trust_check_signatures(b->trust, b->manifest_bytes, b->manifest_len, s.items,
				      s.names.count, TRUST_TIME_LATER, &b->signers, err);
}

/* ---- MANIFEST and tables ---- */

static int read_manifest(struct verified_bundle *b, struct error *err)
{
	if (manifest_parse(b->manifest_bytes, b->manifest_len, &b->manifest, err) < 0)
		return -1;
	digest_sha256(b->manifest_bytes, b->manifest_len, b->manifest_digest);
	if (signed_check(b->trust, &b->manifest, b->manifest_digest, &b->signers, err) < 0)
		return -1;
	return b->policy == VERIFY_FOR_APPROVAL ? has_builder(b, err)
						: trust_check_policy(b->trust, &b->signers, err);
}

/* SHA256SUMS whole, its size and digest proved, not yet interpreted. */
static int load_sums(const struct verified_bundle *b, unsigned char **out, size_t *len,
		     struct error *err)
{
	const struct manifest_file *want = &b->manifest.files[MANIFEST_SUMS];
	const char *name = manifest_table_name(MANIFEST_SUMS);
	unsigned char digest[DIGEST_SHA256];

	if (load(b->dir, name, LIMIT_SUMS_BYTES, out, len, err) < 0)
		return -1;
	if (*len != want->size)
		return error_set(err, ERROR_BUNDLE_DIGEST, "%s: %zu bytes, MANIFEST says %llu",
				 name, *len, (unsigned long long)want->size);
	digest_sha256(*out, *len, digest);
	if (memcmp(digest, want->sha256, sizeof digest) != 0)
		return error_set(err, ERROR_BUNDLE_DIGEST,
				 "%s: its SHA-256 is not the one MANIFEST names", name);
	return 0;
}

static int feed_chunks(void *ctx, const void *bytes, size_t len, struct error *err)
{
	return chunk_table_feed(ctx, bytes, len, err);
}

static int feed_objects(void *ctx, const void *bytes, size_t len, struct error *err)
{
	struct verified_bundle *b = ctx;

	if (object_table_feed(b->objects, bytes, len, err) < 0)
		return -1;
	return log_text_lines_feed(&b->object_lines, bytes, len, err);
}

static int read_table(const struct verified_bundle *b, enum manifest_table table,
		      const struct table_reader *reader, struct error *err)
{
	return table_read(b->dir, manifest_table_name(table), &b->manifest.files[table], reader,
			  err);
}

static int read_chunks(struct verified_bundle *b, struct error *err)
{
	b->chunks = chunk_table_new();
	struct table_reader reader = { .feed = feed_chunks, .ctx = b->chunks };

	if (read_table(b, MANIFEST_CHUNKS, &reader, err) < 0 ||
	    chunk_table_finish(b->chunks, err) < 0)
		return -1;
	return chunk_table_check(b->chunks, object_table_volume_sizes(b->objects),
				 object_table_volumes(b->objects), err);
}

static int read_objects(struct verified_bundle *b, struct error *err)
{
	b->objects = object_table_new();
	struct table_reader reader = { .feed = feed_objects, .ctx = b };

	if (read_table(b, MANIFEST_OBJECTS, &reader, err) < 0 ||
	    object_table_finish(b->objects, err) < 0)
		return -1;
	return object_table_check(b->objects, &b->manifest, err);
}

/* Every file of SHA256SUMS, whole and unchanged. */
static int check_sums(struct verified_bundle *b, struct error *err)
{
	CLEANUP(free) unsigned char *bytes = NULL;
	size_t len;

	if (load_sums(b, &bytes, &len, err) < 0 || sum_table_parse(bytes, len, &b->sums, err) < 0)
		return -1;
	for (size_t i = 0; i < b->sums.count; i++) {
		CLEANUP(free) unsigned char *file = NULL;
		unsigned char digest[DIGEST_SHA256];
		const char *name = b->sums.entries[i].name;

		if (load(b->dir, name, LIMIT_SUMS_BYTES, &file, &len, err) < 0)
			return -1;
		digest_sha256(file, len, digest);
		if (memcmp(digest, b->sums.entries[i].sha256, sizeof digest) != 0)
			return error_set(err, ERROR_BUNDLE_DIGEST,
					 "%s: its SHA-256 is not the one SHA256SUMS names", name);
	}
	return 0;
}

/* ---- nothing else ---- */

/* Whether SHA256SUMS names the file, or something below the directory. */
static bool is_listed(const struct sum_table *sums, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < sums->count; i++) {
		const char *listed = sums->entries[i].name;

		if (strncmp(listed, name, len) == 0 && (listed[len] == '\0' || listed[len] == '/'))
			return true;
	}
	return false;
}

/* Whether a file of this name may lie beside volumes; nothing in it is trusted for its name. */
static bool is_of_volumes(const struct verified_bundle *b, const struct volume_file *f)
{
	if (f->kind == VOLUME_SPARE)
		return parity_spare_first(f->number) <= b->manifest.volumes;
	if (f->number > b->manifest.volumes)
		return false;
	return f->kind != VOLUME_SEGMENT || f->chunk < chunk_table_count(b->chunks, f->number);
}

static bool belongs(const struct verified_bundle *b, const char *name)
{
	struct volume_file file;

	if (volume_file_parse(name, strlen(name), &file))
		return is_of_volumes(b, &file);
	for (int t = 0; t < MANIFEST_TABLES; t++)
		if (strcmp(name, manifest_table_name((enum manifest_table)t)) == 0)
			return true;
	return strcmp(name, "MANIFEST") == 0 || strcmp(name, "sigs") == 0 ||
	       is_listed(&b->sums, name);
}

static int check_folder(const struct verified_bundle *b, int dir, const char *folder,
			struct error *err)
{
	CLEANUP(file_list_clear) struct file_list list = { 0 };

	if (file_list_load(dir, LIMIT_MEDIUM_FILES, &list, err) < 0)
		return folder ? error_wrap(err, "%s", folder) : -1;
	for (size_t i = 0; i < list.count; i++) {
		char name[2 * SUM_NAME_SIZE];

		/* What desktops drop everywhere; the card does not look at it either. */
		if (list.names[i][0] == '.')
			continue;
		snprintf(name, sizeof name, "%s%s%s", folder ? folder : "", folder ? "/" : "",
			 list.names[i]);
		if (folder ? !sum_table_find(&b->sums, name) : !belongs(b, name))
			return error_set(err, ERROR_MEDIA_MISMATCH, "%s: a file that nobody listed",
					 name);
	}
	return 0;
}

/* Nobody signed for other files, so none may travel along. */
static int check_strangers(const struct verified_bundle *b, struct error *err)
{
	char last[SUM_NAME_SIZE] = "";

	if (check_folder(b, b->dir, NULL, err) < 0)
		return -1;
	for (size_t i = 0; i < b->sums.count; i++) {
		const char *name = b->sums.entries[i].name, *slash = strchr(name, '/');
		CLEANUP(file_close) int dir = -1;
		char folder[SUM_NAME_SIZE];

		if (!slash)
			continue;
		snprintf(folder, sizeof folder, "%.*s", (int)(slash - name), name);
		if (strcmp(folder, last) == 0)
			continue;
		memcpy(last, folder, sizeof last);
		int found = open_part(b->dir, folder, &dir, err);
		if (found == 0)
			return error_set(err, ERROR_BUNDLE_FILE_MISSING, "%s: not there", folder);
		if (found < 0 || check_folder(b, dir, folder, err) < 0)
			return -1;
	}
	return 0;
}

/* ---- life ---- */

struct verified_bundle *verify_open(const char *path, const struct trust *trust,
				    enum verify_policy policy, struct error *err)
{
	CLEANUP(verify_close) struct verified_bundle *b = buf_calloc(1, sizeof *b);

	b->path = buf_strdup(path);
	b->trust = trust;
	b->policy = policy;
	b->trust_dir = -1;
	b->dir = file_open_dir(path, err);
	if (b->dir < 0) {
		error_clear(err);
		error_set(err, ERROR_BUNDLE_ABSENT, "%s: no bundle there, or it cannot be read",
			  path);
		return NULL;
	}
	if (check_signatures(b, policy, err) < 0 || read_manifest(b, err) < 0 ||
	    read_objects(b, err) < 0 || read_chunks(b, err) < 0 || check_sums(b, err) < 0 ||
	    check_strangers(b, err) < 0 || origin_check(b, err) < 0 ||
	    log_medium_check(b, &b->object_lines.tree, err) < 0) {
		error_wrap(err, "%s", path);
		return NULL;
	}
	b->volumes = volumes_new(object_table_volume_sizes(b->objects),
				 object_table_volumes(b->objects));
	if (volumes_add_dir(b->volumes, b->dir, path, false, err) < 0)
		return NULL;
	return STEAL(b);
}

void verify_close(struct verified_bundle *b)
{
	if (!b)
		return;
	volumes_free(b->volumes);
	object_table_free(b->objects);
	chunk_table_free(b->chunks);
	sum_table_clear(&b->sums);
	trust_free(b->newer);
	free(b->manifest_bytes);
	file_close(b->trust_dir);
	file_close(b->dir);
	free(b->path);
	free(b);
}

const struct manifest *verify_manifest(const struct verified_bundle *b)
{
	return &b->manifest;
}

const unsigned char *verify_manifest_digest(const struct verified_bundle *b)
{
	return b->manifest_digest;
}

const void *verify_manifest_bytes(const struct verified_bundle *b, size_t *len)
{
	*len = b->manifest_len;
	return b->manifest_bytes;
}

const struct object_table *verify_objects(const struct verified_bundle *b)
{
	return b->objects;
}

const struct chunk_table *verify_chunks(const struct verified_bundle *b)
{
	return b->chunks;
}

const struct sum_table *verify_sums(const struct verified_bundle *b)
{
	return &b->sums;
}

const struct trust_verdict *verify_signers(const struct verified_bundle *b)
{
	return &b->signers;
}

const struct trust *verify_trust(const struct verified_bundle *b)
{
	return b->trust;
}

bool verify_trust_is_newer(const struct verified_bundle *b)
{
	return b->newer != NULL;
}

int verify_dir(const struct verified_bundle *b)
{
	return b->dir;
}

int verify_trust_dir(const struct verified_bundle *b)
{
	return b->trust_dir;
}

struct volumes *verify_places(const struct verified_bundle *b)
{
	return b->volumes;
}

const char *verify_path(const struct verified_bundle *b)
{
	return b->path;
}
