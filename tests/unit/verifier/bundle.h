/* A genuine bundle, made with the writers of media/ and fresh keys, for tests that damage it. */
#ifndef TESTS_BUNDLE_H
#define TESTS_BUNDLE_H

#include "lib/base/buf.h"
#include "lib/crypto/cms.h"
#include "lib/crypto/digest.h"
#include "lib/crypto/key.h"
#include "lib/crypto/trust.h"
#include "media/chunk_table.h"
#include "media/layout.h"
#include "media/manifest.h"
#include "media/object_table.h"
#include "media/sum_table.h"
#include "media/ustar.h"
#include "media/volume.h"
#include "tests/unit/folder.h"

struct person {
	struct key *key;
	struct key_cert *cert;
};

enum { BUNDLE_OBJECTS = 8 };

struct bundle {
	struct temporary folder; /* the bundle's directory */
	struct person root, builder, approver, stranger;
	struct trust *trust; /* what the site holds */
	struct manifest manifest;
	struct object_table *objects;
	struct chunk_table *chunks;
	unsigned char *contents[BUNDLE_OBJECTS];
	unsigned char sha256[BUNDLE_OBJECTS][32];
	uint64_t sizes[BUNDLE_OBJECTS];
	size_t count;
};

__attribute__((unused)) static struct person bundle_person(enum key_role role, const char *holder)
{
	CLEANUP(buf_wipe) struct buf key = BUF_INIT(KEY_PEM_BYTES);
	CLEANUP(buf_clear) struct buf cert = BUF_INIT(KEY_PEM_BYTES);
	const struct key_request request = { .role = role, .holder = holder };
	struct error err = ERROR_INIT;
	struct person p = { NULL, NULL };

	assert_int_equal(key_generate(&request, &key, &cert, &err), 0);
	p.key = key_load(key.bytes, key.len, NULL, &err);
	p.cert = key_cert_load(cert.bytes, cert.len, &err);
	assert_no_error(err);
	return p;
}

static void bundle_trust(struct bundle *b)
{
	const struct key_cert *certs[] = { b->root.cert, b->builder.cert, b->approver.cert };
	const struct trust_root_key signer = { b->root.key, b->root.cert };
	struct error err = ERROR_INIT;
	CLEANUP(file_close) int dir = file_open_subdir(b->folder.dir, "trust", true, &err);

	assert_int_equal(trust_create(dir,
				      &(struct trust_request){ .certs = certs,
							       .cert_count = COUNT(certs),
							       .signers = &signer,
							       .signer_count = 1 },
				      &err),
			 0);
	b->trust = trust_load(dir, "trust", &err);
	assert_no_error(err);
}

/* Objects in canonical order: one kind, sizes descending. */
static void bundle_contents(struct bundle *b)
{
	for (size_t i = 0; i < b->count; i++) {
		uint32_t x = (uint32_t)(i * 2654435761u + 1);

		b->contents[i] = buf_malloc(b->sizes[i]);
		for (uint64_t k = 0; k < b->sizes[i]; k++) {
			x = x * 1664525u + 1013904223u;
			b->contents[i][k] = (unsigned char)(x >> 24 | 1);
		}
		digest_sha256(b->contents[i], b->sizes[i], b->sha256[i]);
		assert_true(i == 0 || b->sizes[i] < b->sizes[i - 1]);
	}
}

static void bundle_objects(struct bundle *b, const struct layout *l)
{
	struct error err = ERROR_INIT;

	b->objects = object_table_new();
	for (size_t i = 0; i < l->count; i++) {
		const struct layout_part at = layout_get(l, i), *q = &at;
		struct object_part p = { .kind = OBJECT_CONTENT, .size = b->sizes[q->object],
					 .volume = q->volume, .offset = q->offset,
					 .first = q->first, .length = q->length };

		memcpy(p.sha256, b->sha256[q->object], 32);
		assert_int_equal(object_table_add(b->objects, &p, &err), 0);
	}
	assert_int_equal(object_table_finish(b->objects, &err), 0);
	assert_no_error(err);
}

