#include "verifier/care/trust_take.h"

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/crypto/trust.h"
#include "lib/store/channel.h"
#include "lib/store/db.h"
#include "lib/store/ledger_rows.h"
#include "lib/store/store.h"
#include "media/ledger.h"

static int record(struct store *s, const struct channel *c, const struct trust *t,
		  struct error *err)
{
	struct ledger_body body;

	ledger_begin(&body, "trust");
	ledger_text(&body, "channel", c->name);
	ledger_number(&body, "trust-version", t->version);
	ledger_digest(&body, "root", t->history[t->version - 1]);
	return ledger_rows_append(s, body.text, err);
}

int trust_take(struct store *s, struct channel *c, int dirfd, const char *label, struct error *err)
{
	CLEANUP(trust_free) struct trust *offered = trust_load(dirfd, label, err);
	CLEANUP(file_close) int dir = offered ? channel_open_trust(s, c->name, err) : -1;
	CLEANUP(trust_free) struct trust *ours = dir < 0 ? NULL : trust_load(dir, "here", err);

	if (!ours)
		return -1;
	int newer = trust_extends(ours, offered, err);
	if (newer < 0)
		return error_wrap(err, "%s", label);
	/* After a crash between files and row the files are ahead. */
	const struct trust *best = newer ? offered : ours;
	if (!newer && c->trust_version == ours->version)
		return 0;
	c->trust_version = best->version;
	CLEANUP(db_scope_end) struct db_scope scope = { store_db(s) };
	if (db_begin(scope.db, err) < 0 || channel_save(s, c, err) < 0 ||
	    record(s, c, best, err) < 0 ||
	    (newer && channel_copy_trust(s, c->name, dirfd, offered, err) < 0) ||
	    db_commit(scope.db, err) < 0)
		return -1;
	return 1;
}
