/* One source, put together on either side: same root, same verdicts, same rows. */
#include "lib/store/gather.h"

#include "lib/catalog/catalog.h"
#include "lib/catalog/catalog_master.h"
#include "lib/crypto/digest.h"
#include "lib/sandbox/sandbox_message.h"
#include "lib/store/gather_build.h"
#include "lib/store/gather_load.h"
#include "lib/store/rows.h"
#include "lib/unpack/unpack.h"
#include "lib/unpack/unpack_worker.h"
#include "tests/unit/repository.h"

#include <sys/mman.h>
#include <unistd.h>

static int setup(void **state)
{
	static struct repository r;

	repository_create(&r);
	*state = &r;
	return 0;
}

static int teardown(void **state)
{
	repository_remove(*state);
	return 0;
}

#define G "00000000-0000-0000-0000-0000000000"
#define D "AAAAAAAAAAAAAAAAAAAAAAAAAAA="

struct document {
	char stream;
	uint32_t revision;
	const char *key, *text;
};

#define TITLE(t) "<LocalizedProperties><Title>" t "</Title></LocalizedProperties>"
#define UPDATE(n, attributes, inner)                                                          \
	{                                                                                     \
		'u', n, "",                                                                   \
			"<Update UpdateId=\"" G #n "\" RevisionNumber=\"1\" RevisionId=\"" #n \
			"\"" attributes ">" inner "</Update>"                                 \
	}

/*
 * 11 is wrong and takes 12 with it.  The Czech title of 13 has the bytes of the one of 11, so an
 * importer meets it before the others of 13.
 */
static const struct document documents[] = {
	{ 'h', 0, "", "<OfflineSyncPackage PackageVersion=\"1.1\">" },
	{ 'l', 11, "cs", TITLE("shared") },
	UPDATE(10, " IsBundle=\"true\"", ""),
	UPDATE(11, " DeploymentAction=\"Explode\"", ""),
	UPDATE(12, " DeploymentAction=\"Evaluate\" IsSoftware=\"false\"",
	       "<Prerequisites><UpdateId Id=\"" G "11\"/></Prerequisites>"),
	UPDATE(13, " DefaultLanguage=\"de\"", "<PayloadFiles><File Id=\"" D "\"/></PayloadFiles>"),
	{ 'f', 0, "0000000000000000000000000000000000000000",
	  "<FileLocation Id=\"" D "\" Url=\"http://x/y\"/>" },
	{ 'x', 13, "", "<ExtendedProperties><KBArticleID>123</KBArticleID></ExtendedProperties>" },
	{ 'l', 13, "fr", TITLE("fr") },
	{ 'l', 13, "de", TITLE("de") },
	{ 'l', 13, "cs", TITLE("shared") },
	{ 'l', 10, "fr", TITLE("fr") },
	{ 'l', 10, "cs", TITLE("cs") },
	{ 'e', 13, "fr", "<EulaFile Digest=\"" D "\"/>" },
	{ 'e', 13, "cs", "<EulaFile Digest=\"" D "\"/>" },
	{ 'c', 13, "", "<UpdateIdentity UpdateID=\"" G "13\" RevisionNumber=\"1\"/>" },
};

static struct listing_source source_of(const char *series)
{
	struct listing_source s = {
		.kind = "wsusscn2", .created = 7, .name = "w.cab", .cabinet_size = 9
	};

	snprintf(s.series, sizeof s.series, "%s", series);
	memset(s.cabinet, series[0], 32);
	return s;
}

/* What the exporter does with a master piece: it is judged from the stream. */
static void feed(struct gather *g, const struct document *d, const struct listing_entry *e)
{
	struct error err = ERROR_INIT;
	CLEANUP(catalog_master_free) struct catalog_master *m = NULL;

	if (strchr("huf", d->stream)) {
		m = catalog_master_new(&catalog_fill, g->catalog);
		assert_int_equal(catalog_master_element(m, "t", d->text, strlen(d->text), &err), 0);
	} else {
		assert_int_equal(gather_feed(g, e, d->text, strlen(d->text), &err), 0);
	}
	assert_no_error(err);
}

