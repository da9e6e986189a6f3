#include "verifier/care/waiting.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/limits.h"
#include "lib/base/str.h"
#include "lib/crypto/digest.h"
#include "lib/store/gc.h"
#include "lib/store/store.h"
#include "media/manifest.h"
#include "media/object_table.h"
#include "verifier/table.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HEX = DIGEST_HEX - 1, FOLDERS_MAX = 100000 };

static int feed(void *ctx, const void *bytes, size_t len, struct error *err)
{
	return object_table_feed(ctx, bytes, len, err);
}

/* OBJECTS of the bundle in dir, which is the one with this MANIFEST. */
static int load_objects(int dir, const unsigned char digest[32], struct object_table *t,
			struct error *err)
{
	struct table_reader reader = { .feed = feed, .ctx = t };
	CLEANUP(free) unsigned char *bytes = NULL;
	unsigned char actual[DIGEST_SHA256];
	struct manifest m;
	size_t len;
	int found = file_load(dir, "MANIFEST", LIMIT_MANIFEST_BYTES, &bytes, &len, err);

	if (found < 0)
		return -1;
	if (found == 0)
		return error_set(err, ERROR_BUNDLE_FILE_MISSING, "MANIFEST: not there");
	digest_sha256(bytes, len, actual);
	if (memcmp(actual, digest, sizeof actual) != 0)
		return error_set(err, ERROR_BUNDLE_DIGEST, "MANIFEST: is another one");
	if (manifest_parse(bytes, len, &m, err) < 0 ||
	    table_read(dir, manifest_table_name(MANIFEST_OBJECTS), &m.files[MANIFEST_OBJECTS],
		       &reader, err) < 0)
		return -1;
	return object_table_finish(t, err);
}

static int keep_objects(const struct object_table *t, struct gc_keeping *k, struct error *err)
{
	for (size_t i = 0; i < object_table_count(t); i++) {
		struct object_part p = object_table_get(t, i);

		if (p.part <= 1 && gc_keep(k, p.sha256, err) < 0)
			return -1;
	}
	for (size_t i = 0; i < object_table_assumed_count(t); i++) {
		struct object_part p = object_table_assumed_get(t, i);

		if (gc_keep(k, p.sha256, err) < 0)
			return -1;
	}
	return 0;
}

static int keep_bundle(struct waiting *w, int all, const char *name, const unsigned char digest[32],
		       struct gc_keeping *k, struct error *err)
{
	CLEANUP(object_table_free) struct object_table *t = object_table_new();
	CLEANUP(file_close) int dir = file_open_subdir(all, name, false, err);

	if (dir < 0 || load_objects(dir, digest, t, err) < 0) {
		error_wrap(err, "%s", name);
		snprintf(w->unclear, sizeof w->unclear, "%s", err->message);
		error_clear(err);
		return 0;
	}
	w->bundles++;
	return keep_objects(t, k, err) < 0 ? -1 : 1;
}

/* The folder of a bundle ends in the digest of its MANIFEST; nothing else there is any of ours. */
static bool is_bundle(const char *name, unsigned char digest[32])
{
	size_t len = strlen(name);

	return len >= HEX && (len == HEX || name[len - HEX - 1] == '-') &&
	       str_from_hex(name + len - HEX, HEX, digest, DIGEST_SHA256);
}

static int keep_all(struct waiting *w, const char *folder, struct gc_keeping *k, struct error *err)
{
	CLEANUP(file_list_clear) struct file_list list = { 0 };
	CLEANUP(file_close)
	int all = openat(store_dir(w->store), folder,
			 O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);

	if (all < 0 && errno == ENOENT)
		return 1;
	if (all < 0)
		return error_set_errno(err, ERROR_FILE_READ, "%s: cannot open", folder);
	if (file_list_load(all, FOLDERS_MAX, &list, err) < 0)
		return -1;
	for (size_t i = 0; i < list.count; i++) {
		unsigned char digest[DIGEST_SHA256];

		if (!is_bundle(list.names[i], digest))
			continue;
		int kept = keep_bundle(w, all, list.names[i], digest, k, err);
		if (kept <= 0)
			return kept;
	}
	return 1;
}

int waiting_keep(void *ctx, struct gc_keeping *k, struct error *err)
{
	struct waiting *w = ctx;
	int kept = keep_all(w, "pending", k, err);

	return kept <= 0 ? kept : keep_all(w, "partial", k, err);
}
