#include "importer/commands.h"
#include "importer/export_content.h"
#include "importer/export_set.h"
#include "importer/export_split.h"
#include "importer/export_write.h"
#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/str.h"
#include "lib/cli/progress.h"
#include "lib/crypto/digest.h"
#include "lib/store/store.h"
#include "lib/wsus/wsus_cabinet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LEFT_SHOWN = 20, NAME_SIZE = 256, FOLDER_MIN = 1 << 13 };

/* Where the packages go: a directory, and the name of the first without ".cab". */
struct place {
	int dirfd;
	char stem[NAME_SIZE];
};

struct run {
	struct store *store;
	struct export_set set;
	struct export_content content;
	struct place place;
	uint32_t *packages;
	int package_count;
	json_t *files; /* what was written */
};

static void run_clear(struct run *r)
{
	export_set_clear(&r->set);
	export_content_clear(&r->content);
	file_close(r->place.dirfd);
	store_close(r->store);
	json_decref(r->files);
	free(r->packages);
}
DEFINE_CLEANUP_IN_PLACE(struct run, run_clear);

static void text_free(char *text)
{
	free(text);
}
DEFINE_CLEANUP(char *, text_free);

static int open_place(const char *output, struct place *out, struct error *err)
{
	CLEANUP(text_free) char *dir = buf_strdup(output);
	char *slash = strrchr(dir, '/'), *name = slash ? slash + 1 : dir;
	size_t len = strlen(name);

	snprintf(out->stem, sizeof out->stem, "wsus-export");
	if (len > 4 && strcmp(name + len - 4, ".cab") == 0) {
		if (len - 4 >= sizeof out->stem - 8)
			return error_set(err, ERROR_USAGE, "--output: the name is too long");
		snprintf(out->stem, sizeof out->stem, "%.*s", (int)(len - 4), name);
		if (slash == dir)
			slash++;
		if (slash)
			*slash = '\0';
		else
			memcpy(dir, ".", 2);
	}
	if (file_make_dirs(dir, err) < 0)
		return -1;
	out->dirfd = file_open_dir(dir, err);
	return out->dirfd < 0 ? -1 : 0;
}

static int write_packages(struct run *r, struct progress *progress, struct error *err)
{
	uint64_t bytes = 0;
	int failed = 0;

	for (size_t k = 0; k < r->set.order.count; k++)
		bytes += r->set.items[r->set.order.order[k]].document.size;
	progress_begin(progress, "writing packages", bytes);
	for (int i = 0; i < r->package_count && !failed; i++) {
		char name[NAME_SIZE + 16];
		struct export_write w = { .store = r->store,
					  .set = &r->set,
					  .packages = r->packages,
					  .number = (uint32_t)i,
					  .dirfd = r->place.dirfd,
					  .name = name,
					  .created = clock_stamp(),
					  .progress = progress };

		if (r->package_count == 1)
			snprintf(name, sizeof name, "%s.cab", r->place.stem);
		else
			snprintf(name, sizeof name, "%s-%03d.cab", r->place.stem, i + 1);
		failed = export_write_package(&w, err);
		json_array_append_new(r->files, json_pack("{s:s, s:I, s:I}", "name", name,
							  "updates", (json_int_t)w.updates, "files",
							  (json_int_t)w.files));
	}
	progress_end(progress);
	return failed;
}

/* ---- the report ---- */

typedef void each_left(void *ctx, const struct catalog_guid *id, uint32_t revision,
		       enum export_reason reason);

static void left_out(const struct run *r, each_left *each, void *ctx)
{
	for (size_t i = 0; i < r->set.item_count; i++)
		if (r->set.items[i].reason != EXPORT_TAKEN)
			each(ctx, &r->set.items[i].update_id, r->set.items[i].revision,
			     r->set.items[i].reason);
	for (size_t i = 0; i < r->set.left_count; i++)
		each(ctx, &r->set.left[i].update_id, r->set.left[i].revision, EXPORT_FRAGMENTS);
}

static void left_json(void *ctx, const struct catalog_guid *id, uint32_t revision,
		      enum export_reason reason)
{
	char guid[STR_GUID_SIZE];

