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
#include "verifier/verify_prove.h"
#include "verifier/volumes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct verified_bundle {
	char *path;
	int dir, trust_dir;
	struct verify_proof proof;
	unsigned char manifest_digest[DIGEST_SHA256];
	struct manifest manifest;
	const struct trust *trust; /* in force: the caller's or newer */
	struct object_table *objects;
	struct log_text_lines object_lines;
	struct chunk_table *chunks;
	struct sum_table sums;
	struct volumes *volumes;
};

/* ---- tables ---- */

/*
 * Who proved it may have done so in another process, so what can be judged without looking at a
 * signature is judged here too.
 */
static int read_manifest(struct verified_bundle *b, enum verify_policy policy, struct error *err)
{
	const struct verify_proof *p = &b->proof;

	if (manifest_parse(p->manifest, p->manifest_len, &b->manifest, err) < 0)
		return -1;
	digest_sha256(p->manifest, p->manifest_len, b->manifest_digest);
	if (trust_check_bundle(b->trust, b->manifest_digest, err) < 0)
		return -1;
	if (policy == VERIFY_COMPLETE && trust_check_policy(b->trust, &p->signers, err) < 0)
		return -1;
	int found = verify_open_part(b->dir, "trust", &b->trust_dir, err);
	if (found == 0)
		return error_set(err, ERROR_BUNDLE_FILE_MISSING, "trust: not there");
	return found < 0 ? -1 : 0;
}

/* SHA256SUMS whole, its size and digest proved, not yet interpreted. */
static int load_sums(const struct verified_bundle *b, unsigned char **out, size_t *len,
		     struct error *err)
{
	const struct manifest_file *want = &b->manifest.files[MANIFEST_SUMS];
	const char *name = manifest_table_name(MANIFEST_SUMS);
	unsigned char digest[DIGEST_SHA256];

	if (verify_load_file(b->dir, name, LIMIT_SUMS_BYTES, out, len, err) < 0)
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

		if (verify_load_file(b->dir, name, LIMIT_SUMS_BYTES, &file, &len, err) < 0)
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
		int found = verify_open_part(b->dir, folder, &dir, err);
		if (found == 0)
			return error_set(err, ERROR_BUNDLE_FILE_MISSING, "%s: not there", folder);
		if (found < 0 || check_folder(b, dir, folder, err) < 0)
			return -1;
	}
	return 0;
}

/* ---- life ---- */

struct verified_bundle *verify_open_proved(const char *path, const struct trust *trust,
					   enum verify_policy policy, struct verify_proof *proof,
					   struct error *err)
{
	CLEANUP(verify_close) struct verified_bundle *b = buf_calloc(1, sizeof *b);

	b->path = buf_strdup(path);
	b->proof = *proof;
	*proof = (struct verify_proof){ .newer = NULL };
	b->trust = b->proof.newer ? b->proof.newer : trust;
	b->trust_dir = -1;
	b->dir = verify_open_dir(path, err);
	if (b->dir < 0)
		return NULL;
	if (read_manifest(b, policy, err) < 0 || read_objects(b, err) < 0 ||
	    read_chunks(b, err) < 0 || check_sums(b, err) < 0 || check_strangers(b, err) < 0 ||
	    origin_check(b, err) < 0 || log_medium_check(b, &b->object_lines.tree, err) < 0) {
		error_wrap(err, "%s", path);
		return NULL;
	}
	b->volumes = volumes_new(object_table_volume_sizes(b->objects),
				 object_table_volumes(b->objects));
	if (volumes_add_dir(b->volumes, b->dir, path, false, err) < 0)
		return NULL;
	return STEAL(b);
}

struct verified_bundle *verify_open(const char *path, const struct trust *trust,
				    enum verify_policy policy, struct error *err)
{
	CLEANUP(verify_proof_clear) struct verify_proof proof = { .newer = NULL };

	if (verify_prove(path, trust, policy, &proof, err) < 0)
		return NULL;
	return verify_open_proved(path, trust, policy, &proof, err);
}

void verify_close(struct verified_bundle *b)
{
	if (!b)
		return;
	volumes_free(b->volumes);
	object_table_free(b->objects);
	chunk_table_free(b->chunks);
	sum_table_clear(&b->sums);
	verify_proof_clear(&b->proof);
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
	*len = b->proof.manifest_len;
	return b->proof.manifest;
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
	return &b->proof.signers;
}

const struct trust *verify_trust(const struct verified_bundle *b)
{
	return b->trust;
}

bool verify_trust_is_newer(const struct verified_bundle *b)
{
	return b->proof.newer != NULL;
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

const struct verify_evidence *verify_evidence(const struct verified_bundle *b, size_t i)
{
	return &b->proof.evidence[i];
}
