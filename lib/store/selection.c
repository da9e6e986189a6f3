#include "lib/store/selection.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/limits.h"
#include "lib/crypto/digest.h"
#include "lib/store/db.h"
#include "lib/store/graph_rows.h"
#include "lib/store/rows.h"
#include "lib/store/store.h"

int selection_load(struct store *s, int64_t channel_id, struct rules *out, struct error *err)
{
	CLEANUP(db_finalize)
	struct db_statement *q = db_prepare(
		store_db(s), "SELECT text FROM channel_selection WHERE channel_id=?", err);
	size_t len;

	if (!q)
		return -1;
	db_bind_int(q, 1, channel_id);
	int row = db_step(q, err);
	if (row != 1)
		return row;
	const void *text = db_blob(q, 0, &len);
	if (rules_parse(text, len, out, err) < 0)
		return error_wrap(err, "catalog.db");
	return 1;
}

int selection_save(struct store *s, int64_t channel_id, const struct rules *rules,
		   struct error *err)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(LIMIT_SELECTION_BYTES);
	bool some = rules && rules->count > 0;
	CLEANUP(db_finalize)
	struct db_statement *q =
		db_prepare(store_db(s),
			   some ? "INSERT INTO channel_selection(channel_id, text) VALUES(?, ?)"
				  " ON CONFLICT(channel_id) DO UPDATE SET text=excluded.text"
				: "DELETE FROM channel_selection WHERE channel_id=?",
			   err);

	if (!q || (some && rules_write(rules, &text, err) < 0))
		return -1;
	db_bind_int(q, 1, channel_id);
	if (some)
		db_bind_blob(q, 2, text.bytes, text.len);
	return db_execute(q, err);
}

int selection_decide(struct store *s, int64_t channel_id, const struct rules *rules,
		     struct selection *out, struct error *err)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(LIMIT_SELECTION_BYTES);

	*out = (struct selection){ .has = false };
	int stored = rules ? 1 : selection_load(s, channel_id, &out->rules, err);
	if (rules)
		out->rules = *rules;
	if (stored <= 0 || out->rules.count == 0)
		return stored < 0 ? -1 : 0;
	if (rules_write(&out->rules, &text, err) < 0)
		return -1;
	digest_sha256(text.bytes, text.len, out->digest);
	out->graph = graph_rows_load(s, err);
	if (!out->graph)
		return -1;
	select_decide(out->graph, &out->rules, &out->result);
	out->has = true;
	return 0;
}

void selection_clear(struct selection *s)
{
	select_clear(&s->result);
	graph_free(s->graph);
	s->graph = NULL;
	s->has = false;
}

bool selection_wants(void *ctx, const struct rows_mention *m)
{
	const struct selection *s = ctx;
	struct select_file f = { .is_licence = m->is_licence, .is_express = m->is_express };

	if (!s->has)
		return true;
	f.node = graph_find(s->graph, m->source_id, m->source_revision);
	return select_takes_file(&s->result, &f);
}
