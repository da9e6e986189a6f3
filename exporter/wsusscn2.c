#include "exporter/wsusscn2.h"

#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/limits.h"
#include "lib/base/pool.h"
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
#include "lib/store/shard_rows.h"
#include "lib/store/stored.h"

#include "exporter/index.h"
#include "exporter/shard.h"
#include "exporter/survey.h"
#include "exporter/tee.h"

#include <assert.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* AHEAD: shards for each thread while the master document is read. */
enum { PIECE = 64 << 10, AHEAD = 4, MAPPED = 1 << 20 };

struct reader {
	struct store *store;
	struct wsusscn2 *out;
	struct gather *gather;
	struct gather_build *build;
	struct catalog_master *master;
	struct listing_source *source;
	struct pool *pool;       /* shards on their way through workers */
	struct shard *postponed; /* the one with the master document, which comes before those */
	struct survey *survey;
	unsigned threads;
	uint64_t waiting;  /* bytes of those shards */
	bool recall;       /* something is kept of shards */
	bool shard_failed; /* one that was reaped: nothing before it did */
	const char *label; /* of the inner cabinet */
	bool has_index, has_master;
	struct index index;
};

static void reader_clear(struct reader *r)
{
	catalog_master_free(r->master);
	survey_free(r->survey);
	gather_build_free(r->build);
	index_clear(&r->index);
	pool_free(r->pool);
	shard_free(r->postponed);
}
DEFINE_CLEANUP_IN_PLACE(struct reader, reader_clear);

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
	catalog_set_package(r->gather->catalog, p, p->offset);
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

/* ---- inner cabinets ---- */

static int master_of(void *ctx, struct shard *s, struct cab *cab, struct error *err)
{
	struct reader *r = ctx;

	r->label = s->name;
	return read_master(r, cab, err);
}

static struct shard *new_shard(const struct reader *r, const char *name)
{
	return shard_new(name, r->store, gather_build_known(r->build),
			 survey_span(r->survey, name));
}

static void keep_shard(struct wsusscn2 *out, struct shard *s)
{
	out->shards =
		buf_grow(out->shards, &out->shard_capacity, out->shard_count, sizeof *out->shards);
	struct shard_row *row = &out->shards[out->shard_count++];
	memcpy(row->digest, s->digest, sizeof row->digest);
	row->first = s->span.first;
	row->state = s->state;
	s->state = (struct buf)BUF_INIT(0);
	out->shards_known += s->told != NULL;
}

/* What a shard found becomes part of the catalog, in the order of the shards. */
static int take_shard(struct reader *r, struct shard *s, struct error *err)
{
	struct wsusscn2 *out = r->out;

	for (size_t i = 0; i < s->licence_count; i++) {
		out->licences = buf_grow(out->licences, &out->licence_capacity, out->licence_count,
					 sizeof *out->licences);
		out->licences[out->licence_count++] = s->licences[i];
	}
	shard_survey(s, r->survey);
	if (s->keep)
		keep_shard(out, s);
	out->unknown_members += s->unknown_members;
	out->bad_licences += s->bad_licences;
	return gather_build_take(r->build, s->part, err);
}

/* On this thread, with the master document if that is in it. */
static int read_here(struct reader *r, const char *name, struct source *src, struct error *err)
{
	CLEANUP(shard_free) struct shard *s = new_shard(r, name);

	s->master = master_of;
	s->master_ctx = r;
	if (shard_read(s, src, err) == 0)
		return take_shard(r, s, err);
	shard_forget(s);
	return -1;
}

/* The same of one whose bytes are in s, which is only read from. */
static int read_loaded(struct reader *r, const struct shard *s, struct error *err)
{
	struct source_memory source;

	source_memory_init(&source, s->bytes.bytes, s->bytes.len);
	return read_here(r, s->name, &source.base, err);
}

/* While workers have something to do. */
static int read_postponed(struct reader *r, struct error *err)
{
	CLEANUP(shard_free) struct shard *s = STEAL(r->postponed);

	if (!s)
		return 0;
	r->waiting -= s->bytes.len;
	r->shard_failed = read_loaded(r, s, err) < 0;
	return r->shard_failed ? -1 : 0;
}

