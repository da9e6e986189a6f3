/*
 * scale: a repository and a bundle of millions of objects without their bytes, so that planning,
 * tables and their verification can be run at full size.  Volumes are sparse: every byte is zero,
 * and CHUNKS says so; only what lies in them is not what OBJECTS says.
 *
 *	scale fill REPO COUNT          rows of COUNT payload files and their objects
 *	scale rows REPO SIZE...        rows of objects of these sizes
 *	scale zeros REPO SIZE...       genuine objects of zero bytes, sparse
 *	scale sign TRUST BUNDLE KEY    as an approver, without reading the bundle
 *	scale bundle REPO CHANNEL LIMIT OUT KEY KEY
 *	                               signed tables, volumes of LIMIT bytes
 */
#include "exporter/increment.h"
#include "exporter/plan.h"
#include "exporter/tables.h"
#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/limits.h"
#include "lib/base/str.h"
#include "lib/crypto/signer.h"
#include "lib/crypto/trust.h"
#include "lib/log/tree.h"
#include "lib/store/channel.h"
#include "lib/store/db.h"
#include "lib/store/selection.h"
#include "lib/store/store.h"
#include "media/chunk_table.h"
#include "media/manifest.h"
#include "media/object_table.h"
#include "media/sum_table.h"
#include "media/volume.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define KIB (1ull << 10)
#define MIB (1ull << 20)
#define GIB (1ull << 30)

enum { FILES_PER_UPDATE = 8, GIANT_EVERY = 1000000 };

/* A small generator of our own: the same numbers on every machine. */
static uint64_t mix(uint64_t x)
{
	x += 0x9e3779b97f4a7c15ull;
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ull;
	x = (x ^ x >> 27) * 0x94d049bb133111ebull;
	return x ^ x >> 31;
}

/* Bytes that rise with i, so that the indexes of the database grow at their end. */
static void fill_digest(uint64_t i, uint64_t salt, unsigned char *out, size_t size)
{
	for (size_t k = 0; k < size; k++)
		out[k] = (unsigned char)(k < 4 ? i * 1000 >> (24 - 8 * k)
					       : mix(i * 64 + k + salt) >> 8);
}

/* As genuine payload: nearly all small, most bytes in a few; one in a million has 60 GiB. */
static uint64_t size_of(uint64_t i)
{
	uint64_t r = mix(i), class = r % 1000;

	if (i % GIANT_EVERY == 4711)
		return 60 * GIB - i % 512;
	if (class < 940)
		return r >> 20 & (256 * KIB - 1);
	if (class < 998)
		return MIB + (r >> 20) % (19 * MIB);
	return 100 * MIB + (r >> 20) % (400 * MIB);
}

/* ---- fill ---- */

static int add_source(struct db *db, uint64_t count, struct error *err)
{
	static const unsigned char cabinet[32] = { 1 };
	CLEANUP(db_finalize)
	struct db_statement *q = db_prepare(db,
					    "INSERT INTO source(id, kind, series, cabinet, "
					    "cabinet_size, name, content_expected)"
					    " VALUES(1, 'wsusscn2', 'default', ?, 0, 'scale', 0)",
					    err);
	CLEANUP(db_finalize)
	struct db_statement *u = db_prepare(db,
					    "INSERT INTO update_info(source_id, source_revision, "
					    "revision_id, identity_id, number,"
					    " type, flags, action, verdict, cause)"
					    " VALUES(1, ?1, ?1, ?1, 1, 'Software', 0, 0, 0, 0)",
					    err);

	if (!q || !u)
		return -1;
	db_bind_blob(q, 1, cabinet, sizeof cabinet);
	if (db_execute(q, err) < 0)
		return -1;
	for (uint64_t i = 0; i <= count / FILES_PER_UPDATE; i++) {
		db_bind_int(u, 1, (int64_t)i + 1);
		if (db_execute(u, err) < 0)
			return -1;
	}
	return 0;
}

struct rows {
	struct db_statement *object, *file;
};

static void rows_clear(struct rows *r)
{
	db_finalize(r->object);
	db_finalize(r->file);
}
DEFINE_CLEANUP_IN_PLACE(struct rows, rows_clear);