/* One volume as bytes; the caller frees it. */
static unsigned char *bundle_volume(const struct bundle *b, uint32_t volume)
{
	unsigned char *out = buf_calloc(1, object_table_volume_size(b->objects, volume));
	size_t end = object_table_volume_first(b->objects, volume + 1);

	for (size_t i = object_table_volume_first(b->objects, volume); i < end; i++) {
		struct object_part p = object_table_get(b->objects, i);
		char member[OBJECT_MEMBER_SIZE];
		size_t object = 0;

		while (memcmp(b->sha256[object], p.sha256, 32) != 0)
			object++;
		object_member(&p, member);
		ustar_header(member, p.length, out + p.offset - USTAR_BLOCK);
		memcpy(out + p.offset, b->contents[object] + p.first, p.length);
	}
	return out;
}

static void bundle_volumes(struct bundle *b)
{
	struct error err = ERROR_INIT;

	b->chunks = chunk_table_new();
	for (uint32_t v = 1; v <= object_table_volumes(b->objects); v++) {
		uint64_t size = object_table_volume_size(b->objects, v);
		unsigned char *bytes = bundle_volume(b, v), sha256[32];
		char name[VOLUME_NAME_SIZE];

		volume_name(v, name);
		temporary_write(&b->folder, name, bytes, size);
		for (uint64_t at = 0; at < size; at += VOLUME_CHUNK) {
			digest_sha256(bytes + at, size - at < VOLUME_CHUNK ? size - at : VOLUME_CHUNK,
				      sha256);
			assert_int_equal(chunk_table_add(b->chunks, v, sha256, &err), 0);
		}
		free(bytes);
	}
}

static void bundle_table(struct bundle *b, enum manifest_table table, const struct buf *text)
{
	temporary_write(&b->folder, manifest_table_name(table), text->len ? text->bytes : (const void *)"",
			text->len);
	b->manifest.files[table].size = text->len;
	digest_sha256(text->bytes, text->len, b->manifest.files[table].sha256);
}

static void bundle_tables(struct bundle *b)
{
	CLEANUP(buf_clear) struct buf objects = BUF_INIT(1 << 20), chunks = BUF_INIT(1 << 20);
	CLEANUP(buf_clear) struct buf text = BUF_INIT(1 << 20);
	CLEANUP(sum_table_clear) struct sum_table sums = { 0 };
	CLEANUP(file_list_clear) struct file_list list = { 0 };
	struct error err = ERROR_INIT;
	CLEANUP(file_close) int trust = file_open_subdir(b->folder.dir, "trust", false, &err);

	for (size_t i = 0; i < object_table_count(b->objects); i++)
		assert_int_equal(object_table_write(b->objects, i, &objects, &err), 0);
	for (uint32_t v = 1; v <= object_table_volumes(b->objects); v++)
		assert_int_equal(chunk_table_write(b->chunks, v, &chunks, &err), 0);
	assert_int_equal(file_list_load(trust, 100, &list, &err), 0);
	for (size_t i = 0; i < list.count; i++) {
		unsigned char *bytes, sha256[32];
		char name[SUM_NAME_SIZE];
		size_t len;

		assert_int_equal(file_load(trust, list.names[i], 1 << 20, &bytes, &len, &err), 1);
		digest_sha256(bytes, len, sha256);
		free(bytes);
		snprintf(name, sizeof name, "trust/%s", list.names[i]);
		assert_int_equal(sum_table_add(&sums, name, sha256, &err), 0);
	}
	assert_int_equal(sum_table_write(&sums, &text, &err), 0);
	bundle_table(b, MANIFEST_OBJECTS, &objects);
	bundle_table(b, MANIFEST_CHUNKS, &chunks);
	bundle_table(b, MANIFEST_SUMS, &text);
}

