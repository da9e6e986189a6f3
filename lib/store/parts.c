#include "lib/store/parts.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/limits.h"
#include "lib/store/db.h"
#include "lib/store/relation.h"
#include "lib/store/store.h"

#include <stdlib.h>
#include <string.h>

/* One part: the bundle that has it, by the revision numbers of its source. */
struct part {
	int64_t bundle;
	struct query_cursor update;
};

struct parts {
	struct part *items; /* by source, then bundle */
	size_t count, capacity;
};

void parts_free(struct parts *p)
{
	if (!p)
		return;
	free(p->items);
	free(p);
}

struct reading {
	struct parts *parts;
	struct query_cursor update;
};

static void note_bundle(void *ctx, uint32_t revision)
{
	struct reading *r = ctx;
	struct parts *p = r->parts;

	p->items = buf_grow(p->items, &p->capacity, p->count, sizeof *p->items);
	p->items[p->count++] = (struct part){ revision, r->update };
}

static int compare(const void *left, const void *right)
{
	const struct part *a = left, *b = right;

	if (a->update.source_id != b->update.source_id)
		return a->update.source_id < b->update.source_id ? -1 : 1;
	if (a->bundle != b->bundle)
		return a->bundle < b->bundle ? -1 : 1;
	return a->update.source_revision < b->update.source_revision
		       ? -1
		       : a->update.source_revision > b->update.source_revision;
}

struct parts *parts_load(struct store *s, struct error *err)
{
	CLEANUP(parts_free) struct parts *p = buf_calloc(1, sizeof *p);
	CLEANUP(db_finalize)
	struct db_statement *q = db_prepare(
		store_db(s),
		"SELECT revision_id, source_id, source_revision, relations FROM update_info", err);
	struct reading r = { .parts = p };
	const struct relation_visitor visitor = { .bundled_by = note_bundle, .ctx = &r };
	int row = -1;

	while (q && (row = db_step(q, err)) == 1) {
		size_t len;
		const void *bytes = db_blob(q, 3, &len);

		r.update = (struct query_cursor){ db_int(q, 0), db_int(q, 1), db_int(q, 2) };
		if (bytes && relation_read(bytes, len, &visitor, err) < 0)
			return NULL;
	}
	if (row < 0)
		return NULL;
	if (p->count > 1)
		qsort(p->items, p->count, sizeof *p->items, compare);
	return STEAL(p);
}

/* ---- missing files ---- */

struct search {
	const struct parts *parts;
	struct query_cursor *todo; /* updates to look at; those before `done` were */
	size_t done, count, capacity;
	unsigned char (*seen)[20];
	size_t seen_count, seen_capacity;
};

static void search_clear(struct search *s)
{
	free(s->todo);
	free(s->seen);
}
DEFINE_CLEANUP_IN_PLACE(struct search, search_clear);

static void add(struct search *s, const struct query_cursor *update)
{
	for (size_t i = 0; i < s->count; i++)
		if (memcmp(&s->todo[i], update, sizeof *update) == 0)
			return; /* a cycle, or a part of two parts */
	if (s->count == LIMIT_UPDATE_RELATIONS)
		return;
	s->todo = buf_grow(s->todo, &s->capacity, s->count, sizeof *s->todo);
	s->todo[s->count++] = *update;
}

static void add_parts(struct search *s, const struct query_cursor *bundle)
{
	const struct parts *p = s->parts;
	size_t low = 0, high = p->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct part *at = &p->items[middle];

		if (at->update.source_id < bundle->source_id ||
		    (at->update.source_id == bundle->source_id &&
		     at->bundle < bundle->source_revision))
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < p->count && p->items[low].update.source_id == bundle->source_id &&
	       p->items[low].bundle == bundle->source_revision;
	     low++)
		add(s, &p->items[low].update);
}

static bool is_new(struct search *s, const unsigned char sha1[20])
{
	for (size_t i = 0; i < s->seen_count; i++)
		if (memcmp(s->seen[i], sha1, 20) == 0)
			return false;
	s->seen = buf_grow(s->seen, &s->seen_capacity, s->seen_count, sizeof *s->seen);
	memcpy(s->seen[s->seen_count++], sha1, 20);
	return true;
}

/* Express files are needed only where there is no full one. */
static int needs_express(struct query *q, const struct query_cursor *update, bool *needs,
			 struct error *err)
{
	struct query_file f;
	int row;

	*needs = true;
	if (query_files_begin(q, update, err) < 0)
		return -1;
	while ((row = query_files_next(q, &f, err)) == 1)
		if (f.kind == QUERY_FILE_PAYLOAD && !f.is_express)
			*needs = false;
	return row;
}

int parts_missing(const struct parts *p, struct query *q, const struct query_cursor *update,
		  void (*file)(void *ctx, const struct query_file *f), void *ctx, struct error *err)
{
	CLEANUP(search_clear) struct search s = { .parts = p };
	struct query_file f;
	int row = 0;

	add(&s, update);
	for (; row == 0 && s.done < s.count; s.done++) {
		const struct query_cursor at = s.todo[s.done];
		bool express;

		add_parts(&s, &at);
		if (needs_express(q, &at, &express, err) < 0 || query_files_begin(q, &at, err) < 0)
			return -1;
		while ((row = query_files_next(q, &f, err)) == 1)
			if (f.kind == QUERY_FILE_PAYLOAD && !f.present &&
			    (express || !f.is_express) && is_new(&s, f.sha1))
				file(ctx, &f);
	}
	return row;
}
