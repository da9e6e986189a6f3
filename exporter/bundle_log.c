#include "exporter/bundle_log.h"

#include "lib/base/error.h"
#include "lib/crypto/signer.h"
#include "lib/crypto/trust.h"
#include "lib/store/channel.h"
#include "lib/store/db.h"
#include "lib/store/ledger_rows.h"
#include "lib/store/log_rows.h"
#include "lib/store/store.h"
#include "media/log_text.h"
#include "media/manifest.h"
#include "verifier/accept.h"
#include "verifier/note.h"

#include <stdio.h>
#include <string.h>

/* A repository of an older release has no leaf yet. */
static int begin_log(struct store *s, const struct channel *c, const struct trust *t,
		     struct error *err)
{
	char leaf[LOG_TEXT_LEAF_SIZE];
	size_t len = log_text_trust(c->name, t->version, t->history[t->version - 1], leaf);
	CLEANUP(db_scope_end) struct db_scope scope = { store_db(s) };

	if (db_begin(scope.db, err) < 0 || log_rows_append(s, leaf, len, NULL, err) < 0)
		return -1;
	return db_commit(scope.db, err);
}

static int load(struct store *s, const struct channel *c, const struct trust *t,
		struct log_rows *rows, struct error *err)
{
	if (log_rows_load(s, rows, err) < 0)
		return -1;
	if (rows->count > 0)
		return 0;
	return begin_log(s, c, t, err) < 0 ? -1 : log_rows_load(s, rows, err);
}

/* ---- log/nodes ---- */

/* The largest complete subtree that begins at `at` and does not pass `end`. */
static unsigned level_at(uint64_t at, uint64_t end)
{
	unsigned level = 0;

	while (at % (UINT64_C(2) << level) == 0 && UINT64_C(2) << level <= end - at)
		level++;
	return level;
}

static int add_span(const struct log_rows *rows, struct tree *t, uint64_t end, struct buf *out,
		    struct error *err)
{
	const struct audit_leaves leaves = { (const unsigned char(*)[TREE_HASH])rows->hashes,
					     rows->count };

	while (t->size < end) {
		unsigned level = level_at(t->size, end);
		unsigned char hash[TREE_HASH];

		audit_root(&leaves, t->size, UINT64_C(1) << level, hash);
		if (!tree_add(t, level, hash))
			return error_set(err, ERROR_MEDIA_LIMIT, "the export log is full");
		if (log_text_node(level, hash, out, err) < 0)
			return -1;
	}
	return 0;
}

/* Nodes that pass through the size after each of the newest `max` bundles of the channel. */
static int write_nodes(struct store *s, const struct channel *c, const struct log_rows *rows,
		       int max, struct bundle_log *out, struct error *err)
{
	uint64_t marks[ACCEPT_JUMP_MAX + 1];
	int count = log_rows_marks(s, c->id, marks, max, err);

	out->tree = (struct tree){ .size = 0 };
	out->nodes.len = 0;
	if (count < 0 || log_text_nodes_begin(&out->nodes, err) < 0)
		return -1;
	for (int i = 0; i < count; i++)
		if (add_span(rows, &out->tree, marks[i], &out->nodes, err) < 0)
			return -1;
	return add_span(rows, &out->tree, rows->count, &out->nodes, err);
}

/* As far back as a site may be behind, or as there is room. */
static int make_nodes(struct store *s, const struct channel *c, const struct log_rows *rows,
		      struct bundle_log *out, struct error *err)
{
	int max = ACCEPT_JUMP_MAX + 1;

	while (write_nodes(s, c, rows, max, out, err) < 0) {
		if (err->id != ERROR_LIMIT_BYTES || max == 1)
			return -1;
		error_clear(err);
		max /= 2;
	}
	return 0;
}

int bundle_log_make(struct store *s, const struct channel *c, const struct trust *t,
		    const struct tree *objects, struct bundle_log *out, struct error *err)
{
	CLEANUP(log_rows_clear) struct log_rows rows = { .count = 0 };
	struct log_text_objects lines = { .lines = objects->size };

	*out = (struct bundle_log){ .checkpoint = BUF_INIT(LIMIT_NOTE_BYTES),
				    .nodes = BUF_INIT(LIMIT_LOG_NODES_BYTES),
				    .objects = BUF_INIT(LIMIT_TEXT_LINE) };
	if (load(s, c, t, &rows, err) < 0 || make_nodes(s, c, &rows, out, err) < 0)
		return -1;
	snprintf(out->before.origin, sizeof out->before.origin, "%s", rows.origin);
	out->before.head.size = rows.count;
	tree_root(&out->tree, out->before.head.root);
	tree_root(objects, lines.root);
	return checkpoint_write(&out->before, &out->checkpoint, err) < 0
		       ? -1
		       : log_text_objects_write(&lines, &out->objects, err);
}

/* ---- the leaf ---- */

static int save_note(struct store *s, const struct checkpoint *c, const struct signer *signer,
		     struct error *err)
{
	CLEANUP(buf_clear) struct buf note = BUF_INIT(LIMIT_NOTE_BYTES);
	struct checkpoint_signature signature;

	if (note_sign(signer, NOTE_LOG, c, c->origin, 0, &signature, err) < 0 ||
	    checkpoint_write(c, &note, err) < 0 ||
	    checkpoint_write_signature(&signature, true, &note, err) < 0)
		return -1;
	return log_rows_save_note(s, c->head.size, &note, err);
}

/* The ledger up to the record of this bundle: sites watch that the log keeps it. */
static int add_ledger(struct store *s, struct error *err)
{
	char leaf[LOG_TEXT_LEAF_SIZE];
	unsigned char head[32];
	uint64_t number;

	if (ledger_rows_head(s, &number, head, err) < 0)
		return -1;
	return log_rows_append(s, leaf, log_text_ledger(number, head, leaf), NULL, err);
}

int bundle_log_record(struct store *s, const struct channel *c, const struct bundle_log *log,
		      const struct manifest *m, const unsigned char digest[32],
		      const struct signer *signer, struct error *err)
{
	char leaf[LOG_TEXT_LEAF_SIZE], name[MANIFEST_DIRECTORY_SIZE];
	size_t len = log_text_bundle(m, digest, leaf);
	struct checkpoint after = log->before;
	struct tree tree = log->tree;
	unsigned char hash[TREE_HASH];

	manifest_directory(m, name);
	tree_leaf(leaf, len, hash);
	if (!tree_add(&tree, 0, hash))
		return error_set(err, ERROR_MEDIA_LIMIT, "the export log is full");
	if (log_rows_append(s, leaf, len, &(struct log_rows_bundle){ c->id, name }, err) < 0 ||
	    add_ledger(s, err) < 0)
		return -1;
	after.head.size = tree.size;
	tree_root(&tree, after.head.root);
	return signer->key ? save_note(s, &after, signer, err) : 0;
}

void bundle_log_clear(struct bundle_log *log)
{
	buf_clear(&log->checkpoint);
	buf_clear(&log->nodes);
	buf_clear(&log->objects);
}
