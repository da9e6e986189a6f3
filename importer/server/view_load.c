/* A snapshot of the rows of the repository. */
#include "importer/server/view_load.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/limits.h"
#include "lib/catalog/catalog.h"
#include "lib/store/db.h"
#include "lib/store/relation.h"
#include "lib/store/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- one row for each revision ---- */

static int by_revision(const void *left, const void *right, void *ctx)
{
	const struct view_row *rows = ctx;
	const struct view_row *a = &rows[*(const uint32_t *)left];
	const struct view_row *b = &rows[*(const uint32_t *)right];

	if (a->revision != b->revision)
		return a->revision < b->revision ? -1 : 1;
	if (a->has_document != b->has_document)
		return a->has_document ? -1 : 1;
	return a->source > b->source ? -1 : a->source < b->source;
}

static void order_free(uint32_t *order)
{
	free(order);
}
DEFINE_CLEANUP(uint32_t *, order_free);

/*
 * Rows to serve, by revision: without a core fragment there is nothing to send, and of several
 * sources that have one the newest is taken.
 */
static uint32_t *choose(struct view_load *l, size_t *count)
{
	CLEANUP(order_free) uint32_t *order = buf_malloc((l->rows_count + 1) * sizeof *order);
	size_t n = 0;

	for (size_t i = 0; i < l->rows_count; i++)
		order[i] = (uint32_t)i;
	if (l->rows_count > 1)
		qsort_r(order, l->rows_count, sizeof *order, by_revision, l->rows);
	for (size_t i = 0; i < l->rows_count; i++) {
		const struct view_row *r = &l->rows[order[i]];

		if (!r->has_document || (n > 0 && l->rows[order[n - 1]].revision == r->revision))
			continue;
		order[n++] = order[i];
	}
	*count = n;
	return STEAL(order);
}

/* ---- relations ---- */

struct child_of {
	uint32_t parent; /* row */
	struct wusp_child child;
};

/* The relations of one row after the other; lists begin anew with each. */
struct reading {
	struct view_load *l;
	const struct view_row *row;
	struct catalog_guid *guids;
	struct catalog_group *groups;
	struct catalog_category *categories;
	struct child_of *children; /* of all rows */
	size_t guids_count, guids_capacity, groups_count, groups_capacity;
	size_t categories_count, categories_capacity, children_count, children_capacity;
};

static void reading_clear(struct reading *r)
{
	free(r->guids);
	free(r->groups);
	free(r->categories);
	free(r->children);
}
DEFINE_CLEANUP_IN_PLACE(struct reading, reading_clear);

static void on_group(void *ctx)
{
	struct reading *r = ctx;

	r->groups = buf_grow(r->groups, &r->groups_capacity, r->groups_count, sizeof *r->groups);
	r->groups[r->groups_count++] = (struct catalog_group){ NULL, 0 };
}

static struct catalog_guid guid_of(const struct view_load *l, int64_t identity)
{
	return identity > 0 && identity < (int64_t)l->guids_count ? l->guids[identity]
								  : l->guids[0];
}

static void on_alternative(void *ctx, int64_t identity)
{
	struct reading *r = ctx;

	r->guids = buf_grow(r->guids, &r->guids_capacity, r->guids_count, sizeof *r->guids);
	r->guids[r->guids_count++] = guid_of(r->l, identity);
	r->groups[r->groups_count - 1].count++;
}

static void on_category(void *ctx, unsigned type, int64_t identity)
{
	struct reading *r = ctx;

	r->categories = buf_grow(r->categories, &r->categories_capacity, r->categories_count,
				 sizeof *r->categories);
	r->categories[r->categories_count++] =
		(struct catalog_category){ (enum catalog_category_type)type,
					   guid_of(r->l, identity) };
}

/* The bundle may be a row that another source's was chosen over: then it has its own parts. */
static void on_bundled_by(void *ctx, uint32_t revision)
{
	struct reading *r = ctx;
	const struct view_row *parent = view_rows_find(r->l, r->row->source, revision);

	if (!parent)
		return;
	r->children = buf_grow(r->children, &r->children_capacity, r->children_count,
			       sizeof *r->children);
	r->children[r->children_count++] = (struct child_of){
		.parent = (uint32_t)(parent - r->l->rows),
		.child = { guid_of(r->l, r->row->identity), r->row->number },
	};
}

static int read_relations(struct reading *r, const struct view_row *row, bool parts,
			  struct error *err)
{
	const struct relation_visitor whole = {
		.group = on_group, .alternative = on_alternative, .category = on_category, .ctx = r
	};
	const struct relation_visitor bundles = { .bundled_by = on_bundled_by, .ctx = r };