/* A shard that a worker is done with. */
static int finish_shard(struct reader *r, struct shard *s, bool failed, struct error *err)
{
	if (!failed && !s->has_master)
		return take_shard(r, s, err);
	shard_forget(s);
	return failed ? -1 : read_loaded(r, s, err);
}

/* The oldest shard that workers were given. */
static int reap_shard(struct reader *r, struct error *err)
{
	if (read_postponed(r, err) < 0)
		return -1;
	void *arg = NULL;
	bool failed = pool_reap(r->pool, &arg, err) < 0;
	CLEANUP(shard_free) struct shard *s = arg;

	r->waiting -= s->bytes.len;
	r->shard_failed = finish_shard(r, s, failed, err) < 0;
	return r->shard_failed ? -1 : 0;
}

static int reap_all(struct reader *r, struct error *err)
{
	while (pool_pending(r->pool) > 0)
		if (reap_shard(r, err) < 0)
			return -1;
	return read_postponed(r, err);
}

/*
 * After a failure: shards that nobody will take.  One of them may have failed before what is
 * being reported, had they been read one after the other.
 */
static void drain_shards(struct reader *r, struct error *err)
{
	struct error first = ERROR_INIT;

	if (r->postponed && read_postponed(r, &first) < 0)
		*err = first;
	while (r->pool && pool_pending(r->pool) > 0) {
		struct error failed = ERROR_INIT;
		void *arg = NULL;

		if (pool_reap(r->pool, &arg, &failed) < 0 && !r->shard_failed) {
			*err = failed;
			r->shard_failed = true;
		}
		CLEANUP(shard_free) struct shard *s = arg;
		shard_forget(s);
	}
}

/* Wait until there is room for a cabinet of so many bytes. */
static int make_room(struct reader *r, uint64_t size, struct error *err)
{
	for (;;) {
		size_t pending = pool_pending(r->pool);
		size_t most = (size_t)r->threads * (r->postponed ? AHEAD : 1);

		if ((pending == 0 && !r->postponed) ||
		    (pending <= most && r->waiting + size <= LIMIT_SHARD_BYTES))
			return 0;
		if ((r->postponed ? read_postponed(r, err) : reap_shard(r, err)) < 0)
			return -1;
	}
}

/* What is kept of these bytes, or of the cabinet that was in their place. */
static int load_past(struct reader *r, struct shard *s, struct error *err)
{
	digest_sha256(s->bytes.bytes, s->bytes.len, s->digest);
	int known = shard_rows_load(r->store, s->digest, &s->state, err);
	s->known = known == 1;
	if (known == 0)
		known = shard_rows_before(r->store, s->span.first, &s->state, err);
	return known < 0 ? -1 : 0;
}

/* One package*.cab; very large ones are read as streams. */
static int read_inner(struct reader *r, struct cab *outer, const struct cab_member *member,
		      struct error *err)
{
	bool is_first = strcmp(member->name, "package.cab") == 0;

	if (is_first || member->size > LIMIT_SHARD_BYTES) {
		if (reap_all(r, err) < 0)
			return -1;
		if (member->size > LIMIT_SHARD_BYTES)
			return read_here(r, member->name, cab_member_source(outer), err);
	}
	if (make_room(r, member->size, err) < 0)
		return -1;
	CLEANUP(shard_free) struct shard *s = new_shard(r, member->name);
	if (shard_load("wsusscn2", outer, member, LIMIT_SHARD_BYTES, &s->bytes, err) < 0)
		return -1;
	r->waiting += s->bytes.len;
	if (is_first) {
		r->postponed = STEAL(s);
		return 0;
	}
	s->keep = true;
	if (r->recall && load_past(r, s, err) < 0)
		return -1;
	pool_submit(r->pool, STEAL(s));
	return 0;
}

