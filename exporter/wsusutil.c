#include "exporter/wsusutil.h"

#include "exporter/index.h"
#include "exporter/tee.h"
#include "exporter/wsusscn2.h"
#include "exporter/wsusutil_names.h"
#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/limits.h"
#include "lib/base/str.h"
#include "lib/cab/cab.h"
#include "lib/catalog/catalog.h"
#include "lib/catalog/catalog_export.h"
#include "lib/cli/progress.h"
#include "lib/crypto/authenticode.h"
#include "lib/pack/listing.h"
#include "lib/store/content.h"
#include "lib/store/gather.h"
#include "lib/store/gather_build.h"
#include "lib/store/stored.h"
#include "lib/wsus/wsus_record.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum { PIECE = 64 << 10 };

struct reader {
	struct wsusscn2 *out;
	struct wsusutil_oddities *oddities;
	struct gather_build *build;
	struct listing_source *source;
	struct wsusutil_names names;
	struct catalog_export *exports;
	struct index index; /* for files that come twice */
	size_t updates;     /* of package.xml, so far */
	bool has_package, has_records;
};

static void reader_clear(struct reader *r)
{
	catalog_export_free(r->exports);
	gather_build_free(r->build);
	wsusutil_names_clear(&r->names);
	index_clear(&r->index);
}
DEFINE_CLEANUP_IN_PLACE(struct reader, reader_clear);

/* ---- package.xml ---- */

static int add(struct reader *r, struct listing_entry *e, const void *bytes, size_t len,
	       struct error *err)
{
	if (gather_build_add(r->build, e, bytes, len, err) < 0)
		return -1;
	return gather_feed(r->out->gather, e, bytes, len, err);
}

static int on_head(void *ctx, const struct catalog_export_head *h, struct error *err)
{
	struct reader *r = ctx;
	struct listing_entry e = { .stream = 'h', .offset = h->offset };
	unsigned char guid[16];

	r->source->created = h->creation > 0 ? h->creation : -1;
	if (str_to_guid(h->server_id, strlen(h->server_id), guid))
		str_from_guid(guid, r->source->series);
	return add(r, &e, h->raw, h->raw_len, err);
}

static int on_languages(void *ctx, const struct catalog_export_file *l, struct error *err)
{
	struct listing_entry e = { .stream = 'h', .key = "languages", .offset = l->offset };

	return add(ctx, &e, l->raw, l->raw_len, err);
}

static int on_file(void *ctx, const struct catalog_export_file *f, struct error *err)
{
	struct reader *r = ctx;
	struct listing_entry e = { .stream = 'f', .offset = f->offset };

	if (!index_seen_location(&r->index, f->sha1.bytes))
		str_to_hex(f->sha1.bytes, sizeof f->sha1.bytes, e.key);
	else
		snprintf(e.key, sizeof e.key, "at%" PRIu64, f->offset);
	return add(r, &e, f->raw, f->raw_len, err);
}

static int on_update(void *ctx, const struct catalog_export_update *u, struct error *err)
{
	struct reader *r = ctx;

	if (r->updates >= r->names.count ||
	    memcmp(&r->names.items[r->updates].update_id, &u->update_id, sizeof u->update_id) != 0)
		return error_set(err, ERROR_WSUS_MISMATCH,
				 "package.xml is another one than a moment ago");
	struct listing_entry e = { .stream = 'u',
				   .revision = r->names.items[r->updates].revision_id,
				   .offset = u->offset };
	r->updates++;
	return add(r, &e, u->raw, u->raw_len, err);
}

static const struct catalog_export_handler handler = {
	.head = on_head, .languages = on_languages, .file = on_file, .update = on_update
};

static int read_package(struct reader *r, struct cab *cab, struct error *err)
{
	unsigned char piece[PIECE];
	ssize_t n;

	if (r->has_package)
		return error_set(err, ERROR_WSUS_PACKAGE, "a second package.xml");
	r->has_package = true;
	r->exports = catalog_export_new(&handler, r);
	while ((n = cab_read(cab, piece, sizeof piece, err)) > 0)
		if (catalog_export_feed(r->exports, piece, (size_t)n, err) < 0)
			return error_wrap(err, "package.xml");
	if (n < 0)
		return -1;
	return catalog_export_finish(r->exports, err) < 0 ? error_wrap(err, "package.xml") : 0;
}

/* ---- metadata.txt ---- */

static int read_records(struct reader *r, struct cab *cab, struct error *err)
{
	CLEANUP(wsus_reader_free)
	struct wsus_reader *records = wsus_reader_new(cab_member_source(cab), "metadata.txt");
	struct wsus_record record;
	size_t place, expected = 0;
	int more;

	if (r->has_records)
		return error_set(err, ERROR_WSUS_PACKAGE, "a second metadata.txt");
	r->has_records = true;
	r->oddities->reversed = !r->has_package;
	while ((more = wsus_reader_next(records, &record, err)) == 1) {
		struct listing_entry e = { .stream = 's' };

		if (wsusutil_names_take(&r->names, record.update_id, record.revision, &place, err) <
		    0)
			return -1;
		r->oddities->moved += place != expected++;
		e.revision = r->names.items[place].revision_id;
		if (add(r, &e, record.xml, record.len, err) < 0)
			return -1;
	}
	struct wsus_oddities found = wsus_reader_oddities(records);
	r->oddities->mark = found.mark;
	r->oddities->newlines = found.newlines;
	return more < 0 ? -1 : wsusutil_names_finish(&r->names, err);
}

