#include "lib/store/gather_load.h"

#include "lib/base/arena.h"
#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/limits.h"
#include "lib/base/pool.h"
#include "lib/base/str.h"
#include "lib/catalog/catalog.h"
#include "lib/catalog/catalog_record.h"
#include "lib/crypto/digest.h"
#include "lib/pack/listing.h"
#include "lib/store/gather.h"
#include "lib/unpack/unpack.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { QUEUE_PER_THREAD = 3, PREFIXES = 1 << 16 };

/* One document waiting for its fragment. */
struct wanted {
	uint32_t source, entry;
};

struct load {
	const struct gather_load_request *request;
	struct gather_set *set;
	struct wanted *wanted; /* sorted by digest */
	size_t wanted_count;
	size_t *starts; /* for each value of the first two bytes and one more: where these begin */
	bool *found;    /* by position in wanted */
	struct arena arena; /* of the record that is being used */
	/* By pack: the digest of what each set of workers said of it. */
	unsigned char (*said)[UNPACK_SETS][DIGEST_SHA256];
	_Atomic size_t again;  /* how many packs the second set has begun */
	_Atomic bool hopeless; /* it need not go on */
};

/* A pack on its way through a worker. */
struct job {
	const struct load *load; /* what is wanted does not change any more */
	const unsigned char *sha256;
	size_t index; /* of the pack in the request */
	struct unpack_pack pack;
	uint64_t stored;
};

static void job_free(struct job *j)
{
	if (!j)
		return;
	unpack_pack_clear(&j->pack);
	free(j);
}
DEFINE_CLEANUP(struct job *, job_free);

void gather_set_clear(struct gather_set *s)
{
	for (size_t i = 0; i < s->count; i++)
		gather_free(s->items[i]);
	free(s->items);
	*s = (struct gather_set){ 0 };
}

static void load_clear(struct load *l)
{
	free(l->wanted);
	free(l->starts);
	free(l->found);
	free(l->said);
	arena_clear(&l->arena);
}
DEFINE_CLEANUP_IN_PLACE(struct load, load_clear);

/* ---- listings ---- */

static struct gather *gather_of(struct gather_set *set, const struct listing_source *source,
				size_t *capacity, struct error *err)
{
	for (size_t i = 0; i < set->count; i++) {
		const struct listing_source *known = &set->items[i]->source;

		if (gather_compare_sources(known, source) != 0)
			continue;
		if (memcmp(known->cabinet, source->cabinet, sizeof known->cabinet) == 0)
			return set->items[i];
		error_set(err, ERROR_GATHER_INCOMPLETE, "source %s %s: two cabinets in one bundle",
			  source->kind, source->series);
		return NULL;
	}
	set->items = buf_grow(set->items, capacity, set->count, sizeof *set->items);
	set->items[set->count] = gather_new(source);
	return set->items[set->count++];
}

static int load_listing(struct load *l, const unsigned char sha256[32], size_t *capacity,
			struct error *err)
{
	CLEANUP(free) unsigned char *packed = NULL, *text = NULL;
	CLEANUP(listing_clear) struct listing listing = { 0 };
	char label[DIGEST_HEX];
	size_t packed_len, len;

	str_to_hex(sha256, DIGEST_SHA256, label);
	if (l->request->fetch(l->request->ctx, sha256, &packed, &packed_len, err) < 0 ||
	    unpack_text(l->request->unpack, packed, packed_len, LIMIT_LISTING_BYTES, label, &text,
			&len, err) < 0 ||
	    listing_parse(text, len, label, &listing, err) < 0)
		return -1;
	struct gather *g = gather_of(l->set, &listing.source, capacity, err);
	if (!g)
		return -1;
	g->listings =
		buf_grow(g->listings, &g->listing_capacity, g->listing_count, sizeof *g->listings);
	struct gather_blob *blob = &g->listings[g->listing_count++];
	memcpy(blob->sha256, sha256, sizeof blob->sha256);
	blob->size = packed_len;
	blob->part = listing.part;
	if (g->listing_count == 1)
		g->parts = listing.parts;
	for (size_t i = 0; i < listing.count; i++)
		gather_add_entry(g, &listing.entries[i]);
	return 0;
}