static struct gather *build_of(struct store *s, const char *series, unsigned threads,
			       const struct document *all, size_t count)
{
	struct listing_source source = source_of(series);
	struct gather *g = gather_new(&source);
	struct error err = ERROR_INIT;
	CLEANUP(gather_build_free) struct gather_build *b = gather_build_new(g, s, threads, &err);

	for (size_t i = 0; i < count; i++) {
		const struct document *d = &all[i];
		struct listing_entry e = { .stream = d->stream, .revision = d->revision };

		snprintf(e.key, sizeof e.key, "%s", d->key);
		assert_int_equal(gather_build_add(b, &e, d->text, strlen(d->text), &err), 0);
		feed(g, d, &e);
	}
	if (gather_build_finish(b, &err) < 0)
		fail_msg("%s", err.message);
	assert_int_equal(content_sync(s, &err), 0);
	return g;
}

static struct gather *build(struct store *s, const char *series, unsigned threads, size_t count)
{
	return build_of(s, series, threads, documents, count);
}

static int fetch(void *ctx, const unsigned char sha256[32], unsigned char **out, size_t *len,
		 struct error *err)
{
	return content_load(ctx, sha256, 1 << 20, out, len, err);
}

/* The packs and listings of the built sources, less `without` from the end of each list. */
static int load_by(int (*worker)(void *ctx, int fd), struct store *s, struct gather *const *built,
		   size_t count, size_t listings_left_out, size_t packs_left_out,
		   struct gather_set *out, struct error *err)
{
	unsigned char listings[8][32], packs[8][32];
	struct error problem = ERROR_INIT;
	CLEANUP(unpack_free)
	struct unpack *unpack = unpack_new(&(struct unpack_options){ .workers = worker ? 1 : 2,
								     .separate = true,
								     .run = worker },
					   &problem);

	assert_non_null(unpack);
	struct gather_load_request r = { .fetch = fetch,
					 .ctx = s,
					 .unpack = unpack,
					 .listings = (const unsigned char(*)[32])listings,
					 .packs = (const unsigned char(*)[32])packs };

	for (size_t i = 0; i < count; i++) {
		for (size_t k = 0; k < built[i]->listing_count; k++)
			memcpy(listings[r.listing_count++], built[i]->listings[k].sha256, 32);
		for (size_t k = 0; k < built[i]->pack_count; k++)
			memcpy(packs[r.pack_count++], built[i]->packs[k].sha256, 32);
	}
	r.listing_count -= listings_left_out;
	r.pack_count -= packs_left_out;
	return gather_load(&r, out, err);
}

static int load(struct store *s, struct gather *const *built, size_t count,
		size_t listings_left_out, size_t packs_left_out, struct gather_set *out,
		struct error *err)
{
	return load_by(NULL, s, built, count, listings_left_out, packs_left_out, out, err);
}

static void assert_same_catalog(const struct catalog *a, const struct catalog *b)
{
	assert_int_equal(catalog_count(a), catalog_count(b));
	for (size_t i = 0; i < catalog_count(a); i++) {
		const struct catalog_revision *x = catalog_at(a, i), *y = catalog_at(b, i);

		assert_int_equal(x->revision_id, y->revision_id);
		assert_int_equal(x->verdict, y->verdict);
		assert_int_equal(x->cause, y->cause);
		assert_string_equal(x->title, y->title);
		assert_string_equal(x->kb, y->kb);
		assert_int_equal(x->licences_count, y->licences_count);
		for (size_t k = 0; k < x->licences_count; k++)
			assert_string_equal(x->licences[k].language, y->licences[k].language);
	}
	assert_int_equal(catalog_finding_count(a), catalog_finding_count(b));
	for (size_t i = 0; i < catalog_finding_count(a); i++) {
		assert_int_equal(catalog_finding_at(a, i)->rule, catalog_finding_at(b, i)->rule);
		assert_string_equal(catalog_finding_at(a, i)->message,
				    catalog_finding_at(b, i)->message);
	}
}

