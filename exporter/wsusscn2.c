#include "exporter/wsusscn2.h"

#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/limits.h"
#include "lib/base/source.h"
#include "lib/base/str.h"
#include "lib/cab/cab.h"
#include "lib/catalog/catalog.h"
#include "lib/cli/progress.h"
#include "lib/crypto/authenticode.h"
#include "lib/crypto/digest.h"
#include "lib/pack/listing.h"
#include "lib/store/content.h"
#include "lib/store/gather.h"
#include "lib/store/gather_build.h"
#include "lib/store/stored.h"

#include "exporter/index.h"
#include "exporter/survey.h"

#include <assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PIECE = 64 << 10 };

/* The file on its way into the decoder and, byte for byte, into the content store. */
struct tee {
	struct source base;
	struct source_fd file;
	struct content_writer *copy;
	struct authenticode *signature;
	struct progress *progress;
	uint64_t size;
};

struct reader {
	struct store *store;
	struct wsusscn2 *out;
	struct gather *gather;
	struct gather_build *build;
	struct catalog_master *master;
	struct listing_source *source;
	struct survey *survey;
	struct buf member; /* one fragment at a time */
	const char *label; /* of the inner cabinet */
	bool has_index, has_master;
	struct index index;
};

static void reader_clear(struct reader *r)
{
	catalog_master_free(r->master);
	survey_free(r->survey);
	gather_build_free(r->build);
	buf_clear(&r->member);
	index_clear(&r->index);
}
DEFINE_CLEANUP_IN_PLACE(struct reader, reader_clear);

static ssize_t tee_read(struct source *base, void *buf, size_t len, struct error *err)
{
	struct tee *t = (struct tee *)base;
	ssize_t n = t->file.base.read(&t->file.base, buf, len, err);

	if (n <= 0)
		return n;
	t->size += (size_t)n;
	if (content_write(t->copy, buf, (size_t)n, err) < 0)
		return -1;
	authenticode_feed(t->signature, buf, (size_t)n);
	if (progress_add(t->progress, (uint64_t)n))
		return error_set(err, ERROR_STOPPED, "%s: stopped on request", t->file.name);
	return n;
}

/* ---- the master document ---- */

static int add_master_piece(struct reader *r, char stream, uint32_t revision, const char *key,
			    const void *raw, size_t len, uint64_t offset, struct error *err)
{
	struct listing_entry e = { .stream = stream, .revision = revision, .offset = offset };

	snprintf(e.key, sizeof e.key, "%s", key);
	return gather_build_add(r->build, &e, raw, len, err);
}

static int on_package(void *ctx, const struct catalog_package *p, struct error *err)
{
	struct reader *r = ctx;
	const char *id = r->out->old_layout ? p->package_id : p->source_id;

	r->source->created = p->creation > 0 ? p->creation : -1;
	if (listing_is_word(id, 64))
		snprintf(r->source->series, sizeof r->source->series, "%s", id);
	catalog_set_package(r->gather->catalog, p);
	return add_master_piece(r, 'h', 0, "", p->raw, p->raw_len, p->offset, err);
}

static int on_update(void *ctx, const struct catalog_update *u, struct error *err)
{
	struct reader *r = ctx;
	char key[LISTING_KEY_SIZE] = "";

	if (catalog_add_update(r->gather->catalog, u, u->offset, err) < 0)
		return -1;
	/* Two elements with one RevisionId are both kept; the place tells them apart. */
	if (u->revision_id == 0 || index_seen(&r->index, u->revision_id))
		snprintf(key, sizeof key, "at%llu", (unsigned long long)u->offset);
	return add_master_piece(r, 'u', u->revision_id, key, u->raw, u->raw_len, u->offset, err);
}

static int on_location(void *ctx, const struct catalog_location *l, struct error *err)
{
	struct reader *r = ctx;
	char key[LISTING_KEY_SIZE];

	if (catalog_add_location(r->gather->catalog, l, l->offset, err) < 0)
		return -1;
	if (l->has_sha1 && !index_seen_location(&r->index, l->sha1.bytes))
		str_to_hex(l->sha1.bytes, sizeof l->sha1.bytes, key);
	else
		snprintf(key, sizeof key, "at%llu", (unsigned long long)l->offset);
	return add_master_piece(r, 'f', 0, key, l->raw, l->raw_len, l->offset, err);
}

static int on_problem(void *ctx, const struct catalog_problem *p, struct error *err)
{
	struct reader *r = ctx;

	(void)err; /* a finding cannot fail */
	catalog_add_problem(r->gather->catalog, p);
	return 0;
}

static const struct catalog_master_handler master_handler = {
	.package = on_package, .update = on_update, .location = on_location, .problem = on_problem
};