/* Parts are disjoint ranges of documents (gather_finish() checks), so counting them is enough. */
static int check_parts(const struct load *l, struct error *err)
{
	for (size_t i = 0; i < l->set->count; i++) {
		const struct gather *g = l->set->items[i];

		if (g->listing_count != g->parts)
			return error_set(err, ERROR_GATHER_INCOMPLETE,
					 "source %s: %zu of %u parts of its listing are there",
					 g->source.name, g->listing_count, g->parts);
	}
	return 0;
}

static int load_listings(struct load *l, struct error *err)
{
	size_t count = l->request->listing_count, capacity = 0;

	if (count > LIMIT_LISTINGS)
		return error_set(err, ERROR_LISTING_FORMAT, "%zu catalog listings, at most %u",
				 count, LIMIT_LISTINGS);
	for (size_t i = 0; i < count; i++)
		if (load_listing(l, l->request->listings[i], &capacity, err) < 0)
			return -1;
	return check_parts(l, err);
}

/* ---- which document waits for which digest ---- */

static const struct listing_entry *entry_of(const struct load *l, const struct wanted *w)
{
	return &l->set->items[w->source]->entries[w->entry];
}

static int compare_wanted(const void *a, const void *b, void *arg)
{
	const struct load *l = arg;
	const struct wanted *x = a, *y = b;
	int order = memcmp(entry_of(l, x)->sha256, entry_of(l, y)->sha256, 32);

	if (order)
		return order;
	if (x->source != y->source)
		return x->source < y->source ? -1 : 1;
	return x->entry < y->entry ? -1 : x->entry > y->entry;
}

static size_t prefix_of(const unsigned char sha256[32])
{
	return (size_t)sha256[0] << 8 | sha256[1];
}

static void index_wanted(struct load *l)
{
	size_t total = 0;

	for (size_t i = 0; i < l->set->count; i++)
		total += l->set->items[i]->entry_count;
	l->wanted = buf_calloc(total, sizeof *l->wanted);
	l->found = buf_calloc(total, sizeof *l->found);
	for (size_t i = 0; i < l->set->count; i++)
		for (size_t k = 0; k < l->set->items[i]->entry_count; k++)
			l->wanted[l->wanted_count++] = (struct wanted){ (uint32_t)i, (uint32_t)k };
	if (total > 0)
		qsort_r(l->wanted, total, sizeof *l->wanted, compare_wanted, l);
	l->starts = buf_calloc(PREFIXES + 1, sizeof *l->starts);
	for (size_t i = 0; i < total; i++)
		l->starts[prefix_of(entry_of(l, &l->wanted[i])->sha256) + 1] = i + 1;
	for (size_t i = 1; i <= PREFIXES; i++)
		if (l->starts[i] == 0)
			l->starts[i] = l->starts[i - 1];
}