/* sigs/<key id>.p7s by one person over the MANIFEST that is there. */
__attribute__((unused)) static void bundle_sign(const struct bundle *b, const struct person *p)
{
	CLEANUP(buf_clear) struct buf signature = BUF_INIT(LIMIT_SIGNATURE_BYTES);
	struct error err = ERROR_INIT;
	CLEANUP(file_close) int sigs = file_open_subdir(b->folder.dir, "sigs", true, &err);
	unsigned char *text;
	char name[32];
	size_t len;

	assert_int_equal(file_load(b->folder.dir, "MANIFEST", LIMIT_MANIFEST_BYTES, &text, &len, &err), 1);
	assert_int_equal(cms_sign(p->key, p->cert, text, len, &signature, &err), 0);
	free(text);
	snprintf(name, sizeof name, "%s.p7s", key_cert_facts(p->cert)->short_id);
	assert_int_equal(file_save(sigs, name, signature.bytes, signature.len, 0644, &err), 0);
	assert_no_error(err);
}

/* Write MANIFEST as b->manifest says, and both signatures. */
__attribute__((unused)) static void bundle_seal(struct bundle *b)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(LIMIT_MANIFEST_BYTES);
	struct error err = ERROR_INIT;

	assert_int_equal(file_remove_tree(b->folder.dir, "sigs", &err), 0);
	if (manifest_write(&b->manifest, &text, &err) < 0)
		fail_msg("%s", err.message);
	temporary_write(&b->folder, "MANIFEST", text.bytes, text.len);
	bundle_sign(b, &b->builder);
	bundle_sign(b, &b->approver);
}

__attribute__((unused)) static void bundle_make(struct bundle *b, const uint64_t *sizes,
						size_t count, uint64_t limit)
{
	CLEANUP(layout_clear) struct layout l = { 0 };
	struct error err = ERROR_INIT;

	*b = (struct bundle){ .count = count };
	memcpy(b->sizes, sizes, count * sizeof *sizes);
	temporary_create(&b->folder);
	b->root = bundle_person(KEY_ROLE_ROOT, "rita");
	b->builder = bundle_person(KEY_ROLE_BUILDER, "bob");
	b->approver = bundle_person(KEY_ROLE_APPROVER, "alice");
	b->stranger = bundle_person(KEY_ROLE_BUILDER, "mallory");
	bundle_trust(b);
	bundle_contents(b);
	assert_int_equal(layout_plan(b->sizes, count, limit, &l, &err), 0);
	bundle_objects(b, &l);
	bundle_volumes(b);
	b->manifest = (struct manifest){ .version = MANIFEST_VERSION, .channel = "plant",
					 .audience_count = 1, .audiences = { "site1" }, .epoch = 1,
					 .sequence = 1, .trust_version = 1 };
	b->manifest.created = b->trust->created;
	b->manifest.expires = b->manifest.created + 86400;
	b->manifest.volumes = object_table_volumes(b->objects);
	b->manifest.objects = object_table_objects(b->objects);
	b->manifest.object_bytes = object_table_bytes(b->objects);
	b->manifest.source_count = 1;
	memcpy(b->manifest.sources[0].kind, "wsusscn2", 8);
	bundle_tables(b);
	bundle_seal(b);
}

__attribute__((unused)) static void bundle_remove(struct bundle *b)
{
	struct person *people[] = { &b->root, &b->builder, &b->approver, &b->stranger };

	for (size_t i = 0; i < COUNT(people); i++) {
		key_free(people[i]->key);
		key_cert_free(people[i]->cert);
	}
	for (size_t i = 0; i < b->count; i++)
		free(b->contents[i]);
	trust_free(b->trust);
	object_table_free(b->objects);
	chunk_table_free(b->chunks);
	temporary_remove(&b->folder);
}

/* Change one byte of a file in place, or change it back. */
__attribute__((unused)) static void bundle_flip(const struct bundle *b, const char *name, uint64_t at)
{
	struct error err = ERROR_INIT;
	CLEANUP(file_close) int fd = openat(b->folder.dir, name, O_RDWR);
	unsigned char byte;

	assert_int_equal(file_read_at(fd, name, &byte, 1, at, &err), 0);
	byte ^= 1;
	assert_int_equal(file_write_at(fd, name, &byte, 1, at, &err), 0);
}

#endif
