/* trust add, trust replace */
#include "importer/commands.h"
#include "importer/revoked.h"
#include "lib/base/clock.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/str.h"
#include "lib/crypto/trust.h"
#include "lib/store/channel.h"
#include "lib/store/db.h"
#include "lib/store/ledger_rows.h"
#include "lib/store/store.h"
#include "media/ledger.h"
#include "verifier/care/trust_take.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* The trust directory of a bundle, or the directory itself. */
static int open_place(const char *path, struct error *err)
{
	CLEANUP(file_close) int dir = file_open_dir(path, err);
	struct error ignored = ERROR_INIT; /* then it is no bundle */

	if (dir < 0)
		return -1;
	int trust = file_open_subdir(dir, "trust", false, &ignored);
	if (trust >= 0)
		return trust;
	error_clear(&ignored);
	return file_open_dir(path, err);
}

static int report(const struct cli_args *args, struct store *s, const struct channel *c,
		  const char *what, struct error *err)
{
	struct revoked revoked;

	if (revoked_drop_pending(s, c, err) < 0 || revoked_load(s, c, &revoked, err) < 0)
		return -1;
	if (args->json) {
		cli_print_json(json_pack("{s:s, s:i, s:s, s:o}", "channel", c->name,
					 "trust_version", (int)c->trust_version, "result", what,
					 "revoked_imports", revoked_json(&revoked)));
	} else {
		printf("channel %s: trust root version %u, %s\n", c->name, c->trust_version, what);
		revoked_print(&revoked);
	}
	return revoked.count > 0 ? CLI_FINDINGS : 0;
}

int cmd_trust_add(const struct cli_args *args, struct error *err)
{
	const char *path = args->operands[0];
	CLEANUP(store_close) struct store *s = store_open(cli_text(args, "repo"), true, err);
	struct channel c;

	if (!s || channel_load(s, NULL, &c, err) < 0)
		return -1;
	CLEANUP(file_close) int dir = open_place(path, err);
	int newer = dir < 0 ? -1 : trust_take(s, &c, dir, path, err);
	return newer < 0 ? -1 : report(args, s, &c, newer ? "taken" : "held already", err);
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
	    ledger_rows_append(s, body.text, err) < 0 || exchange(s, c, from, t, err) < 0)
		return -1;
	return db_commit(scope.db, err);
}

int cmd_trust_replace(const struct cli_args *args, struct error *err)
{
	const char *path = args->operands[0], *reason = cli_text(args, "reason");
	CLEANUP(file_close) int from = file_open_dir(path, err);
	CLEANUP(trust_free) struct trust *t = from < 0 ? NULL : trust_load(from, path, err);
	struct channel c;

	if (!ledger_is_stated(reason))
		return error_set(err, ERROR_USAGE, "--reason: 1 to %d bytes of printable text",
				 LEDGER_STATED_MAX);
	if (!t || check_fingerprint(t, cli_text(args, "fingerprint"), err) < 0)
		return -1;
	CLEANUP(store_close) struct store *s = store_open(cli_text(args, "repo"), true, err);
	if (!s || channel_load(s, NULL, &c, err) < 0 || replace(s, &c, from, t, reason, err) < 0)
		return -1;
	return report(args, s, &c, "in place of the old one", err);
}