static void both_sides_see_the_same(void **state)
{
	CLEANUP(store_close) struct store *s = repository_open(*state, true);
	CLEANUP(gather_set_clear) struct gather_set set = { 0 };
	struct error err = ERROR_INIT;
	unsigned char here[32], there[32];
	struct catalog_summary summary;

	CLEANUP(gather_free) struct gather *g = build(s, "a", 2, COUNT(documents));
	assert_int_equal(g->pack_count, 1);
	assert_int_equal(g->fragment_count, COUNT(documents) - 3); /* three are shared */
	if (load(s, &g, 1, 0, 0, &set, &err) < 0)
		fail_msg("%s", err.message);
	assert_int_equal(set.count, 1);
	gather_root(&g, 1, here);
	gather_root(set.items, 1, there);
	assert_memory_equal(here, there, 32);
	assert_same_catalog(g->catalog, set.items[0]->catalog);
	catalog_summarize(g->catalog, &summary);
	assert_int_equal(summary.processed, 2);
	assert_int_equal(summary.quarantined, 2);
	assert_string_equal(catalog_by_revision(g->catalog, 13)->title, "de");
	assert_string_equal(catalog_by_revision(g->catalog, 10)->title, "cs");
	for (size_t i = 0; i < g->fragment_count; i++)
		assert_ptr_equal(gather_find(g, g->fragments[i].sha256), &g->fragments[i]);
	assert_null(gather_find(g, here));
}

static void threads_make_no_difference(void **state)
{
	CLEANUP(store_close) struct store *s = repository_open(*state, true);
	CLEANUP(gather_free) struct gather *a = build(s, "a", 1, COUNT(documents));
	CLEANUP(gather_free) struct gather *b = build(s, "a", 5, COUNT(documents));

	assert_memory_equal(a->packs[0].sha256, b->packs[0].sha256, 32);
	assert_memory_equal(a->listings[0].sha256, b->listings[0].sha256, 32);
	assert_true(a->packs[0].is_new);
	assert_false(b->packs[0].is_new);
	gather_build_forget(b, s); /* nothing of it was new: all stays */
	struct error err = ERROR_INIT;
	assert_int_equal(content_check(s, a->packs[0].sha256, a->packs[0].size, &err), 1);
	gather_build_forget(a, s);
	assert_int_equal(content_check(s, a->packs[0].sha256, a->packs[0].size, &err), 0);
}

static void incomplete_sources_are_refused(void **state)
{
	CLEANUP(store_close) struct store *s = repository_open(*state, true);
	CLEANUP(gather_set_clear) struct gather_set set = { 0 };
	struct error err = ERROR_INIT;
	CLEANUP(gather_free) struct gather *g = build(s, "a", 1, COUNT(documents));

	assert_int_equal(load(s, &g, 1, 0, 1, &set, &err), -1);
	assert_error(err, ERROR_GATHER_INCOMPLETE, "is in no pack");
	error_clear(&err);
	assert_int_equal(load(s, &g, 1, 1, 0, &set, &err), 0); /* no listing: no source */
	assert_int_equal(set.count, 0);
	content_forget(s, g->packs[0].sha256);
	assert_int_equal(load(s, &g, 1, 0, 0, &set, &err), -1);
	assert_int_equal(err.id, ERROR_CONTENT_ABSENT);
}

static void one_document_comes_once(void **state)
{
	CLEANUP(store_close) struct store *s = repository_open(*state, true);
	struct listing_source source = source_of("a");
	CLEANUP(gather_free) struct gather *g = gather_new(&source);
	struct listing_entry e = { .stream = 'u', .revision = 7 };
	struct error err = ERROR_INIT;
	CLEANUP(gather_build_free) struct gather_build *b = gather_build_new(g, s, 1, &err);

	assert_int_equal(gather_build_add(b, &e, "x", 1, &err), 0);
	assert_int_equal(gather_build_add(b, &e, "y", 1, &err), 0);
	assert_int_equal(gather_build_finish(b, &err), -1);
	assert_error(err, ERROR_GATHER_DUPLICATE, "u//7");
}