/* ---- the cabinet ---- */

static int read_cabinet(struct reader *r, struct cab *cab, struct error *err)
{
	struct cab_member m;
	int more;

	while ((more = cab_next(cab, &m, err)) == 1) {
		int failed = 0;

		if (strcasecmp(m.name, "package.xml") == 0)
			failed = read_package(r, cab, err);
		else if (strcasecmp(m.name, "metadata.txt") == 0)
			failed = read_records(r, cab, err);
		else
			r->out->unknown_members++;
		if (failed)
			return -1;
	}
	if (more < 0)
		return -1;
	if (!r->has_records)
		return error_set(err, ERROR_WSUS_PACKAGE, "no metadata.txt");
	return 0;
}

/* The first reading: who is listed, before anything is stored. */
static int read_names(struct reader *r, int fd, const char *label, struct error *err)
{
	struct source_fd file;
	struct cab_member m;
	int more;

	source_fd_init(&file, fd, label);
	CLEANUP(cab_close) struct cab *cab = cab_open(&file.base, label, err);
	if (!cab)
		return -1;
	while ((more = cab_next(cab, &m, err)) == 1)
		if (strcasecmp(m.name, "package.xml") == 0)
			break;
	if (more < 0)
		return -1;
	if (more == 0)
		return error_set(err, ERROR_WSUS_PACKAGE, "no package.xml");
	if (wsusutil_names_read(cab_member_source(cab), &r->names, err) < 0)
		return -1;
	return lseek(fd, 0, SEEK_SET) == 0 ? 0 : error_set_errno(err, ERROR_FILE_READ, "seek");
}

static int read_file(struct reader *r, struct store *s, int fd, const char *path, unsigned threads,
		     struct progress *progress, struct error *err)
{
	struct tee tee;

	if (read_names(r, fd, r->source->name, err) < 0)
		return -1;
	r->build = gather_build_new(r->out->gather, s, threads, err);
	struct content_writer *copy = r->build ? content_begin(s, false, err) : NULL;
	if (!copy)
		return -1;
	tee_init(&tee, fd, path, copy, r->out->signature, progress);
	CLEANUP(cab_close) struct cab *cab = cab_open(&tee.base, r->source->name, err);
	int failed = cab && read_cabinet(r, cab, err) == 0
			     ? wsusscn2_finish(r->out, r->build, NULL, &tee, err)
			     : -1;
	content_abandon(tee.copy);
	return failed;
}

static int check_form(int fd, const char *path, struct error *err)
{
	unsigned char magic[4] = { 0 };

	if (file_read_at(fd, path, magic, sizeof magic, 0, err) < 0)
		return -1;
	if (magic[0] == 0x1F && magic[1] == 0x8B)
		return error_set(err, ERROR_WSUS_UNKNOWN_FORM,
				 "%s: an .xml.gz export, whose form was never published", path);
	return 0;
}

int wsusutil_read(struct store *s, const char *path, unsigned threads, struct progress *progress,
		  struct wsusscn2 *out, struct wsusutil_oddities *oddities, struct error *err)
{
	struct listing_source source = { .kind = "wsusutil", .series = "default", .created = -1 };
	CLEANUP(wsusscn2_clear) struct wsusscn2 w = { 0 };
	CLEANUP(file_close) int fd = -1;
	const char *slash = strrchr(path, '/');
	uint64_t size;
	int found = file_open_read(AT_FDCWD, path, &fd, &size, err);

	*oddities = (struct wsusutil_oddities){ .mark = false };
	if (found == 0)
		return error_set(err, ERROR_FILE_OPEN, "%s: not there", path);
	if (found < 0 || check_form(fd, path, err) < 0)
		return -1;
	stored_clean_name(slash ? slash + 1 : path, source.name);
	w.gather = gather_new(&source);
	w.signature = authenticode_new();
	CLEANUP(reader_clear)
	struct reader r = { .out = &w, .oddities = oddities, .source = &w.gather->source };
	progress_begin(progress, "reading package", size);
	int failed = read_file(&r, s, fd, path, threads, progress, err);
	progress_end(progress);
	if (failed) {
		/* Packs still at work in the build are stored before they can be forgotten. */
		gather_build_free(STEAL(r.build));
		wsusscn2_forget(&w, s);
		return error_wrap(err, "%s", path);
	}
	*out = w;
	w = (struct wsusscn2){ 0 };
	return 0;
}