	r->row = row;
	r->guids_count = r->groups_count = r->categories_count = 0;
	if (row->relations_len == 0)
		return 0;
	if (relation_read(r->l->blobs + row->relations, row->relations_len,
			  parts ? &bundles : &whole, err) < 0)
		return error_wrap(err, "revision %lld", (long long)row->revision);
	for (size_t i = 0, at = 0; i < r->groups_count; i++) {
		r->groups[i].any_of = r->guids + at;
		at += r->groups[i].count;
	}
	return 0;
}

static int by_parent(const void *left, const void *right)
{
	const struct child_of *a = left, *b = right;

	if (a->parent != b->parent)
		return a->parent < b->parent ? -1 : 1;
	return memcmp(&a->child, &b->child, sizeof a->child);
}

/* Who is part of which bundle, by bundle: every row says it of itself. */
static int read_children(struct reading *r, struct error *err)
{
	for (size_t i = 0; i < r->l->rows_count; i++)
		if (read_relations(r, &r->l->rows[i], true, err) < 0)
			return -1;
	if (r->children_count > 1)
		qsort(r->children, r->children_count, sizeof *r->children, by_parent);
	return 0;
}

static size_t first_child(const struct reading *r, uint32_t row)
{
	size_t low = 0, high = r->children_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (r->children[middle].parent < row)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* ---- the graph ---- */

/*
 * Drivers say in their document what they are for.  One that cannot be read is for nothing: it must
 * not keep all other updates from being served.
 */
static void read_drivers(const struct view_load *l, const struct view_row *row,
			 struct wusp_drivers *out)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(LIMIT_FRAGMENT_BYTES);
	struct error ignored = ERROR_INIT;

	if (view_read(l->view, &l->documents[row->document].document, &text, &ignored) < 0 ||
	    wusp_fragment_drivers(text.bytes, text.len, "driver", out, &ignored) < 0)
		out->count = 0;
}

static int add_revision(struct view_load *l, struct reading *r, struct wusp_graph_builder *b,
			uint32_t row, struct error *err)
{
	const struct view_row *from = &l->rows[row];
	CLEANUP(wusp_fragment_drivers_clear) struct wusp_drivers drivers = { NULL, 0, NULL };
	struct wusp_child *children = NULL;
	size_t n = 0;

	if (read_relations(r, from, false, err) < 0)
		return -1;
	if (from->type == WUSP_DRIVER)
		read_drivers(l, from, &drivers);
	size_t first = first_child(r, row);
	while (first + n < r->children_count && r->children[first + n].parent == row)
		n++;
	children = buf_calloc(n + 1, sizeof *children);
	for (size_t i = 0; i < n; i++)
		children[i] = r->children[first + i].child;
	const struct wusp_revision revision = {
		.revision_id = (int32_t)from->revision,
		.update_id = guid_of(l, from->identity),
		.revision_number = from->number,
		.type = from->type,
		.has_files = from->has_files,
		.files_here = from->files_here,
		.part = from->action == CATALOG_ACTION_BUNDLE,
		.core_bytes = from->core_bytes,
		.prerequisites = r->groups,
		.prerequisites_count = r->groups_count,
		.categories = r->categories,
		.categories_count = r->categories_count,
		.children = children,
		.children_count = n,
		.drivers = drivers.items,
		.drivers_count = drivers.count,
	};
	int result = wusp_graph_add(b, &revision, err);
	free(children);
	return result;
}

/* Every revision there ever was: clients name those they have. */
static int add_former(struct view_load *l, struct wusp_graph_builder *b, struct error *err)
{
	CLEANUP(db_finalize)
	struct db_statement *q = db_prepare(l->db, "SELECT id, identity_id FROM revision", err);
	int more = -1;

	while (q && (more = db_step(q, err)) == 1) {
		struct catalog_guid id = guid_of(l, db_int(q, 1));

		if (db_int(q, 0) > 0 && db_int(q, 0) <= INT32_MAX)
			wusp_graph_add_former(b, (int32_t)db_int(q, 0), &id);
	}
	return more;
}

