#include "lib/store/graph_rows.h"

#include "lib/base/error.h"
#include "lib/catalog/catalog_action.h"
#include "lib/select/graph.h"
#include "lib/store/db.h"
#include "lib/store/relation.h"
#include "lib/store/store.h"

static int load_identities(struct store *s, struct graph *g, struct error *err)
{
	CLEANUP(db_finalize)
	struct db_statement *q =
		db_prepare(store_db(s), "SELECT id, update_id FROM identity ORDER BY id", err);
	int row = -1;

	while (q && (row = db_step(q, err)) == 1) {
		unsigned char guid[16];

		if (!db_copy(q, 1, guid, sizeof guid))
			return error_set(err, ERROR_DB_CORRUPT, "catalog.db: identity %lld: no id",
					 (long long)db_int(q, 0));
		graph_add_identity(g, db_int(q, 0), guid);
	}
	return row;
}

static int load_sources(struct store *s, struct graph *g, struct error *err)
{
	CLEANUP(db_finalize)
	struct db_statement *q = db_prepare(
		store_db(s), "SELECT id, ifnull(created, -1) FROM source ORDER BY id", err);
	int row = -1;

	while (q && (row = db_step(q, err)) == 1)
		graph_add_source(g, db_int(q, 0), db_int(q, 1));
	return row;
}

/* ---- relations ---- */

static void on_group(void *ctx)
{
	graph_add_group(ctx);
}

static void on_alternative(void *ctx, int64_t identity)
{
	graph_add_alternative(ctx, identity);
}

static void on_superseded_by(void *ctx, uint32_t revision)
{
	graph_add_superseded_by(ctx, revision);
}

static void on_bundled_by(void *ctx, uint32_t revision)
{
	graph_add_bundled_by(ctx, revision);
}

static void on_category(void *ctx, unsigned type, int64_t identity)
{
	graph_add_category(ctx, type, identity);
}

static void on_language(void *ctx, const char *text, size_t len)
{
	graph_add_language(ctx, text, len);
}

static int load_nodes(struct store *s, struct graph *g, struct error *err)
{
	CLEANUP(db_finalize)
	struct db_statement *q = db_prepare(
		store_db(s),
		"SELECT u.source_id, u.source_revision, u.identity_id, u.number, u.type, u.flags,"
		" u.action, u.created, u.kb, u.severity, u.title, u.verdict, u.relations"
		" FROM update_info u"
		" ORDER BY u.source_id, u.source_revision",
		err);
	const struct relation_visitor visitor = {
		on_group, on_alternative, on_superseded_by, on_bundled_by, on_category, on_language,
		g
	};
	int row = -1;

	while (q && (row = db_step(q, err)) == 1) {
		struct graph_node n = { .source_id = db_int(q, 0),
					.revision = (uint32_t)db_int(q, 1),
					.identity_id = db_int(q, 2),
					.number = (uint32_t)db_int(q, 3),
					.type = db_text(q, 4),
					.is_leaf = (db_int(q, 5) & 1) != 0,
					.is_bundle = (db_int(q, 5) & 2) != 0,
					.is_evaluate = db_int(q, 6) == CATALOG_ACTION_EVALUATE,
					.created = db_int(q, 7),
					.kb = db_text(q, 8),
					.severity = db_text(q, 9),
					.title = db_text(q, 10),
					.is_quarantined = db_int(q, 11) != 0 };
		size_t len;

		graph_add_node(g, &n);
		const void *relations = db_blob(q, 12, &len);
		if (len > 0 && relation_read(relations, len, &visitor, err) < 0)
			return error_wrap(err, "revision %u", n.revision);
	}
	return row;
}

struct graph *graph_rows_load(struct store *s, struct error *err)
{
	CLEANUP(graph_free) struct graph *g = graph_new();

	if (load_identities(s, g, err) < 0 || load_sources(s, g, err) < 0 ||
	    load_nodes(s, g, err) < 0)
		return NULL;
	graph_finish(g);
	return STEAL(g);
}