static void the_first_of_two_fragments_counts(void **state)
{
	static const struct listing_entry entries[] = {
		{ .stream = 'x', .revision = 8 },
		{ .stream = 'c', .revision = 7 },
		{ .stream = 'c', .revision = 7 },
		{ .stream = 'l', .revision = 7, .key = "en" },
		{ .stream = 'l', .revision = 7, .key = "de" },
		{ .stream = 'c', .revision = 7 },
	};
	CLEANUP(store_close) struct store *s = repository_open(*state, true);
	struct listing_source source = source_of("a");
	CLEANUP(gather_free) struct gather *g = gather_new(&source);
	struct error err = ERROR_INIT;
	CLEANUP(gather_build_free) struct gather_build *b = gather_build_new(g, s, 1, &err);
	unsigned char first[32];

	for (size_t i = 0; i < sizeof entries / sizeof *entries; i++) {
		struct listing_entry e = entries[i];
		char text[] = { (char)('p' + i) };

		assert_int_equal(gather_build_add(b, &e, text, sizeof text, &err), 0);
	}
	digest_sha256("q", 1, first);
	assert_int_equal(gather_build_finish(b, &err), 0);
	assert_int_equal(g->entry_count, 4);
	assert_memory_equal(g->entries[0].sha256, first, sizeof first);
	for (size_t i = 0; i < g->entry_count; i++)
		assert_int_equal(g->entries[i].offset, 0);
}

static void replace(struct store *s, const struct gather *g)
{
	struct error err = ERROR_INIT;
	CLEANUP(db_scope_end) struct db_scope scope = { store_db(s) };

	assert_int_equal(db_begin(store_db(s), &err), 0);
	if (rows_replace(s, g, true, &err) < 0 || db_commit(store_db(s), &err) < 0)
		fail_msg("%s", err.message);
}

static void assert_root(struct store *s, struct gather **sources, size_t count)
{
	unsigned char rows[32], gathered[32];
	struct error err = ERROR_INIT;

	assert_int_equal(rows_root(s, rows, &err), 0);
	gather_root(sources, count, gathered);
	assert_memory_equal(rows, gathered, 32);
}

static int count_file(void *ctx, const struct rows_file *f, struct error *err)
{
	unsigned *count = ctx;

	(void)err;
	assert_true(f->content_expected);
	assert_int_equal(f->object->id, 0);
	(*count)++;
	return 0;
}

static int count_object(void *ctx, const struct stored_object *o, struct error *err)
{
	unsigned *kinds = ctx;

	(void)err;
	kinds[o->kind]++;
	return 0;
}

static void rows_have_the_root_of_what_they_store(void **state)
{
	CLEANUP(store_close) struct store *s = repository_open(*state, true);
	struct error err = ERROR_INIT;
	unsigned files = 0, kinds[OBJECT_KINDS] = { 0 };
	uint64_t usable = 0;

	struct gather *none[1];

	assert_root(s, none, 0);
	CLEANUP(gather_free) struct gather *b = build(s, "b", 1, COUNT(documents));
	CLEANUP(gather_free) struct gather *a = build(s, "a", 1, 5);
	CLEANUP(gather_free) struct gather *next = build(s, "b", 1, COUNT(documents) - 1);
	replace(s, b);
	assert_root(s, &b, 1);
	replace(s, a);
	struct gather *both[] = { b, a };
	assert_root(s, both, 2);
	replace(s, b); /* again: the same */
	assert_root(s, both, 2);
	replace(s, next); /* of the same series: instead of b */
	struct gather *now[] = { a, next };
	assert_root(s, now, 2);
	assert_int_equal(rows_each_object(s, count_object, kinds, &err), 0);
	assert_true(kinds[OBJECT_CATALOG] == 2 && kinds[OBJECT_PACK] == 2 &&
		    kinds[OBJECT_CABINET] == 2);
	assert_int_equal(rows_each_file(s, NULL, count_file, &files, &err), 0);
	assert_int_equal(files, 1);

	struct rows_source source = { 0 };
	assert_int_equal(rows_next_source(s, &source, &err), 1);
	assert_string_equal(source.source.series, "a");
	assert_int_equal(rows_next_source(s, &source, &err), 1);
	assert_string_equal(source.source.series, "b");
	assert_true(source.content_expected);
	assert_int_equal(rows_count_usable(s, source.id, &usable, &err), 0);
	assert_int_equal(usable, 2);
	assert_int_equal(rows_next_source(s, &source, &err), 0);

	assert_int_equal(rows_withdraw_others(s, &next, 1, &err), 0);
	assert_root(s, &next, 1);
	assert_int_equal(rows_withdraw_others(s, NULL, 0, &err), 0);
	assert_root(s, none, 0);
	files = 0;
	assert_int_equal(rows_each_file(s, NULL, count_file, &files, &err), 0);
	assert_int_equal(files, 0);
}

