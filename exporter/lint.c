#include "exporter/lint.h"

#include "exporter/index.h"
#include "exporter/signature.h"
#include "exporter/survey.h"
#include "exporter/wsusutil_package.h"
#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/limits.h"
#include "lib/base/source.h"
#include "lib/cab/cab.h"
#include "lib/catalog/catalog_full.h"
#include "lib/cli/progress.h"
#include "lib/crypto/digest.h"
#include "lib/pack/listing.h"
#include "lib/store/stored.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PIECE = 64 << 10 };

/* Documents are added as they come, in any order: their digests are summed. */
struct note {
	uint32_t revision;
	lint_mark sum;
};

struct reading {
	struct source base; /* the file */
	struct source_fd file;
	struct authenticode *signature;
	struct progress *progress;

	struct lint *out;
	struct wsusutil_package package;
	struct catalog_master *master;
	struct survey *survey;
	struct digest *digest;
	struct buf member;
	struct index index;
	bool has_master;
	struct note *notes; /* open addressing would be smaller; sorted is simpler */
	size_t note_count, note_capacity;
};

static void reading_clear(struct reading *r)
{
	authenticode_free(r->signature);
	catalog_master_free(r->master);
	survey_free(r->survey);
	digest_free(r->digest);
	buf_clear(&r->member);
	index_clear(&r->index);
	wsusutil_package_clear(&r->package);
	free(r->notes);
}
DEFINE_CLEANUP_IN_PLACE(struct reading, reading_clear);

void lint_clear(struct lint *l)
{
	catalog_free(l->catalog);
	free(l->marks);
	*l = (struct lint){ .catalog = NULL };
}

/* ---- the file ---- */

static ssize_t read_file(struct source *base, void *buf, size_t len, struct error *err)
{
	struct reading *r = (struct reading *)base;
	ssize_t n = r->file.base.read(&r->file.base, buf, len, err);

	if (n <= 0)
		return n;
	authenticode_feed(r->signature, buf, (size_t)n);
	if (progress_add(r->progress, (uint64_t)n))
		return error_set(err, ERROR_STOPPED, "%s: stopped on request", r->file.name);
	return n;
}

/* ---- marks ---- */

static void add_note(struct reading *r, uint32_t revision, char stream, const char *key,
		     const void *bytes, size_t len)
{
	r->notes = buf_grow(r->notes, &r->note_capacity, r->note_count, sizeof *r->notes);
	struct note *n = &r->notes[r->note_count++];

	n->revision = revision;
	digest_update(r->digest, &stream, 1);
	digest_update(r->digest, key, strlen(key) + 1);
	digest_update(r->digest, bytes, len);
	digest_final(r->digest, n->sum);
}

static int by_note(const void *left, const void *right)
{
	const struct note *a = left, *b = right;

	if (a->revision != b->revision)
		return a->revision < b->revision ? -1 : 1;
	return memcmp(a->sum, b->sum, sizeof a->sum);
}

static void make_marks(struct reading *r)
{
	const struct catalog *c = r->out->catalog;
	size_t at = 0;

	if (r->note_count > 1)
		qsort(r->notes, r->note_count, sizeof *r->notes, by_note);
	r->out->marks = buf_calloc(catalog_count(c), sizeof *r->out->marks);
	for (size_t i = 0; i < catalog_count(c); i++) {
		uint32_t revision = catalog_at(c, i)->revision_id;

		while (at < r->note_count && r->notes[at].revision < revision)
			at++;
		size_t end = at;

		for (; end < r->note_count && r->notes[end].revision == revision; end++)
			digest_update(r->digest, r->notes[end].sum, sizeof r->notes[end].sum);
		digest_final(r->digest, r->out->marks[i]);
	}
}

/* ---- the master document ---- */

static int on_package(void *ctx, const struct catalog_package *p, struct error *err)
{
	struct reading *r = ctx;

	return catalog_fill.package(r->out->catalog, p, err);
}

static int on_update(void *ctx, const struct catalog_update *u, struct error *err)
{
	struct reading *r = ctx;

	if (u->revision_id != 0)
		add_note(r, u->revision_id, 'u', "", u->raw, u->raw_len);
	return catalog_fill.update(r->out->catalog, u, err);
}

static int on_location(void *ctx, const struct catalog_location *l, struct error *err)
{
	struct reading *r = ctx;

	return catalog_fill.location(r->out->catalog, l, err);
}

static int on_problem(void *ctx, const struct catalog_problem *p, struct error *err)
{
	struct reading *r = ctx;

	return catalog_fill.problem(r->out->catalog, p, err);
}

