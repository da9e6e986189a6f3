#include "importer/commands.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/crypto/trust.h"
#include "lib/store/channel.h"
#include "lib/store/db.h"
#include "lib/store/ledger_rows.h"
#include "lib/store/store.h"
#include "media/ledger.h"

#include <stdio.h>

static int add_channel(const struct cli_args *args, int trust_dir, const struct trust *trust,
		       struct error *err)
{
	CLEANUP(store_close) struct store *s = store_open(cli_text(args, "repo"), true, err);
	struct channel c = { .direction = CHANNEL_RECEIVED, .trust_version = trust->version };
	struct ledger_body body;

	if (!s)
		return -1;
	snprintf(c.name, sizeof c.name, "%s", cli_text(args, "channel"));
	snprintf(c.audience, sizeof c.audience, "%s", cli_text(args, "audience"));
	CLEANUP(db_scope_end) struct db_scope scope = { store_db(s) };
	if (db_begin(scope.db, err) < 0 || channel_add(s, &c, err) < 0 ||
	    channel_copy_trust(s, c.name, trust_dir, trust, err) < 0)
		return -1;
	ledger_begin(&body, "init");
	ledger_text(&body, "channel", c.name);
	ledger_text(&body, "site", c.audience);
	ledger_number(&body, "trust-version", trust->version);
	if (ledger_rows_append(s, body.text, err) < 0)
		return -1;
	return db_commit(scope.db, err);
}

int cmd_init(const struct cli_args *args, struct error *err)
{
	const char *repo = cli_text(args, "repo"), *channel = cli_text(args, "channel");
	const char *audience = cli_text(args, "audience");

	if (!channel_name_valid(channel) || !channel_name_valid(audience))
		return error_set(
			err, ERROR_USAGE,
			"'%s' for '%s': names are letters, digits, '.', '_' and '-', at most 63",
			channel, audience);
	CLEANUP(file_close) int dir = file_open_dir(cli_text(args, "trust"), err);
	CLEANUP(trust_free)
	struct trust *trust = dir < 0 ? NULL : trust_load(dir, cli_text(args, "trust"), err);
	if (!trust || store_create(repo, err) < 0 || add_channel(args, dir, trust, err) < 0)
		return -1;
	if (args->json)
		cli_print_json(json_pack("{s:s, s:s, s:s, s:i}", "repository", repo, "channel",
					 channel, "audience", audience, "trust_version",
					 trust->version));
	else
		printf("repository %s for channel %s, site %s, trust root version %u\n", repo,
		       channel, audience, trust->version);
	return 0;
}