/* Nothing of a transaction that did not commit is left. */
static void a_replacement_can_be_abandoned(void **state)
{
	CLEANUP(store_close) struct store *s = repository_open(*state, true);
	struct error err = ERROR_INIT;
	CLEANUP(gather_free) struct gather *a = build(s, "a", 1, COUNT(documents));
	CLEANUP(gather_free) struct gather *b = build(s, "b", 1, 5);

	replace(s, a);
	{
		CLEANUP(db_scope_end) struct db_scope scope = { store_db(s) };

		assert_int_equal(db_begin(store_db(s), &err), 0);
		assert_int_equal(rows_replace(s, b, false, &err), 0);
		assert_int_equal(rows_withdraw_others(s, &b, 1, &err), 0);
	}
	assert_root(s, &a, 1);
}

static void fragments_of_live_packs_are_not_packed_again(void **state)
{
	CLEANUP(store_close) struct store *s = repository_open(*state, true);
	struct error err = ERROR_INIT;
	CLEANUP(gather_free) struct gather *first = build(s, "a", 1, 4);

	assert_true(first->packs[0].is_new);
	replace(s, first);
	CLEANUP(gather_free) struct gather *more = build(s, "a", 1, 5);
	assert_int_equal(more->pack_count, 2);
	assert_true(more->packs[0].is_new);
	assert_false(more->packs[1].is_new);
	assert_memory_equal(more->packs[1].sha256, first->packs[0].sha256, 32);
	replace(s, more);
	assert_root(s, (struct gather *[]){ more }, 1);
	CLEANUP(gather_free) struct gather *same = build(s, "a", 1, 5);
	assert_int_equal(same->pack_count, 2);
	assert_false(same->packs[0].is_new || same->packs[1].is_new);

	/* A pack that is gone does not count, and neither does one that hardly anybody uses. */
	content_forget(s, first->packs[0].sha256);
	CLEANUP(gather_free) struct gather *again = build(s, "a", 1, 4);
	assert_int_equal(again->pack_count, 1);
	assert_true(again->packs[0].is_new);
	assert_int_equal(db_run(store_db(s), "DELETE FROM document WHERE stream<>104", &err), 0);
	CLEANUP(gather_free) struct gather *drained = build(s, "a", 1, 4);
	assert_int_equal(drained->pack_count, 1);
	assert_memory_equal(drained->packs[0].sha256, again->packs[0].sha256, 32);
}

/* ---- a worker that was taken over ---- */

enum { ANSWERS = 8 };

/* Between the test and its workers: what to change, and what answers there are. */
struct lie {
	enum unpack_set set; /* who lies */
	unsigned answer;
	size_t at;
	unsigned char change;
	size_t lens[UNPACK_SETS][ANSWERS];
	/* What documents do: one takes over, and lets the worker lie about another one. */
	bool dies;     /* it ends there instead, in that set */
	unsigned told; /* lies */
};
static struct lie *lie;