	str_from_guid(id->bytes, guid);
	json_array_append_new(ctx,
			      json_pack("{s:s, s:I, s:s}", "update_id", guid, "revision_number",
					(json_int_t)revision, "reason", export_set_reason(reason)));
}

static void left_text(void *ctx, const struct catalog_guid *id, uint32_t revision,
		      enum export_reason reason)
{
	size_t *shown = ctx;
	char guid[STR_GUID_SIZE];

	if ((*shown)++ >= LEFT_SHOWN)
		return;
	str_from_guid(id->bytes, guid);
	printf("left out: %s.%u: %s\n", guid, revision, export_set_reason(reason));
}

static void print_json(const struct run *r)
{
	const struct export_content *c = &r->content;
	json_t *left = json_array(), *missing = json_array();

	left_out(r, left_json, left);
	for (size_t i = 0; i < c->missing_count; i++) {
		char hex[DIGEST_HEX];

		str_to_hex(c->missing[i].bytes, sizeof c->missing[i].bytes, hex);
		json_array_append_new(missing, json_string(hex));
	}
	cli_print_json(json_pack("{s:O, s:I, s:o, s:{s:I, s:I, s:I, s:I, s:o}}", "packages",
				 r->files, "exported", (json_int_t)r->set.order.count, "left_out",
				 left, "content", "linked", (json_int_t)c->linked, "copied",
				 (json_int_t)c->copied, "already_there", (json_int_t)c->there,
				 "bytes", (json_int_t)c->bytes, "missing", missing));
}

static void print_text(const struct run *r)
{
	const struct export_content *c = &r->content;
	size_t shown = 0, index;
	json_t *file;

	left_out(r, left_text, &shown);
	if (shown > LEFT_SHOWN)
		printf("left out: %zu more, see --json\n", shown - LEFT_SHOWN);
	json_array_foreach(r->files, index, file) printf(
		"%s: %lld updates, %lld files\n", json_string_value(json_object_get(file, "name")),
		(long long)json_integer_value(json_object_get(file, "updates")),
		(long long)json_integer_value(json_object_get(file, "files")));
	printf("exported: %zu revisions; left out: %zu held back, %zu without a prerequisite, "
	       "%zu without a bundled update, %zu of which only fragments are here\n",
	       r->set.order.count, r->set.reasons[EXPORT_QUARANTINED],
	       r->set.reasons[EXPORT_PREREQUISITE], r->set.reasons[EXPORT_CHILD],
	       r->set.reasons[EXPORT_FRAGMENTS]);
	printf("WsusContent: %zu files linked, %zu copied, %zu there already (%llu bytes), "
	       "%zu missing\n",
	       c->linked, c->copied, c->there, (unsigned long long)c->bytes, c->missing_count);
}

int cmd_export_wsusutil(const struct cli_args *args, struct error *err)
{
	struct progress progress;
	uint64_t limit;
	CLEANUP(run_clear) struct run r = { .place = { .dirfd = -1 }, .files = json_array() };

	if (cli_number(args, "limit", FOLDER_MIN, WSUS_CABINET_BYTES, WSUS_CABINET_BYTES, &limit,
		       err) < 0)
		return -1;
	r.store = store_open(cli_text(args, "repo"), false, err);
	if (!r.store || export_set_load(r.store, &progress, &r.set, err) < 0)
		return -1;
	r.package_count = export_split_make(&r.set, limit, &r.packages, err);
	if (r.package_count < 0 || open_place(cli_text(args, "output"), &r.place, err) < 0)
		return -1;
	/* The files first: WSUS wants them in place when it imports. */
	if (export_content_make(r.store, &r.set, r.place.dirfd, cli_flag(args, "copy"), &progress,
				&r.content, err) < 0 ||
	    write_packages(&r, &progress, err) < 0)
		return -1;
	if (args->json)
		print_json(&r);
	else
		print_text(&r);
	return r.set.order.count < r.set.item_count || r.content.missing_count > 0 ? CLI_FINDINGS
										   : 0;
}
