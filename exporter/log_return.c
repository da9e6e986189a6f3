#include "exporter/log_return.h"

#include "exporter/receive.h"
#include "exporter/receive_read.h"
#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/base/error.h"
#include "lib/store/db.h"
#include "lib/store/ledger_rows.h"
#include "lib/store/log_rows.h"
#include "lib/store/store.h"
#include "media/ledger.h"
#include "verifier/accept.h"

#include <stdio.h>
#include <string.h>

struct returned {
	struct store *store;
	struct log_return *request;
	char witness[CHECKPOINT_NAME_SIZE];
	struct buf file;
	struct checkpoint_note note;
	struct checkpoint_signature signature; /* the witness's */
};

static int read_file(struct returned *r, struct error *err)
{
	struct log_return *q = r->request;
	struct receive_checkpoint said = { .file = BUF_INIT(LIMIT_NOTE_BYTES) };
	int failed = receive_read_checkpoint(q->reader, q->path, r->witness, &said, err);

	r->file = said.file;
	if (failed)
		return -1;
	if (checkpoint_parse(r->file.bytes, r->file.len, &r->note, err) < 0 ||
	    receive_check_signer(r->store, q->channel, &said.by, err) < 0)
		return error_wrap(err, "%s", q->path);
	if (said.signature >= r->note.count ||
	    strcmp(r->note.signatures[said.signature].name, r->witness) != 0)
		return error_set(err, ERROR_SANDBOX_RECORD, "%s: an answer that is none", q->path);
	if (said.time > clock_now() + ACCEPT_FUTURE_SECONDS)
		return error_set(err, ERROR_RECEIVE_FUTURE,
				 "%s: cosigned at a time that is yet to come", q->path);
	r->signature = r->note.signatures[said.signature];
	snprintf(q->holder, sizeof q->holder, "%s", said.by.holder);
	return 0;
}

static int check_log(const struct returned *r, struct error *err)
{
	CLEANUP(log_rows_clear) struct log_rows rows = { .count = 0 };
	const struct checkpoint *c = &r->note.checkpoint;
	unsigned char root[TREE_HASH];

	if (log_rows_load(r->store, &rows, err) < 0)
		return -1;
	if (strcmp(rows.origin, c->origin) != 0)
		return error_set(err, ERROR_LOG_OTHER, "of the log %s, the one here is %s",
				 c->origin, *rows.origin ? rows.origin : "empty");
	if (c->head.size > rows.count)
		return error_set(err, ERROR_LOG_SPLIT,
				 "site %s has seen %llu leaves, the log here has %llu",
				 r->request->site, (unsigned long long)c->head.size,
				 (unsigned long long)rows.count);
	audit_root(&(struct audit_leaves){ (const unsigned char(*)[TREE_HASH])rows.hashes,
					   rows.count },
		   0, c->head.size, root);
	if (memcmp(root, c->head.root, sizeof root) != 0)
		return error_set(err, ERROR_LOG_SPLIT,
				 "site %s has seen another log of %llu leaves than the one here",
				 r->request->site, (unsigned long long)c->head.size);
	return 0;
}

/* ---- recording ---- */

/* The signature among those of our checkpoint of that size, unless it is there or there is no room.
 */
static int join(const struct returned *r, struct error *err)
{
	const struct checkpoint *c = &r->note.checkpoint;
	CLEANUP(buf_clear) struct buf note = BUF_INIT(LIMIT_NOTE_BYTES);
	struct checkpoint_note ours = { .count = 0 };
	int found = log_rows_load_note(r->store, c->head.size, &note, err);

	if (found < 0 || (found == 0 && checkpoint_write(c, &note, err) < 0) ||
	    checkpoint_parse(note.bytes, note.len, &ours, err) < 0)
		return -1;
	for (size_t i = 0; i < ours.count; i++)
		if (strcmp(ours.signatures[i].name, r->signature.name) == 0 &&
		    memcmp(ours.signatures[i].id, r->signature.id, CHECKPOINT_ID) == 0)
			return 0;
	if (ours.count == LIMIT_NOTE_SIGNATURES)
		return 0;
	if (checkpoint_write_signature(&r->signature, ours.count == 0, &note, err) < 0)
		return -1;
	return log_rows_save_note(r->store, c->head.size, &note, err);
}

static void begin_record(const struct returned *r, const char *event, struct ledger_body *body)
{
	const struct checkpoint *c = &r->note.checkpoint;

	ledger_begin(body, event);
	ledger_text(body, "channel", r->request->channel);
	ledger_text(body, "site", r->request->site);
	ledger_text(body, "signer", r->request->holder);
	ledger_text(body, "origin", c->origin);
	ledger_number(body, "size", c->head.size);
	ledger_digest(body, "root", c->head.root);
}

static int record(const struct returned *r, struct error *err)
{
	struct ledger_body body;
	CLEANUP(db_scope_end) struct db_scope scope = { store_db(r->store) };

	begin_record(r, "cosigned", &body);
	if (db_begin(scope.db, err) < 0 ||
	    log_rows_keep_returned(r->store, r->witness, &r->file, false, err) < 0 ||
	    join(r, err) < 0 || ledger_rows_append(r->store, body.text, err) < 0)
		return -1;
	return db_commit(scope.db, err);
}

static int keep_evidence(const struct returned *r, struct error *err)
{
	CLEANUP(db_scope_end) struct db_scope scope = { store_db(r->store) };
	struct error lost = ERROR_INIT;
	struct ledger_body body;

	error_wrap(err, "%s", r->request->path);
	if (err->id != ERROR_LOG_SPLIT)
		return -1;
	begin_record(r, "log-split", &body);
	ledger_text(&body, "message", err->message);
	if (db_begin(scope.db, &lost) < 0 ||
	    log_rows_keep_returned(r->store, r->witness, &r->file, true, &lost) < 0 ||
	    ledger_rows_append(r->store, body.text, &lost) < 0 || db_commit(scope.db, &lost) < 0)
		return error_wrap(err, "not even kept as evidence (%s)", lost.message);
	return -1;
}

static void returned_clear(struct returned *r)
{
	buf_clear(&r->file);
}
DEFINE_CLEANUP_IN_PLACE(struct returned, returned_clear);

int log_return_take(struct store *s, struct log_return *request, struct error *err)
{
	CLEANUP(returned_clear)
	struct returned r = { .store = s, .request = request };

	snprintf(r.witness, sizeof r.witness, "gapferry.site/%s/%s", request->channel,
		 request->site);
	if (read_file(&r, err) < 0)
		return -1;
	if (check_log(&r, err) < 0)
		return keep_evidence(&r, err);
	request->size = r.note.checkpoint.head.size;
	return record(&r, err);
}
