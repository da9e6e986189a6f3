#include "verifier/care/trust_take.h"

#include "lib/base/clock.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/str.h"
#include "lib/crypto/trust.h"
#include "lib/store/channel.h"
#include "lib/store/db.h"
#include "lib/store/ledger_rows.h"
#include "lib/store/log_rows.h"
#include "lib/store/store.h"
#include "media/ledger.h"
#include "media/log_text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Which trust root is in force, for whoever compares the log with what he was told. */
static int add_leaf(struct store *s, const struct channel *c, const struct trust *t,
		    struct error *err)
{
	char leaf[LOG_TEXT_LEAF_SIZE];
	size_t len = log_text_trust(c->name, t->version, t->history[t->version - 1], leaf);

	return log_rows_append(s, leaf, len, NULL, err);
}

static int record(struct store *s, const struct channel *c, const struct trust *t,
		  struct error *err)
{
	struct ledger_body body;

	ledger_begin(&body, "trust");
	ledger_text(&body, "channel", c->name);
	ledger_number(&body, "trust-version", t->version);
	ledger_digest(&body, "root", t->history[t->version - 1]);
	return ledger_rows_append(s, body.text, err) < 0 ? -1 : add_leaf(s, c, t, err);
}

int trust_take_proved(struct store *s, struct channel *c, int dirfd, const struct trust *offered,
		      const struct trust *ours, struct error *err)
{
	int newer = trust_extends(ours, offered, err);

	if (newer < 0)
		return -1;
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

int trust_take(struct store *s, struct channel *c, int dirfd, const struct trust *offered,
	       const char *label, struct error *err)
{
	CLEANUP(file_close) int dir = channel_open_trust(s, c->name, err);
	CLEANUP(trust_free) struct trust *ours = dir < 0 ? NULL : trust_load(dir, "here", err);

	if (!ours)
		return -1;
	int newer = trust_take_proved(s, c, dirfd, offered, ours, err);
	return newer < 0 && err->id == ERROR_TRUST_FORK ? error_wrap(err, "%s", label) : newer;
}

/* ---- another trust root ---- */

/* What the operator typed must be the first version, which all others hang on. */
static int check_fingerprint(const struct trust *t, const char *typed, struct error *err)
{
	unsigned char digest[DIGEST_SHA256];

	if (str_from_hex(typed, strlen(typed), digest, sizeof digest) &&
	    memcmp(digest, t->history[0], sizeof digest) == 0)
		return 0;
	return error_set(err, ERROR_TRUST_FINGERPRINT,
			 "--fingerprint is not the SHA-256 of the 0001.root that is offered");
}

/* The old directory stays beside the new one.  Repeated after a crash it finds either state. */
static int exchange(struct store *s, const struct channel *c, int from, const struct trust *t,
		    struct error *err)
{
	char made[CHANNEL_NAME_SIZE + 8], old[CHANNEL_NAME_SIZE + 32];
	CLEANUP(file_close) int all = file_open_subdir(store_dir(s), "trust", true, err);

	/* No channel has a name that begins with a dot. */
	snprintf(made, sizeof made, ".%s.new", c->name);
	snprintf(old, sizeof old, ".%s.%lld", c->name, (long long)clock_now());
	if (all < 0 || file_remove_tree(all, made, err) < 0)
		return -1;
	CLEANUP(file_close) int to = file_open_subdir(all, made, true, err);
	if (to < 0 || trust_copy(from, to, t, err) < 0 || file_sync(to, made, err) < 0)
		return -1;
	if ((renameat(all, c->name, all, old) < 0 && errno != ENOENT) ||
	    renameat(all, made, all, c->name) < 0)
		return error_set_errno(err, ERROR_FILE_WRITE, "trust/%s: cannot rename", c->name);
	return file_sync(all, "trust", err);
}

static int replace(struct store *s, struct channel *c, int from, const struct trust *t,
		   const char *reason, struct error *err)
{
	struct ledger_body body;
	CLEANUP(db_scope_end) struct db_scope scope = { store_db(s) };

	c->trust_version = t->version;
	ledger_begin(&body, "override");
	ledger_text(&body, "option", "trust replace");
	ledger_text(&body, "channel", c->name);
	ledger_text(&body, "reason", reason);
	ledger_digest(&body, "root", t->history[0]);
	ledger_number(&body, "trust-version", t->version);
	if (db_begin(scope.db, err) < 0 || channel_save(s, c, err) < 0 ||
	    ledger_rows_append(s, body.text, err) < 0 || add_leaf(s, c, t, err) < 0 ||
	    exchange(s, c, from, t, err) < 0)
		return -1;
	return db_commit(scope.db, err);
}

int trust_replace(struct store *s, struct channel *c, int dirfd, const struct trust *t,
		  const char *fingerprint, const char *reason, struct error *err)
{
	if (check_fingerprint(t, fingerprint, err) < 0)
		return -1;
	if (!ledger_is_stated(reason))
		return error_set(err, ERROR_USAGE, "--reason: 1 to %d bytes of printable text",
				 LEDGER_STATED_MAX);
	return replace(s, c, dirfd, t, reason, err);
}