static int make_graph(struct view_load *l, struct error *err)
{
	CLEANUP(wusp_graph_abandon) struct wusp_graph_builder *b = wusp_graph_begin();
	CLEANUP(reading_clear) struct reading r = { .l = l };
	size_t count;
	CLEANUP(order_free) uint32_t *chosen = choose(l, &count);

	if (read_children(&r, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		if (add_revision(l, &r, b, chosen[i], err) < 0)
			return -1;
	if (add_former(l, b, err) < 0)
		return -1;
	l->view->graph = wusp_graph_finish(b, err);
	if (!l->view->graph)
		return -1;
	for (size_t i = 0; i < count; i++)
		l->rows[chosen[i]].node = wusp_graph_by_revision(
			l->view->graph, (int32_t)l->rows[chosen[i]].revision);
	return 0;
}

/* ---- documents and files by node ---- */

/* Turns counts per node at first[node + 2] into where each list begins, at first[node + 1]. */
static void begin_lists(uint32_t *first, size_t nodes)
{
	for (size_t i = 0; i < nodes; i++)
		first[i + 2] += first[i + 1];
}

static void place_documents(struct view_load *l)
{
	struct view *v = l->view;
	size_t nodes = wusp_graph_count(v->graph);

	v->document_first = buf_calloc(nodes + 2, sizeof *v->document_first);
	v->documents = buf_malloc((l->documents_count + 1) * sizeof *v->documents);
	for (size_t i = 0; i < l->documents_count; i++)
		if (l->rows[l->documents[i].row].node != WUSP_NONE)
			v->document_first[l->rows[l->documents[i].row].node + 2]++;
	begin_lists(v->document_first, nodes);
	for (size_t i = 0; i < l->documents_count; i++) {
		uint32_t node = l->rows[l->documents[i].row].node;

		if (node != WUSP_NONE)
			v->documents[v->document_first[node + 1]++] = l->documents[i].document;
	}
}

static int by_sha1(const void *left, const void *right, void *ctx)
{
	const struct view_file *files = ctx;
	const struct view_file *a = &files[*(const uint32_t *)left];
	const struct view_file *b = &files[*(const uint32_t *)right];
	int order = memcmp(a->sha1, b->sha1, sizeof a->sha1);

	if (order != 0)
		return order;
	return a->here > b->here ? -1 : a->here < b->here;
}

static void place_files(struct view_load *l)
{
	struct view *v = l->view;
	size_t nodes = wusp_graph_count(v->graph);

	v->file_first = buf_calloc(nodes + 2, sizeof *v->file_first);
	v->files = buf_malloc((l->files_count + 1) * sizeof *v->files);
	v->file_by_sha1 = buf_malloc((l->files_count + 1) * sizeof *v->file_by_sha1);
	for (size_t i = 0; i < l->files_count; i++)
		if (l->rows[l->files[i].row].node != WUSP_NONE)
			v->file_first[l->rows[l->files[i].row].node + 2]++;
	begin_lists(v->file_first, nodes);
	for (size_t i = 0; i < l->files_count; i++) {
		uint32_t node = l->rows[l->files[i].row].node;

		if (node == WUSP_NONE)
			continue;
		v->file_by_sha1[v->files_count] = (uint32_t)v->files_count;
		v->files_count++;
		v->files[v->file_first[node + 1]++] = l->files[i].file;
	}
	if (v->files_count > 1)
		qsort_r(v->file_by_sha1, v->files_count, sizeof *v->file_by_sha1, by_sha1,
			v->files);
}

const struct view_file *view_files(const struct view *v, uint32_t node, size_t *count)
{
	*count = v->file_first[node + 1] - v->file_first[node];
	return v->files + v->file_first[node];
}

const struct view_file *view_file_by_sha1(const struct view *v, const unsigned char sha1[20])
{
	size_t low = 0, high = v->files_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (memcmp(v->files[v->file_by_sha1[middle]].sha1, sha1, 20) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == v->files_count || memcmp(v->files[v->file_by_sha1[low]].sha1, sha1, 20) != 0)
		return NULL;
	return &v->files[v->file_by_sha1[low]];
}

/* ---- all of it ---- */

struct view *view_load(struct store *s, struct view_cache *cache, struct error *err)
{
	CLEANUP(view_free) struct view *v = buf_calloc(1, sizeof *v);
	CLEANUP(view_rows_clear) struct view_load l = { .db = store_db(s), .view = v };

	v->store = s;
	v->cache = cache;
	atomic_flag_clear(&v->scopes_lock.taken);
	l.guids = buf_calloc(1, sizeof *l.guids);
	l.guids_count = 1;
	/* One committed state, whatever is imported meanwhile; ended by its roll-back. */
	if (db_run(l.db, "BEGIN", err) < 0)
		return NULL;
	CLEANUP(db_scope_end) struct db_scope scope = { l.db };
	if (view_rows_read(&l, err) < 0 || make_graph(&l, err) < 0 ||
	    view_originals_read(v, l.db, err) < 0)
		return NULL;
	place_documents(&l);
	place_files(&l);
	return STEAL(v);
}