/* The first document that wants this digest or one behind it, or wanted_count. */
static size_t first_wanted(const struct load *l, const unsigned char sha256[32])
{
	size_t low = l->starts[prefix_of(sha256)], high = l->starts[prefix_of(sha256) + 1];

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (memcmp(entry_of(l, &l->wanted[middle])->sha256, sha256, 32) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* ---- one document ---- */

/*
 * As what a worker parses it (lib/unpack/unpack.h): the stream, in capitals what an export
 * package of WSUS has under the same letter.
 */
static char form_of(const struct load *l, const struct wanted *w)
{
	char stream = entry_of(l, w)->stream;

	return gather_is_full(l->set->items[w->source]) ? (char)(stream - 'a' + 'A') : stream;
}

static int feed(struct load *l, const struct wanted *w, const struct unpack_record *record,
		struct error *err)
{
	const struct listing_entry *e = entry_of(l, w);
	enum catalog_record_kind kind;
	union catalog_piece piece;

	arena_reset(&l->arena);
	if (!record)
		return error_set(err, ERROR_SANDBOX_RECORD, "document %c/%u was not parsed",
				 e->stream, e->revision);
	if (catalog_record_read(record->bytes, record->len, &l->arena, &kind, &piece, err) < 0)
		return error_wrap(err, "document %c/%u", e->stream, e->revision);
	return gather_take(l->set->items[w->source], e, kind, &piece, err);
}

/* ---- packs ---- */

/* As what the documents that wait for this fragment are to be parsed. */
static void find_streams(void *ctx, const unsigned char sha256[32], char out[UNPACK_STREAMS + 1])
{
	const struct load *l = ctx;
	size_t count = 0;

	out[0] = '\0';
	for (size_t w = first_wanted(l, sha256); w < l->wanted_count; w++) {
		char form = form_of(l, &l->wanted[w]);

		if (memcmp(entry_of(l, &l->wanted[w])->sha256, sha256, 32) != 0)
			return;
		if (strchr(out, form) || count == UNPACK_STREAMS)
			continue;
		out[count++] = form;
		out[count] = '\0';
	}
}

static int parse_pack(struct job *j, enum unpack_set set, struct error *err)
{
	const struct gather_load_request *request = j->load->request;
	CLEANUP(free) unsigned char *bytes = NULL;
	char label[DIGEST_HEX];
	size_t len;

	str_to_hex(j->sha256, DIGEST_SHA256, label);
	if (request->fetch(request->ctx, j->sha256, &bytes, &len, err) < 0)
		return -1;
	j->stored = len;
	struct unpack_request ask = { bytes, len, label, find_streams, (void *)(uintptr_t)j->load,
				      set };
	if (unpack_pack(request->unpack, &ask, &j->pack, err) < 0)
		return -1;
	unpack_digest(&j->pack, j->load->said[j->index][set]);
	return 0;
}

static int run_job(void *arg, struct error *err)
{
	return parse_pack(arg, UNPACK_FORWARDS, err);
}

static struct job *job_new(const struct load *l, size_t index)
{
	struct job *j = buf_calloc(1, sizeof *j);

	j->load = l;
	j->index = index;
	j->sha256 = l->request->packs[index];
	return j;
}

/* Packs from the last to the first by the second set, of which only digests are kept. */
static int run_again(void *arg, struct error *err)
{
	struct load *l = arg;

	while (!l->hopeless) {
		size_t begun = l->again++;

		if (begun >= l->request->pack_count)
			return 0;
		CLEANUP(job_free) struct job *j = job_new(l, l->request->pack_count - 1 - begun);
		if (parse_pack(j, UNPACK_BACKWARDS, err) < 0) {
			l->hopeless = true;
			return -1;
		}
	}
	return 0;
}

/* The gather's own number of a pack, made when the first fragment of it is used there. */
static uint32_t pack_index(struct gather *g, const struct job *j)
{
	if (g->pack_count > 0 && memcmp(g->packs[g->pack_count - 1].sha256, j->sha256, 32) == 0)
		return (uint32_t)g->pack_count - 1;
	g->packs = buf_grow(g->packs, &g->pack_capacity, g->pack_count, sizeof *g->packs);
	memcpy(g->packs[g->pack_count].sha256, j->sha256, 32);
	g->packs[g->pack_count].size = j->stored;
	return (uint32_t)g->pack_count++;
}

static void add_fragment(struct gather *g, const struct job *j, const struct pack_entry *p)
{
	g->fragments = buf_grow(g->fragments, &g->fragment_capacity, g->fragment_count,
				sizeof *g->fragments);
	struct gather_fragment *f = &g->fragments[g->fragment_count++];
	*f = (struct gather_fragment){ .pack = pack_index(g, j),
				       .offset = p->offset,
				       .size = p->size };
	memcpy(f->sha256, p->sha256, sizeof f->sha256);
}

/* Give every fragment of a pack to the documents that wait for it. */
static int use_pack(struct load *l, const struct job *j, struct error *err)
{
	for (size_t i = 0; i < j->pack.count; i++) {
		const struct pack_entry *p = &j->pack.entries[i];
		uint32_t last_source = UINT32_MAX;

		for (size_t w = first_wanted(l, p->sha256); w < l->wanted_count; w++) {
			const struct wanted *want = &l->wanted[w];

			if (memcmp(entry_of(l, want)->sha256, p->sha256, 32) != 0)
				break;
			if (l->found[w])
				break; /* a second pack holds the same fragment */
			l->found[w] = true;
			if (want->source != last_source)
				add_fragment(l->set->items[want->source], j, p);
			last_source = want->source;
			if (feed(l, want, unpack_find(&j->pack, i, form_of(l, want)), err) < 0)
				return -1;
		}
	}
	if (l->request->done)
		*l->request->done += j->pack.len;
	if (l->request->tick && l->request->tick(l->request->tick_ctx))
		return error_set(err, ERROR_STOPPED, "stopped on request");
	return 0;
}

static int reap_pack(struct load *l, struct pool *pool, struct error *err)
{
	void *arg = NULL;
	int got = pool_reap(pool, &arg, err);
	CLEANUP(job_free) struct job *j = arg;

	return got < 0 ? -1 : use_pack(l, j, err);
}

static void drain(struct pool *pool)
{
	while (pool_pending(pool) > 0) {
		struct error ignored = ERROR_INIT; /* an earlier failure is being reported */
		void *arg = NULL;

		if (pool_reap(pool, &arg, &ignored) != 0)
			job_free(arg);
	}
}

static int use_packs(struct load *l, struct error *err)
{
	const struct gather_load_request *r = l->request;
	unsigned threads = unpack_workers(r->unpack);
	CLEANUP(pool_free) struct pool *pool = pool_new(threads, run_job, err);
	int failed = 0;

	if (!pool)
		return -1;
	for (size_t i = 0; i < r->pack_count && !failed; i++) {
		pool_submit(pool, job_new(l, i));
		if (pool_pending(pool) > (size_t)threads * QUEUE_PER_THREAD)
			failed = reap_pack(l, pool, err);
	}
	while (!failed && pool_pending(pool) > 0)
		failed = reap_pack(l, pool, err);
	drain(pool);
	return failed;
}

static int compare_said(const struct load *l, struct error *err)
{
	char label[DIGEST_HEX];

	for (size_t i = 0; i < l->request->pack_count; i++) {
		if (memcmp(l->said[i][UNPACK_FORWARDS], l->said[i][UNPACK_BACKWARDS],
			   DIGEST_SHA256) == 0)
			continue;
		str_to_hex(l->request->packs[i], DIGEST_SHA256, label);
		return error_set(err, ERROR_GATHER_DISAGREE,
				 "pack %s: parsed from both ends, it says two things", label);
	}
	return 0;
}

/* By both sets at the same time. */
static int load_packs(struct load *l, struct error *err)
{
	unsigned threads = unpack_workers(l->request->unpack);
	CLEANUP(pool_free) struct pool *second = pool_new(threads, run_again, err);

	if (!second)
		return -1;
	l->said = buf_calloc(l->request->pack_count + 1, sizeof *l->said);
	for (unsigned i = 0; i < threads; i++)
		pool_submit(second, l);
	int failed = use_packs(l, err);
	if (failed)
		l->hopeless = true;
	while (pool_pending(second) > 0) {
		struct error problem = ERROR_INIT;
		void *same = NULL;

		if (pool_reap(second, &same, &problem) < 0 && !failed) {
			*err = problem;
			failed = -1;
		}
	}
	return failed ? -1 : compare_said(l, err);
}

static int check_complete(const struct load *l, struct error *err)
{
	for (size_t i = 0; i < l->wanted_count; i++) {
		const struct listing_entry *e = entry_of(l, &l->wanted[i]);

		if (!l->found[i])
			return error_set(err, ERROR_GATHER_INCOMPLETE,
					 "the fragment of document %c/%u %s is in no pack",
					 e->stream, e->revision, e->key);
	}
	return 0;
}

int gather_load(const struct gather_load_request *request, struct gather_set *out,
		struct error *err)
{
	CLEANUP(gather_set_clear) struct gather_set set = { 0 };
	CLEANUP(load_clear) struct load l = { .request = request, .set = &set };

	if (load_listings(&l, err) < 0)
		return -1;
	index_wanted(&l);
	if (load_packs(&l, err) < 0 || check_complete(&l, err) < 0)
		return -1;
	for (size_t i = 0; i < set.count; i++)
		if (gather_finish(set.items[i], err) < 0)
			return -1;
	load_clear(&l);
	l = (struct load){ .set = &set };
	*out = set;
	set = (struct gather_set){ 0 };
	return 0;
}