static int prepare(struct db *db, struct rows *r, struct error *err)
{
	r->object = db_prepare(
		db, "INSERT INTO object(sha256, size, kind, sha1, name) VALUES(?,?,3,?,?)", err);
	r->file = db_prepare(
		db,
		"INSERT INTO file(source_id, source_revision, kind, ordinal, sha1, size, name)"
		" VALUES(1, ?, 0, ?, ?, ?, ?)",
		err);
	return r->object && r->file ? 0 : -1;
}

/* File i and its object. */
static int add_file(const struct rows *r, uint64_t i, const unsigned char sha256[32], uint64_t size,
		    struct error *err)
{
	unsigned char sha1[20];
	char name[64];

	fill_digest(i, 2, sha1, sizeof sha1);
	snprintf(name, sizeof name, "windows10.0-kb%07" PRIu64 "-x64.cab", i);
	db_bind_blob(r->object, 1, sha256, 32);
	db_bind_int(r->object, 2, (int64_t)size);
	db_bind_blob(r->object, 3, sha1, sizeof sha1);
	db_bind_text(r->object, 4, name);
	db_bind_int(r->file, 1, (int64_t)(i / FILES_PER_UPDATE) + 1);
	db_bind_int(r->file, 2, (int64_t)(i % FILES_PER_UPDATE));
	db_bind_blob(r->file, 3, sha1, sizeof sha1);
	db_bind_int(r->file, 4, (int64_t)size);
	db_bind_text(r->file, 5, name);
	return db_execute(r->object, err) < 0 ? -1 : db_execute(r->file, err);
}

static int add_files(struct db *db, uint64_t count, struct error *err)
{
	CLEANUP(rows_clear) struct rows r = { 0 };

	if (prepare(db, &r, err) < 0)
		return -1;
	for (uint64_t i = 0; i < count; i++) {
		unsigned char sha256[32];

		fill_digest(i, 1, sha256, sizeof sha256);
		if (add_file(&r, i, sha256, size_of(i), err) < 0)
			return -1;
	}
	return 0;
}

static int fill(char **args, struct error *err)
{
	uint64_t count;

	if (!str_to_u64(args[1], strlen(args[1]), LIMIT_OBJECTS, &count))
		return error_set(err, ERROR_NUMBER, "COUNT: not 0 to %u", LIMIT_OBJECTS);
	CLEANUP(store_close) struct store *s = store_open(args[0], true, err);
	if (!s)
		return -1;
	CLEANUP(db_scope_end) struct db_scope scope = { store_db(s) };
	if (db_begin(scope.db, err) < 0 || add_source(scope.db, count, err) < 0 ||
	    add_files(scope.db, count, err) < 0)
		return -1;
	return db_commit(scope.db, err);
}

/* ---- zeros ---- */

static void hash_zeros(uint64_t size, unsigned char out[DIGEST_SHA256])
{
	CLEANUP(digest_free) struct digest *d = digest_new(DIGEST_KIND_SHA256);
	CLEANUP(free) unsigned char *bytes = buf_calloc(1, MIB);

	for (uint64_t left = size; left > 0;) {
		size_t n = left < MIB ? (size_t)left : MIB;

		digest_update(d, bytes, n);
		left -= n;
	}
	digest_final(d, out);
}

/* The object as the content store would have it, but sparse. */
static int add_zeros(const struct store *s, uint64_t size, unsigned char sha256[DIGEST_SHA256],
		     struct error *err)
{
	char hex[DIGEST_HEX], folder[3];

	hash_zeros(size, sha256);
	str_to_hex(sha256, DIGEST_SHA256, hex);
	snprintf(folder, sizeof folder, "%.2s", hex);
	CLEANUP(file_close) int dir = file_open_subdir(store_content_dir(s), folder, true, err);
	if (dir < 0)
		return -1;
	CLEANUP(file_close)
	int fd = openat(dir, hex, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0444);
	if (fd < 0 || ftruncate(fd, (off_t)size) < 0)
		return error_set_errno(err, ERROR_FILE_WRITE, "%s: cannot create", hex);
	return 0;
}

