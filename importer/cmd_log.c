/* log show, log forget: what this site has seen of the export log */
#include "importer/commands.h"
#include "lib/base/error.h"
#include "lib/base/str.h"
#include "lib/crypto/digest.h"
#include "lib/store/channel.h"
#include "lib/store/db.h"
#include "lib/store/ledger_rows.h"
#include "lib/store/log_rows.h"
#include "lib/store/store.h"
#include "media/ledger.h"

#include <stdio.h>

int cmd_log_show(const struct cli_args *args, struct error *err)
{
	CLEANUP(store_close) struct store *s = store_open(cli_text(args, "repo"), false, err);
	struct log_rows_seen seen = { .origin = "" };
	char hex[DIGEST_HEX] = "";
	struct channel c;

	if (!s || channel_load(s, NULL, &c, err) < 0)
		return -1;
	int known = log_rows_seen(s, c.id, &seen, err);
	if (known < 0)
		return -1;
	if (known == 1)
		str_to_hex(seen.head.root, sizeof seen.head.root, hex);
	if (args->json)
		cli_print_json(json_pack("{s:s, s:s, s:I, s:s}", "channel", c.name, "origin",
					 seen.origin, "size", (json_int_t)seen.head.size, "root",
					 hex));
	else if (known == 1)
		printf("channel %s: log %s, %llu leaves, root %s\n", c.name, seen.origin,
		       (unsigned long long)seen.head.size, hex);
	else
		printf("channel %s: no bundle with a log was imported\n", c.name);
	return 0;
}

static int forget(struct store *s, const struct channel *c, const char *reason, struct error *err)
{
	struct ledger_body body;
	CLEANUP(db_scope_end) struct db_scope scope = { store_db(s) };

	ledger_begin(&body, "override");
	ledger_text(&body, "option", "log forget");
	ledger_text(&body, "channel", c->name);
	ledger_text(&body, "reason", reason);
	if (db_begin(scope.db, err) < 0 || log_rows_see(s, c->id, NULL, err) < 0 ||
	    ledger_rows_append(s, body.text, err) < 0)
		return -1;
	return db_commit(scope.db, err);
}

int cmd_log_forget(const struct cli_args *args, struct error *err)
{
	const char *reason = cli_text(args, "reason");
	CLEANUP(store_close) struct store *s = store_open(cli_text(args, "repo"), true, err);
	struct channel c;

	if (!s || channel_load(s, NULL, &c, err) < 0)
		return -1;
	if (!ledger_is_stated(reason))
		return error_set(err, ERROR_USAGE, "--reason: 1 to %d bytes of printable text",
				 LEDGER_STATED_MAX);
	if (forget(s, &c, reason, err) < 0)
		return -1;
	if (args->json)
		cli_print_json(json_pack("{s:s, s:b}", "channel", c.name, "forgotten", 1));
	else
		printf("channel %s: the log of the next bundle is taken as it is\n", c.name);
	return 0;
}