static int read_master(struct reader *r, struct cab *cab, struct error *err)
{
	unsigned char piece[PIECE];
	ssize_t n;

	if (r->has_master)
		return error_set(err, ERROR_SCAN_LAYOUT, "%s: a second package.xml", r->label);
	r->has_master = true;
	r->master = catalog_master_new(&master_handler, r);
	while ((n = cab_read(cab, piece, sizeof piece, err)) > 0)
		if (catalog_master_feed(r->master, piece, (size_t)n, err) < 0)
			return error_wrap(err, "%s: package.xml", r->label);
	if (n < 0)
		return -1;
	if (catalog_master_finish(r->master, err) < 0)
		return error_wrap(err, "%s: package.xml", r->label);
	return 0;
}

/* ---- fragments and licence texts ---- */

static int load_member(struct reader *r, struct cab *cab, const struct cab_member *m,
		       struct error *err)
{
	if (m->size > LIMIT_FRAGMENT_BYTES)
		return error_set(err, ERROR_SCAN_LIMIT, "%s: %s: %llu bytes, more than %u",
				 r->label, m->name, (unsigned long long)m->size,
				 LIMIT_FRAGMENT_BYTES);
	r->member.len = 0;
	unsigned char *room = buf_room(&r->member, (size_t)m->size, err);
	for (size_t done = 0; room && done < m->size;) {
		ssize_t n = cab_read(cab, room + done, (size_t)m->size - done, err);

		if (n < 0)
			return -1;
		if (n == 0)
			return error_set(err, ERROR_SCAN_LAYOUT, "%s: %s: ends early", r->label,
					 m->name);
		done += (size_t)n;
	}
	if (!room)
		return -1;
	r->member.len = (size_t)m->size;
	return 0;
}

static int read_fragment(struct reader *r, struct cab *cab, const struct cab_member *m,
			 struct listing_entry *e, struct error *err)
{
	if (load_member(r, cab, m, err) < 0)
		return -1;
	if (gather_build_add(r->build, e, r->member.bytes, r->member.len, err) < 0)
		return error_wrap(err, "%s: %s", r->label, m->name);
	return gather_feed(r->gather, e, r->member.bytes, r->member.len, err);
}

/* files/<hh>/<SHA-1>: an object of its own, served to clients under that SHA-1. */
static int read_licence(struct reader *r, struct cab *cab, const struct cab_member *m,
			const struct index_name *n, struct error *err)
{
	struct wsusscn2 *out = r->out;
	struct stored_object o = { .kind = OBJECT_CONTENT, .size = m->size, .has_sha1 = true };

	if (load_member(r, cab, m, err) < 0)
		return -1;
	digest_sha1(r->member.bytes, r->member.len, o.sha1);
	if (memcmp(o.sha1, n->sha1, sizeof o.sha1) != 0)
		out->bad_licences++;
	survey_licence(r->survey, r->label, m->name, n, o.sha1);
	snprintf(o.name, sizeof o.name, "%s", m->name + strlen(m->name) - 40);
	int known = content_put(r->store, r->member.bytes, r->member.len, o.sha256, err);
	if (known < 0)
		return -1;
	o.id = known ? -1 : 0; /* 0: new in the content store, see wsusscn2_forget() */
	out->licences = buf_grow(out->licences, &out->licence_capacity, out->licence_count,
				 sizeof *out->licences);
	out->licences[out->licence_count++] = o;
	return 0;
}

static int read_member(struct reader *r, struct cab *cab, const struct cab_member *m,
		       struct error *err)
{
	struct index_name name;

	if (strcmp(m->name, "package.xml") == 0)
		return read_master(r, cab, err);
	enum index_class class = index_classify(m->name, &name);

	survey_member(r->survey, r->label, m->name, class, &name);
	switch (class) {
	case INDEX_FRAGMENT: {
		struct listing_entry e = { .stream = name.stream, .revision = name.revision };

		snprintf(e.key, sizeof e.key, "%s", name.language);
		return read_fragment(r, cab, m, &e, err);
	}
	case INDEX_LICENCE:
		return read_licence(r, cab, m, &name, err);
	case INDEX_UNKNOWN:
	default:
		r->out->unknown_members++;
		return 0;
	}
}

/* One package*.cab: its members in order. */
static int read_inner(struct reader *r, struct cab *outer, const struct cab_member *member,
		      struct error *err)
{
	CLEANUP(cab_close) struct cab *cab = cab_open(cab_member_source(outer), member->name, err);
	struct cab_member m;
	int more;

	if (!cab)
		return -1;
	r->label = member->name;
	survey_cabinet(r->survey, r->label, cab_info(cab));
	while ((more = cab_next(cab, &m, err)) == 1)
		if (read_member(r, cab, &m, err) < 0)
			return -1;
	return more;
}