static void share_lie(void)
{
	lie = mmap(NULL, sizeof *lie, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(lie, MAP_FAILED);
}

/* Listings are a matter of the first set: it is asked for one before any pack. */
static enum unpack_set set_of(const struct buf *first)
{
	struct unpack_ask ask;

	memcpy(&ask, first->bytes, sizeof ask);
	return ask.verb == UNPACK_TEXT ? UNPACK_FORWARDS : UNPACK_BACKWARDS;
}

/* It answers the truth, but for one byte: of listings, of digests and places, of records. */
static int lies(void *ctx, int fd)
{
	CLEANUP(unpack_worker_free) struct unpack_worker *w = unpack_worker_new();
	enum unpack_set set = UNPACK_SETS;
	struct error err = ERROR_INIT;

	(void)ctx;
	for (unsigned i = 0;; i++) {
		CLEANUP(buf_clear) struct buf request = BUF_INIT(1 << 20), out = BUF_INIT(1 << 20);

		if (sandbox_receive(fd, &request, &err) <= 0)
			return 0;
		if (unpack_worker_answer(w, request.bytes, request.len, &out, &err) < 0)
			return 1;
		if (i == 0)
			set = set_of(&request);
		if (i < ANSWERS)
			lie->lens[set][i] = out.len;
		if (set == lie->set && i == lie->answer && lie->at < out.len)
			out.bytes[lie->at] ^= lie->change;
		if (sandbox_send(fd, out.bytes, out.len, &err) < 0)
			return 1;
	}
}

static int count_any(void *ctx, const struct stored_object *o, struct error *err)
{
	(void)o, (void)err;
	++*(unsigned *)ctx;
	return 0;
}

enum outcome { REFUSED, OTHER_ROOT, SAME_ROOT, OUTCOMES };

/* What an import does with it: load, replace the rows, compare the root, commit or not. */
static enum outcome import_lie(struct store *s, int (*worker)(void *ctx, int fd), struct gather *g,
			       const unsigned char root[32], struct error *err)
{
	CLEANUP(gather_set_clear) struct gather_set set = { 0 };
	CLEANUP(db_scope_end) struct db_scope scope = { store_db(s) };
	unsigned char rows[32], gathered[32];

	if (load_by(worker, s, &g, 1, 0, 0, &set, err) < 0)
		return REFUSED;
	assert_int_equal(db_begin(store_db(s), err), 0);
	for (size_t i = 0; i < set.count; i++)
		if (rows_replace(s, set.items[i], true, err) < 0)
			return REFUSED;
	if (rows_withdraw_others(s, set.items, set.count, err) < 0)
		return REFUSED;
	assert_int_equal(rows_root(s, rows, err), 0);
	gather_root(set.items, set.count, gathered);
	assert_memory_equal(rows, gathered, 32);
	return memcmp(rows, root, 32) == 0 ? SAME_ROOT : OTHER_ROOT;
}

/* Nothing was committed: the repository is what it was. */
static void assert_untouched(struct store *s, const unsigned char root[32], unsigned objects)
{
	unsigned char now[32];
	struct error err = ERROR_INIT;
	unsigned after = 0;

	assert_int_equal(rows_root(s, now, &err), 0);
	assert_memory_equal(now, root, 32);
	assert_int_equal(rows_each_object(s, count_any, &after, &err), 0);
	assert_int_equal(after, objects);
}

/* Of the bytes that are changed; with sanitizers a process costs ten times as much. */
#ifdef __SANITIZE_ADDRESS__
enum { STRIDE = 131 };
#else
enum { STRIDE = 17 };
#endif

/* Every so manieth byte that this set answers, in two ways: no lie about a pack is believed. */
static void change_all(struct store *s, struct gather *g, enum unpack_set set,
		       unsigned outcomes[OUTCOMES])
{
	static const unsigned char changes[] = { 1, 0x80 };
	struct error err = ERROR_INIT;
	unsigned char root[32];
	unsigned objects = 0;

	assert_int_equal(rows_root(s, root, &err), 0);
	assert_int_equal(rows_each_object(s, count_any, &objects, &err), 0);
	lie->set = UNPACK_SETS; /* once the truth */
	assert_int_equal(import_lie(s, lies, g, root, &err), SAME_ROOT);
	lie->set = set;
	for (lie->answer = 0; lie->answer < ANSWERS; lie->answer++)
		for (lie->at = 0; lie->at < lie->lens[set][lie->answer]; lie->at += STRIDE)
			for (size_t i = 0; i < COUNT(changes); i++) {
				lie->change = changes[i];
				error_clear(&err);
				enum outcome o = import_lie(s, lies, g, root, &err);
				/* Of listings the first set alone answers, and first. */
				if (set == UNPACK_BACKWARDS || lie->answer > 0)
					assert_int_equal(o, REFUSED);
				outcomes[o]++;
				assert_untouched(s, root, objects);
			}
}

static void a_lie_of_one_set_is_not_published(void **state)
{
	CLEANUP(store_close) struct store *s = repository_open(*state, true);
	CLEANUP(gather_free) struct gather *g = build(s, "a", 1, COUNT(documents));
	unsigned outcomes[OUTCOMES] = { 0 };
	struct error err = ERROR_INIT;

	share_lie();
	replace(s, g);
	change_all(s, g, UNPACK_FORWARDS, outcomes);
	change_all(s, g, UNPACK_BACKWARDS, outcomes);
	assert_true(outcomes[REFUSED] > 0 && outcomes[OTHER_ROOT] > 0);
	for (size_t i = 0; i < g->pack_count; i++)
		assert_int_equal(content_check(s, g->packs[i].sha256, g->packs[i].size, &err), 1);
	munmap(lie, sizeof *lie);
}

/* ---- documents that take over who parses them ---- */

enum { TITLES = 100 };

static void *find(const struct buf *b, size_t from, const char *word)
{
	return from < b->len ? memmem(b->bytes + from, b->len - from, word, strlen(word)) : NULL;
}

/* Parse one item; its record goes behind what was said. */
static void parse_one(struct unpack_worker *w, const struct buf *request, uint32_t i,
		      struct buf *said)
{
	CLEANUP(buf_clear) struct buf one = BUF_INIT(1 << 20), out = BUF_INIT(1 << 20);
	struct error err = ERROR_INIT;
	struct unpack_ask ask;
	const unsigned char *items = request->bytes + sizeof ask;

	memcpy(&ask, request->bytes, sizeof ask);
	ask.items = 1;
	if (buf_append(&one, &ask, sizeof ask, &err) < 0 ||
	    buf_append(&one, items + i * sizeof(struct unpack_item), sizeof(struct unpack_item),
		       &err) < 0 ||
	    unpack_worker_answer(w, one.bytes, one.len, &out, &err) < 0 ||
	    buf_append(said, out.bytes + 1, out.len - 1, &err) < 0)
		_exit(1);
}

/*
 * Parse as unpack_worker_run() does, and from a document "evil" on whatever is not sent yet and
 * speaks of "victim" speaks of "VICTIM".
 */
static int parse_until_taken(struct unpack_worker *w, const struct buf *request,
			     enum unpack_set set, bool *taken, struct buf *said)
{
	struct unpack_ask ask;
	size_t sent = said->len;

	memcpy(&ask, request->bytes, sizeof ask);
	for (uint32_t i = 0; i < ask.items; i++) {
		char *victim;

		parse_one(w, request, i, said);
		*taken = *taken || find(said, sent, "evil");
		if (*taken && lie->dies && set == lie->set)
			return -1;
		while (*taken && !lie->dies && (victim = find(said, sent, "victim"))) {
			memcpy(victim, "VICTIM", 6);
			lie->told++;
		}
		if (i % UNPACK_AT_ONCE == UNPACK_AT_ONCE - 1)
			sent = said->len;
	}
	return 0;
}

static int taken_over(void *ctx, int fd)
{
	CLEANUP(unpack_worker_free) struct unpack_worker *w = unpack_worker_new();
	enum unpack_set set = UNPACK_SETS;
	struct error err = ERROR_INIT;
	bool taken = false;

	(void)ctx;
	for (;;) {
		CLEANUP(buf_clear) struct buf request = BUF_INIT(1 << 20), out = BUF_INIT(1 << 20);
		struct unpack_ask ask;

		if (sandbox_receive(fd, &request, &err) <= 0)
			return 0;
		if (set == UNPACK_SETS)
			set = set_of(&request);
		memcpy(&ask, request.bytes, sizeof ask);
		if (ask.verb != UNPACK_PARSE) {
			if (unpack_worker_answer(w, request.bytes, request.len, &out, &err) < 0)
				return 1;
		} else if (buf_append(&out, "", 1, &err) < 0 ||
			   parse_until_taken(w, &request, set, &taken, &out) < 0) {
			return 1;
		}
		if (sandbox_send(fd, out.bytes, out.len, &err) < 0)
			return 1;
	}
}

/* A pack of titles, none of which another pack has: these at their places, -1 for none. */
static struct gather *build_titles(struct store *s, int victim, int evil, int evil_too)
{
	static char texts[TITLES][100], keys[TITLES][16];
	static int packs;
	struct document all[TITLES + 2] = { documents[0], documents[2] };

	for (int i = 0; i < TITLES; i++) {
		const char *word = i == victim                  ? "victim"
				   : i == evil || i == evil_too ? "evil"
								: "plain";

		snprintf(keys[i], sizeof keys[i], "l%02d", i);
		snprintf(texts[i], sizeof texts[i], TITLE("%s %d %d"), word, packs, i);
		all[i + 2] = (struct document){ 'l', 10, keys[i], texts[i] };
	}
	packs++;
	return build_of(s, "a", 1, all, TITLES + 2);
}

static enum outcome import_titles(struct store *s, int victim, int evil, int evil_too,
				  struct error *err)
{
	CLEANUP(gather_free) struct gather *g = build_titles(s, victim, evil, evil_too);
	unsigned objects = 0;
	unsigned char root[32];

	replace(s, g);
	assert_int_equal(rows_root(s, root, err), 0);
	assert_int_equal(rows_each_object(s, count_any, &objects, err), 0);
	lie->told = 0;
	enum outcome o = import_lie(s, taken_over, g, root, err);
	assert_untouched(s, root, objects);
	return o;
}

static void a_document_does_not_speak_for_others(void **state)
{
	static const struct {
		int victim, evil;
	} plots[] = { { 60, 20 }, { 20, 60 }, { TITLES - 1, 0 }, { 0, TITLES - 1 }, { 40, 23 } };
	CLEANUP(store_close) struct store *s = repository_open(*state, true);

	share_lie();
	for (size_t i = 0; i < COUNT(plots); i++) {
		struct error err = ERROR_INIT;

		assert_int_equal(import_titles(s, plots[i].victim, plots[i].evil, -1, &err),
				 REFUSED);
		assert_error(err, ERROR_GATHER_DISAGREE, "pack ");
		assert_int_equal(lie->told, 1); /* by one of the sets */
	}
	munmap(lie, sizeof *lie);
}

/* What two sets do not see, and docs/SECURITY.md says. */
static void documents_on_both_sides_speak_for_what_is_between(void **state)
{
	CLEANUP(store_close) struct store *s = repository_open(*state, true);
	struct error err = ERROR_INIT;

	share_lie();
	assert_int_equal(import_titles(s, 50, 10, 90, &err), SAME_ROOT);
	assert_int_equal(lie->told, 2);
	/* Sent together with it by both sets. */
	assert_int_equal(import_titles(s, 50, 51, -1, &err), SAME_ROOT);
	assert_int_equal(lie->told, 2);
	munmap(lie, sizeof *lie);
}

static void who_dies_in_either_set_is_named(void **state)
{
	CLEANUP(store_close) struct store *s = repository_open(*state, true);

	share_lie();
	lie->dies = true;
	for (lie->set = UNPACK_FORWARDS; lie->set < UNPACK_SETS; lie->set++) {
		struct error err = ERROR_INIT;

		assert_int_equal(import_titles(s, 20, 60, -1, &err), REFUSED);
		assert_error(err, ERROR_SANDBOX_CRASHED, "no answer");
	}
	munmap(lie, sizeof *lie);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
		TEST(both_sides_see_the_same),
		TEST(threads_make_no_difference),
		TEST(incomplete_sources_are_refused),
		TEST(one_document_comes_once),
		TEST(the_first_of_two_fragments_counts),
		TEST(rows_have_the_root_of_what_they_store),
		TEST(a_replacement_can_be_abandoned),
		TEST(a_lie_of_one_set_is_not_published),
		TEST(a_document_does_not_speak_for_others),
		TEST(documents_on_both_sides_speak_for_what_is_between),
		TEST(who_dies_in_either_set_is_named),
		TEST(fragments_of_live_packs_are_not_packed_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