static int zeros(char **args, int count, bool genuine, struct error *err)
{
	CLEANUP(store_close) struct store *s = store_open(args[0], true, err);
	CLEANUP(rows_clear) struct rows r = { 0 };
	CLEANUP(db_scope_end) struct db_scope scope = { s ? store_db(s) : NULL };

	if (!s || db_begin(scope.db, err) < 0 ||
	    add_source(scope.db, (uint64_t)count - 1, err) < 0 || prepare(scope.db, &r, err) < 0)
		return -1;
	for (int i = 1; i < count; i++) {
		unsigned char sha256[DIGEST_SHA256];
		uint64_t size;

		if (!str_to_u64(args[i], strlen(args[i]), LIMIT_OBJECT_BYTES, &size))
			return error_set(err, ERROR_NUMBER, "SIZE: not a number of bytes");
		fill_digest((uint64_t)i, 1, sha256, sizeof sha256);
		if ((genuine && add_zeros(s, size, sha256, err) < 0) ||
		    add_file(&r, (uint64_t)i, sha256, size, err) < 0)
			return -1;
	}
	return db_commit(scope.db, err);
}

/* ---- bundle ---- */

/* Sparse files, and the digests of chunks of zero bytes. */
static int make_volumes(int dir, const struct object_table *objects, struct chunk_table *chunks,
			struct error *err)
{
	CLEANUP(free) unsigned char *zeros = buf_calloc(1, VOLUME_CHUNK);
	unsigned char whole[DIGEST_SHA256], last[DIGEST_SHA256];

	digest_sha256(zeros, VOLUME_CHUNK, whole);
	for (uint32_t v = 1; v <= object_table_volumes(objects); v++) {
		uint64_t size = object_table_volume_size(objects, v);
		char name[VOLUME_NAME_SIZE];

		volume_name(v, name);
		CLEANUP(file_close)
		int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
		if (fd < 0 || ftruncate(fd, (off_t)size) < 0)
			return error_set_errno(err, ERROR_FILE_WRITE, "%s: cannot create", name);
		for (uint64_t left = size; left > 0;) {
			bool full = left >= VOLUME_CHUNK;

			if (!full)
				digest_sha256(zeros, (size_t)left, last);
			if (chunk_table_add(chunks, v, full ? whole : last, err) < 0)
				return -1;
			left -= full ? VOLUME_CHUNK : left;
		}
	}
	return chunk_table_finish(chunks, err);
}

static int add_trust(int dir, int trust_dir, struct manifest *m, struct error *err)
{
	CLEANUP(file_close) int to = file_open_subdir(dir, "trust", true, err);
	CLEANUP(file_list_clear) struct file_list list = { 0 };
	CLEANUP(sum_table_clear) struct sum_table sums = { 0 };
	CLEANUP(buf_clear) struct buf text = BUF_INIT(LIMIT_SUMS_BYTES);
	struct manifest_file *f = &m->files[MANIFEST_SUMS];

	if (to < 0 || file_list_load(trust_dir, LIMIT_TRUST_FILES, &list, err) < 0)
		return -1;
	for (size_t i = 0; i < list.count; i++) {
		CLEANUP(free) unsigned char *bytes = NULL;
		unsigned char sha256[DIGEST_SHA256];
		char listed[SUM_NAME_SIZE];
		size_t len;

		snprintf(listed, sizeof listed, "trust/%s", list.names[i]);
		if (file_load(trust_dir, list.names[i], LIMIT_TRUST_BYTES, &bytes, &len, err) < 0)
			return -1;
		digest_sha256(bytes, len, sha256);
		if (file_save(to, list.names[i], bytes, len, 0644, err) < 0 ||
		    sum_table_add(&sums, listed, sha256, err) < 0)
			return -1;
	}
	if (sum_table_write(&sums, &text, err) < 0)
		return -1;
	f->size = text.len;
	digest_sha256(text.bytes, text.len, f->sha256);
	return file_save(dir, "SHA256SUMS", text.bytes, text.len, 0644, err);
}

static int sign(int dir, const struct manifest *m, const struct trust *trust, char *const *keys,
		struct error *err)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(LIMIT_MANIFEST_BYTES);

	if (manifest_write(m, &text, err) < 0 ||
	    file_save(dir, "MANIFEST", text.bytes, text.len, 0644, err) < 0)
		return -1;
	for (int i = 0; i < 2; i++) {
		CLEANUP(signer_clear) struct signer s = { 0 };

		if (signer_load(&s, trust, i == 0 ? KEY_ROLE_BUILDER : KEY_ROLE_APPROVER, keys[i],
				NULL, err) < 0 ||
		    signer_sign(&s, text.bytes, text.len, dir, err) < 0)
			return -1;
	}
	return 0;
}