static const struct catalog_master_handler handler = {
	.package = on_package, .update = on_update, .location = on_location, .problem = on_problem
};

typedef ssize_t read_some(void *from, void *buf, size_t len, struct error *err);

static ssize_t from_cabinet(void *from, void *buf, size_t len, struct error *err)
{
	return cab_read(from, buf, len, err);
}

static ssize_t from_file(void *from, void *buf, size_t len, struct error *err)
{
	return read_file(from, buf, len, err);
}

static int read_master(struct reading *r, read_some *read, void *from, struct error *err)
{
	unsigned char piece[PIECE];
	ssize_t n;

	if (r->has_master)
		return error_set(err, ERROR_SCAN_LAYOUT, "a second package.xml");
	r->has_master = true;
	r->master = catalog_master_new(&handler, r);
	while ((n = read(from, piece, sizeof piece, err)) > 0)
		if (catalog_master_feed(r->master, piece, (size_t)n, err) < 0)
			return error_wrap(err, "package.xml");
	if (n < 0)
		return -1;
	return catalog_master_finish(r->master, err) < 0 ? error_wrap(err, "package.xml") : 0;
}

/* ---- members ---- */

static int load(struct reading *r, struct cab *cab, const struct cab_member *m, struct error *err)
{
	if (m->size > LIMIT_FRAGMENT_BYTES)
		return error_set(err, ERROR_SCAN_LIMIT, "%s: %llu bytes, more than %u", m->name,
				 (unsigned long long)m->size, LIMIT_FRAGMENT_BYTES);
	r->member.len = 0;
	unsigned char *room = buf_room(&r->member, (size_t)m->size + 1, err);
	ssize_t n = 1;

	for (; room && n > 0 && r->member.len<m->size; r->member.len += n> 0 ? (size_t)n : 0)
		n = cab_read(cab, room + r->member.len, (size_t)m->size - r->member.len, err);
	return room && n >= 0 ? 0 : -1;
}

static int read_fragment(struct reading *r, struct cab *cab, const struct cab_member *m,
			 const struct index_name *n, struct error *err)
{
	if (load(r, cab, m, err) < 0)
		return -1;
	add_note(r, n->revision, n->stream, n->language, r->member.bytes, r->member.len);
	return catalog_add_fragment(r->out->catalog, (enum catalog_stream)n->stream, n->language,
				    n->revision, r->member.bytes, r->member.len, err);
}

static int read_member(struct reading *r, struct cab *cab, const char *label,
		       const struct cab_member *m, struct error *err)
{
	struct index_name name;
	unsigned char sha1[20];

	if (strcmp(m->name, "package.xml") == 0)
		return read_master(r, from_cabinet, cab, err);
	enum index_class class = index_classify(m->name, &name);

	survey_member(r->survey, label, m->name, class, &name);
	if (class == INDEX_FRAGMENT)
		return read_fragment(r, cab, m, &name, err);
	if (class == INDEX_UNKNOWN)
		return 0;
	if (load(r, cab, m, err) < 0)
		return -1;
	digest_sha1(r->member.bytes, r->member.len, sha1);
	survey_licence(r->survey, label, m->name, &name, sha1);
	return 0;
}

static int read_inner(struct reading *r, struct cab *outer, const char *label, struct error *err)
{
	CLEANUP(cab_close) struct cab *cab = cab_open(cab_member_source(outer), label, err);
	struct cab_member m;
	int more;

	if (!cab)
		return -1;
	survey_cabinet(r->survey, label, cab_info(cab));
	while ((more = cab_next(cab, &m, err)) == 1)
		if (read_member(r, cab, label, &m, err) < 0)
			return error_wrap(err, "%s", label);
	return more < 0 ? -1 : index_package(&r->index, label, err);
}

static int read_index(struct reading *r, struct cab *cab, const struct cab_member *m,
		      struct error *err)
{
	if (r->index.count > 0)
		return error_set(err, ERROR_SCAN_LAYOUT, "a second index.xml");
	if (load(r, cab, m, err) < 0 ||
	    index_parse(&r->index, r->member.bytes, r->member.len, err) < 0)
		return -1;
	survey_index(r->survey);
	return 0;
}

static int read_cabinet(struct reading *r, struct error *err)
{
	CLEANUP(cab_close) struct cab *cab = cab_open(&r->base, r->out->name, err);
	struct cab_member m;
	int more;

	if (!cab)
		return -1;
	survey_cabinet(r->survey, r->out->name, cab_info(cab));
	while ((more = cab_next(cab, &m, err)) == 1) {
		int failed = 0;

		if (strcmp(m.name, "index.xml") == 0)
			failed = read_index(r, cab, &m, err);
		else if (index_is_package(m.name))
			failed = read_inner(r, cab, m.name, err);
		else
			failed = read_member(r, cab, r->out->name, &m, err);
		if (failed)
			return -1;
	}
	if (more < 0)
		return -1;
	if (!r->has_master)
		return error_set(err, ERROR_SCAN_LAYOUT, "no package.xml in it");
	return index_finish(&r->index, err);
}