static int read_index(struct reader *r, struct cab *cab, const struct cab_member *m,
		      struct error *err)
{
	r->label = "wsusscn2";
	if (r->has_index)
		return error_set(err, ERROR_SCAN_LAYOUT, "a second index.xml");
	r->has_index = true;
	if (load_member(r, cab, m, err) < 0)
		return -1;
	assert(r->member.bytes);
	if (index_parse(&r->index, r->member.bytes, r->member.len, err) < 0)
		return -1;
	survey_index(r->survey);
	return 0;
}

static void unknown_member(struct reader *r, const struct cab_member *m)
{
	struct index_name none = { .stream = 0 };

	r->out->unknown_members++;
	survey_member(r->survey, r->source->name, m->name, INDEX_UNKNOWN, &none);
}

static int read_outer(struct reader *r, struct cab *cab, struct error *err)
{
	struct cab_member m;
	int more;

	survey_cabinet(r->survey, r->source->name, cab_info(cab));
	r->out->old_layout = cab_info(cab)->members == 1;
	snprintf(r->source->kind, sizeof r->source->kind, "%s",
		 r->out->old_layout ? "wsusscan" : "wsusscn2");
	while ((more = cab_next(cab, &m, err)) == 1) {
		int failed = 0;

		if (strcmp(m.name, "index.xml") == 0)
			failed = read_index(r, cab, &m, err);
		else if (index_is_package(m.name))
			failed = read_inner(r, cab, &m, err) < 0 ||
				 index_package(&r->index, m.name, err) < 0;
		else
			unknown_member(r, &m);
		if (failed)
			return -1;
	}
	if (more < 0)
		return -1;
	if (!r->has_master)
		return error_set(err, ERROR_SCAN_LAYOUT, "no package.cab with a package.xml in it");
	if (!r->out->old_layout && !r->has_index)
		return error_set(err, ERROR_SCAN_LAYOUT, "no index.xml");
	return index_finish(&r->index, err);
}

/* ---- the file ---- */

static int finish(struct reader *r, struct tee *tee, struct error *err)
{
	struct catalog_summary summary;

	content_digests(tee->copy, r->source->cabinet, NULL);
	r->source->cabinet_size = tee->size;
	if (gather_build_finish(r->build, err) < 0)
		return -1;
	survey_finish(r->survey, clock_now());
	catalog_summarize(r->gather->catalog, &summary);
	if (summary.processed == 0)
		return error_set(err, ERROR_SCAN_EMPTY,
				 "%zu updates, none of them usable: nothing was ingested",
				 summary.updates);
	return content_commit(STEAL(tee->copy), NULL, err) < 0 ? -1 : 0;
}

static void clean_name(const char *path, struct listing_source *source)
{
	const char *slash = strrchr(path, '/');

	stored_clean_name(slash ? slash + 1 : path, source->name);
}

static int read_file(struct reader *r, struct tee *tee, struct error *err)
{
	CLEANUP(cab_close) struct cab *cab = cab_open(&tee->base, r->source->name, err);

	return cab && read_outer(r, cab, err) == 0 && finish(r, tee, err) == 0 ? 0 : -1;
}

int wsusscn2_read(struct store *s, const char *path, unsigned threads, struct progress *progress,
		  struct wsusscn2 *out, struct error *err)
{
	struct listing_source source = { .series = "default", .created = -1 };
	CLEANUP(wsusscn2_clear) struct wsusscn2 w = { 0 };
	CLEANUP(file_close) int fd = -1;
	uint64_t size;
	int found = file_open_read(AT_FDCWD, path, &fd, &size, err);

	if (found == 0)
		return error_set(err, ERROR_FILE_OPEN, "%s: not there", path);
	if (found < 0)
		return -1;
	clean_name(path, &source);
	w.gather = gather_new(&source);
	CLEANUP(reader_clear)
	struct reader r = { .store = s,
			    .out = &w,
			    .gather = w.gather,
			    .source = &w.gather->source,
			    .member = BUF_INIT(LIMIT_FRAGMENT_BYTES + 1) };
	w.signature = authenticode_new();
	struct tee tee = { .base = { tee_read }, .signature = w.signature, .progress = progress };
	source_fd_init(&tee.file, fd, path);
	progress_begin(progress, "reading catalog", size);
	r.survey = survey_new(w.gather->catalog, &r.index);
	r.build = gather_build_new(w.gather, s, threads, err);
	tee.copy = r.build ? content_begin(s, false, err) : NULL;
	int failed = tee.copy ? read_file(&r, &tee, err) : -1;
	content_abandon(tee.copy);
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

void wsusscn2_forget(const struct wsusscn2 *w, const struct store *s)
{
	gather_build_forget(w->gather, s);
	for (size_t i = 0; i < w->licence_count; i++)
		if (w->licences[i].id == 0)
			content_forget(s, w->licences[i].sha256);
}

void wsusscn2_clear(struct wsusscn2 *w)
{
	gather_free(w->gather);
	authenticode_free(w->signature);
	free(w->licences);
	*w = (struct wsusscn2){ 0 };
}