static int read_index(struct reader *r, struct cab *cab, const struct cab_member *m,
		      struct error *err)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(LIMIT_FRAGMENT_BYTES + 1);

	if (r->has_index)
		return error_set(err, ERROR_SCAN_LAYOUT, "a second index.xml");
	r->has_index = true;
	if (shard_load("wsusscn2", cab, m, LIMIT_FRAGMENT_BYTES, &text, err) < 0)
		return -1;
	assert(text.bytes);
	/* shards that came before it are judged without it */
	if (reap_all(r, err) < 0 || index_parse(&r->index, text.bytes, text.len, err) < 0)
		return -1;
	survey_index(r->survey);
	return 0;
}

static int unknown_member(struct reader *r, const struct cab_member *m, struct error *err)
{
	struct index_name none = { .stream = 0 };

	/* remarks in the order of the members, however many threads there are */
	if (reap_all(r, err) < 0)
		return -1;
	r->out->unknown_members++;
	survey_member(r->survey, r->source->name, m->name, INDEX_UNKNOWN, &none);
	return 0;
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
			failed = unknown_member(r, &m, err);
		if (failed)
			return -1;
	}
	if (more < 0 || reap_all(r, err) < 0)
		return -1;
	if (!r->has_master)
		return error_set(err, ERROR_SCAN_LAYOUT, "no package.cab with a package.xml in it");
	if (!r->out->old_layout && !r->has_index)
		return error_set(err, ERROR_SCAN_LAYOUT, "no index.xml");
	return index_finish(&r->index, err);
}

/* ---- the file ---- */

int wsusscn2_finish(struct wsusscn2 *w, struct gather_build *b, struct survey *survey,
		    struct tee *tee, struct error *err)
{
	struct listing_source *source = &w->gather->source;
	struct catalog_summary summary;

	content_digests(tee->copy, source->cabinet, NULL);
	source->cabinet_size = tee->size;
	if (gather_build_finish(b, err) < 0)
		return -1;
	if (survey)
		survey_finish(survey, clock_now());
	catalog_summarize(w->gather->catalog, &summary);
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

static int read_file(struct reader *r, int fd, const char *path, struct progress *progress,
		     struct error *err)
{
	struct content_writer *copy = content_begin(r->store, false, err);
	struct tee tee;

	if (!copy)
		return -1;
	tee_init(&tee, fd, path, copy, r->out->signature, progress);
	CLEANUP(cab_close) struct cab *cab = cab_open(&tee.base, r->source->name, err);
	int failed = cab && read_outer(r, cab, err) == 0
			     ? wsusscn2_finish(r->out, r->build, r->survey, &tee, err)
			     : -1;
	content_abandon(tee.copy);
	return failed;
}

int wsusscn2_read(struct store *s, const char *path, unsigned threads, struct progress *progress,
		  struct wsusscn2 *out, struct error *err)
{
	struct listing_source source = { .series = "default", .created = -1 };
	CLEANUP(wsusscn2_clear) struct wsusscn2 w = { 0 };
	CLEANUP(file_close) int fd = -1;
	uint64_t size;

	/* Cabinets and packs come and go: each gives its memory back, not only the last one. */
	(void)mallopt(M_MMAP_THRESHOLD, MAPPED);
	if (file_open_present(AT_FDCWD, path, &fd, &size, err) < 0)
		return -1;
	clean_name(path, &source);
	w.gather = gather_new(&source);
	CLEANUP(reader_clear)
	struct reader r = { .store = s,
			    .out = &w,
			    .gather = w.gather,
			    .source = &w.gather->source,
			    .threads = threads };
	w.signature = authenticode_new();
	progress_begin(progress, "reading catalog", size);
	r.survey = survey_new(w.gather->catalog, &r.index);
	r.build = gather_build_new(w.gather, s, threads, err);
	int some = r.build ? shard_rows_some(s, err) : -1;
	r.recall = some == 1;
	r.pool = some >= 0 ? pool_new(threads, shard_run, err) : NULL;
	int failed = r.pool ? read_file(&r, fd, path, progress, err) : -1;
	if (failed)
		drain_shards(&r, err);
	progress_end(progress);
	if (failed) {
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
	shard_rows_free(w->shards, w->shard_count);
	*w = (struct wsusscn2){ 0 };
}