/* ---- export packages of WSUS ---- */

static int on_document(void *ctx, struct listing_entry *e, const void *bytes, size_t len,
		       struct error *err)
{
	struct reading *r = ctx;

	if (e->revision != 0)
		add_note(r, e->revision, e->stream, e->key, bytes, len);
	return catalog_full_add(r->out->catalog, e->stream, e->revision, e->offset, bytes, len,
				err);
}

static int read_package(struct reading *r, struct error *err)
{
	CLEANUP(cab_close) struct cab *cab = cab_open(&r->base, r->out->name, err);

	return cab ? wsusutil_package_read(&r->package, cab, r->out->catalog, on_document, r, err)
		   : -1;
}

/* ---- all of it ---- */

enum form { FORM_FAILED = -1, FORM_DOCUMENT, FORM_CABINET, FORM_PACKAGE };

static enum form form_of(struct reading *r, int fd, uint64_t size, struct error *err)
{
	static const unsigned char cabinet[] = { 'M', 'S', 'C', 'F' };
	unsigned char magic[sizeof cabinet] = { 0 };

	if (wsusutil_package_check(fd, size, err) < 0 ||
	    (size >= sizeof magic &&
	     file_read_at(fd, r->out->name, magic, sizeof magic, 0, err) < 0))
		return FORM_FAILED;
	if (memcmp(magic, cabinet, sizeof magic) != 0)
		return FORM_DOCUMENT;
	int package = wsusutil_package_open(&r->package, fd, r->out->name, err);

	return package < 0 ? FORM_FAILED : package == 0 ? FORM_CABINET : FORM_PACKAGE;
}

static int read_form(struct reading *r, enum form form, struct error *err)
{
	switch (form) {
	case FORM_DOCUMENT:
		return read_master(r, from_file, r, err);
	case FORM_CABINET:
		return read_cabinet(r, err);
	case FORM_PACKAGE:
		return read_package(r, err);
	case FORM_FAILED:
		break;
	}
	return -1;
}

static int read_all(struct reading *r, enum form form, const struct authenticode_roots *roots,
		    struct error *err)
{
	struct catalog *c = r->out->catalog;

	if (read_form(r, form, err) < 0 || catalog_finish(c, err) < 0)
		return -1;
	catalog_validate(c);
	catalog_quarantine(c);
	/* of a document alone nobody expects licence texts */
	if (form == FORM_CABINET)
		survey_finish(r->survey, clock_now());
	if (signature_check(r->signature, roots, r->out->name, &r->out->signature, err) < 0)
		return -1;
	/* nobody signs export packages */
	if (form != FORM_PACKAGE)
		survey_signature(c, r->out->name, &r->out->signature);
	make_marks(r);
	return 0;
}

int lint_read_fd(int fd, uint64_t size, const char *name, const struct authenticode_roots *roots,
		 struct progress *progress, struct lint *out, struct error *err)
{
	const char *slash = strrchr(name, '/');
	CLEANUP(lint_clear) struct lint lint = { .catalog = catalog_new() };
	CLEANUP(reading_clear)
	struct reading r = { .base = { read_file },
			     .signature = authenticode_new(),
			     .progress = progress,
			     .out = &lint,
			     .digest = digest_new(DIGEST_KIND_SHA256),
			     .member = BUF_INIT(LIMIT_FRAGMENT_BYTES + 2) };

	stored_clean_name(slash ? slash + 1 : name, lint.name);
	r.survey = survey_new(lint.catalog, &r.index);
	source_fd_init(&r.file, fd, name);
	progress_begin(progress, "reading catalog", size);
	int failed = read_all(&r, form_of(&r, fd, size, err), roots, err);
	progress_end(progress);
	if (failed)
		return error_wrap(err, "%s", name);
	*out = lint;
	lint = (struct lint){ .catalog = NULL };
	return 0;
}

int lint_read(const char *path, const struct authenticode_roots *roots, struct progress *progress,
	      struct lint *out, struct error *err)
{
	CLEANUP(file_close) int fd = -1;
	uint64_t size;

	if (file_open_present(AT_FDCWD, path, &fd, &size, err) < 0)
		return -1;
	return lint_read_fd(fd, size, path, roots, progress, out, err);
}