static int approve(char **args, struct error *err)
{
	CLEANUP(signer_clear) struct signer s = { 0 };
	CLEANUP(free) unsigned char *bytes = NULL;
	CLEANUP(file_close) int from = file_open_dir(args[0], err);
	CLEANUP(trust_free)
	struct trust *trust = from < 0 ? NULL : trust_load(from, args[0], err);
	CLEANUP(file_close) int dir = trust ? file_open_dir(args[1], err) : -1;
	size_t len;

	if (dir < 0 || signer_load(&s, trust, KEY_ROLE_APPROVER, args[2], NULL, err) < 0)
		return -1;
	int found = file_load(dir, "MANIFEST", LIMIT_MANIFEST_BYTES, &bytes, &len, err);
	if (found == 0)
		return error_set(err, ERROR_BUNDLE_ABSENT, "%s: no bundle there", args[1]);
	return found < 0 ? -1 : signer_sign(&s, bytes, len, dir, err);
}

static int bundle(char **args, struct error *err)
{
	struct manifest m = {
		.version = MANIFEST_VERSION, .epoch = 1, .sequence = 1, .audience_count = 1
	};
	const struct increment nothing = { .full = true }; /* is left out */
	CLEANUP(plan_clear) struct plan plan = { 0 };
	struct selection everything = { .has = false };
	struct tree lines;
	uint64_t limit;

	if (!str_to_u64(args[2], strlen(args[2]), LIMIT_VOLUME_BYTES, &limit))
		return error_set(err, ERROR_NUMBER, "LIMIT: not a number of bytes");
	CLEANUP(store_close) struct store *s = store_open(args[0], false, err);
	CLEANUP(file_close) int trust_dir = s ? channel_open_trust(s, args[1], err) : -1;
	CLEANUP(trust_free)
	struct trust *trust = trust_dir < 0 ? NULL : trust_load(trust_dir, "trust", err);
	if (!trust || file_make_dirs(args[3], err) < 0)
		return -1;
	CLEANUP(file_close) int dir = file_open_dir(args[3], err);
	if (dir < 0 || plan_make(s, &nothing, &everything, limit, &plan, err) < 0)
		return -1;
	CLEANUP(object_table_free) struct object_table *objects = plan_table(&plan, err);
	CLEANUP(chunk_table_free) struct chunk_table *chunks = chunk_table_new();
	if (!objects || make_volumes(dir, objects, chunks, err) < 0 ||
	    tables_save(dir, objects, chunks, &m, &lines, err) < 0 ||
	    add_trust(dir, trust_dir, &m, err) < 0)
		return -1;
	snprintf(m.channel, sizeof m.channel, "%s", args[1]);
	snprintf(m.audiences[0], sizeof m.audiences[0], "scale");
	m.created = clock_stamp();
	m.expires = m.created + 86400;
	m.trust_version = trust->version;
	m.volumes = object_table_volumes(objects);
	m.objects = object_table_objects(objects);
	m.object_bytes = object_table_bytes(objects);
	printf("%" PRIu64 " objects, %.2f TiB in %" PRIu32 " volumes\n", m.objects,
	       (double)m.object_bytes / (double)(1ull << 40), m.volumes);
	return sign(dir, &m, trust, args + 4, err);
}

int main(int argc, char **argv)
{
	struct error err = ERROR_INIT;
	int failed;

	if (argc == 4 && strcmp(argv[1], "fill") == 0) {
		failed = fill(argv + 2, &err);
	} else if (argc >= 4 && strcmp(argv[1], "zeros") == 0) {
		failed = zeros(argv + 2, argc - 2, true, &err);
	} else if (argc >= 4 && strcmp(argv[1], "rows") == 0) {
		failed = zeros(argv + 2, argc - 2, false, &err);
	} else if (argc == 5 && strcmp(argv[1], "sign") == 0) {
		failed = approve(argv + 2, &err);
	} else if (argc == 8 && strcmp(argv[1], "bundle") == 0) {
		failed = bundle(argv + 2, &err);
	} else {
		fprintf(stderr, "usage: scale fill REPO COUNT\n"
				"       scale zeros|rows REPO SIZE...\n"
				"       scale sign TRUST BUNDLE KEY\n"
				"       scale bundle REPO CHANNEL LIMIT OUT KEY KEY\n");
		return 1;
	}
	if (failed)
		fprintf(stderr, "scale: %s: %s\n", error_id_text(err.id), err.message);
	return failed ? 1 : 0;
}
