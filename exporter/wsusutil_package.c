#include "exporter/wsusutil_package.h"

#include "exporter/index.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/source.h"
#include "lib/base/str.h"
#include "lib/cab/cab.h"
#include "lib/catalog/catalog.h"
#include "lib/catalog/catalog_export.h"
#include "lib/wsus/wsus_record.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum { PIECE = 64 << 10 };

struct reader {
	struct wsusutil_package *p;
	struct catalog *catalog;
	wsusutil_take *take;
	void *ctx;
	struct catalog_export *exports;
	struct index index; /* for files that come twice */
	size_t updates;     /* of package.xml, so far */
	bool has_package, has_records;
};

static void reader_clear(struct reader *r)
{
	catalog_export_free(r->exports);
	index_clear(&r->index);
}
DEFINE_CLEANUP_IN_PLACE(struct reader, reader_clear);

void wsusutil_package_clear(struct wsusutil_package *p)
{
	wsusutil_names_clear(&p->names);
}

/* ---- before the reading ---- */

int wsusutil_package_check(int fd, uint64_t size, struct error *err)
{
	unsigned char magic[2] = { 0 };

	if (size >= sizeof magic && file_read_at(fd, "export", magic, sizeof magic, 0, err) < 0)
		return -1;
	if (magic[0] == 0x1F && magic[1] == 0x8B)
		return error_set(err, ERROR_WSUS_UNKNOWN_FORM,
				 "an .xml.gz export, whose form was never published");
	return 0;
}

static int back_to_start(int fd, int answer, struct error *err)
{
	return lseek(fd, 0, SEEK_SET) == 0 ? answer : error_set_errno(err, ERROR_FILE_READ, "seek");
}

int wsusutil_package_open(struct wsusutil_package *p, int fd, const char *label, struct error *err)
{
	struct source_fd file;
	struct cab_member m;
	int more;

	*p = (struct wsusutil_package){ .created = -1, .series = "default" };
	source_fd_init(&file, fd, label);
	CLEANUP(cab_close) struct cab *cab = cab_open(&file.base, label, err);
	if (!cab)
		return -1;
	if (!cab_holds(cab, "metadata.txt"))
		return back_to_start(fd, 0, err);
	while ((more = cab_next(cab, &m, err)) == 1)
		if (strcasecmp(m.name, "package.xml") == 0)
			break;
	if (more < 0)
		return -1;
	if (more == 0)
		return error_set(err, ERROR_WSUS_PACKAGE, "no package.xml");
	if (wsusutil_names_read(cab_member_source(cab), &p->names, err) < 0)
		return -1;
	return back_to_start(fd, 1, err);
}

/* ---- package.xml ---- */

static int add(struct reader *r, struct listing_entry *e, const void *bytes, size_t len,
	       struct error *err)
{
	return r->take(r->ctx, e, bytes, len, err);
}

static int on_head(void *ctx, const struct catalog_export_head *h, struct error *err)
{
	struct reader *r = ctx;
	struct listing_entry e = { .stream = 'h', .offset = h->offset };
	unsigned char guid[16];

	r->p->created = h->creation > 0 ? h->creation : -1;
	if (str_to_guid(h->server_id, strlen(h->server_id), guid))
		str_from_guid(guid, r->p->series);
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

	if (f->has_sha1 && !index_seen_location(&r->index, f->sha1.bytes))
		str_to_hex(f->sha1.bytes, sizeof f->sha1.bytes, e.key);
	else
		snprintf(e.key, sizeof e.key, "at%" PRIu64, f->offset);
	return add(r, &e, f->raw, f->raw_len, err);
}

static int on_update(void *ctx, const struct catalog_export_update *u, struct error *err)
{
	struct reader *r = ctx;

	if (r->updates >= r->p->names.count || memcmp(&r->p->names.items[r->updates].update_id,
						      &u->update_id, sizeof u->update_id) != 0)
		return error_set(err, ERROR_WSUS_MISMATCH,
				 "package.xml is another one than a moment ago");
	struct listing_entry e = { .stream = 'u',
				   .revision = r->p->names.items[r->updates].revision_id,
				   .offset = u->offset };
	r->updates++;
	return add(r, &e, u->raw, u->raw_len, err);
}

static int on_problem(void *ctx, const struct catalog_problem *p, struct error *err)
{
	struct reader *r = ctx;

	(void)err;
	catalog_add_problem(r->catalog, p);
	return 0;
}

static const struct catalog_export_handler handler = { .head = on_head,
						       .languages = on_languages,
						       .file = on_file,
						       .update = on_update,
						       .problem = on_problem };

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
	r->p->oddities.reversed = !r->has_package;
	while ((more = wsus_reader_next(records, &record, err)) == 1) {
		struct listing_entry e = { .stream = 's' };

		if (wsusutil_names_take(&r->p->names, record.update_id, record.revision, &place,
					err) < 0)
			return -1;
		r->p->oddities.moved += place != expected++;
		e.revision = r->p->names.items[place].revision_id;
		if (add(r, &e, record.xml, record.len, err) < 0)
			return -1;
	}
	struct wsus_oddities found = wsus_reader_oddities(records);
	r->p->oddities.mark = found.mark;
	r->p->oddities.newlines = found.newlines;
	return more < 0 ? -1 : wsusutil_names_finish(&r->p->names, err);
}

/* ---- the cabinet ---- */

int wsusutil_package_read(struct wsusutil_package *p, struct cab *cab, struct catalog *c,
			  wsusutil_take *take, void *ctx, struct error *err)
{
	CLEANUP(reader_clear)
	struct reader r = { .p = p, .catalog = c, .take = take, .ctx = ctx };
	struct cab_member m;
	int more;

	while ((more = cab_next(cab, &m, err)) == 1) {
		int failed = 0;

		if (strcasecmp(m.name, "package.xml") == 0)
			failed = read_package(&r, cab, err);
		else if (strcasecmp(m.name, "metadata.txt") == 0)
			failed = read_records(&r, cab, err);
		else
			p->unknown_members++;
		if (failed)
			return -1;
	}
	return more;
}
