#include "exporter/commands.h"
#include "exporter/setting.h"
#include "lib/base/error.h"
#include "lib/store/channel.h"
#include "lib/store/db.h"
#include "lib/store/ledger_rows.h"
#include "lib/store/site.h"
#include "lib/store/store.h"
#include "media/ledger.h"

#include <stdio.h>

static int add_record(struct store *s, const struct channel *c, struct error *err)
{
	struct ledger_body body;
	const char *at = c->audience;
	char site[CHANNEL_NAME_SIZE];

	ledger_begin(&body, "channel-set");
	ledger_text(&body, "channel", c->name);
	ledger_text(&body, "way", c->one_way ? "one-way" : "two-way");
	if (c->one_way)
		ledger_number(&body, "overlap", c->overlap);
	while (channel_next_site(&at, site))
		ledger_text(&body, "site", site);
	return ledger_rows_append(s, body.text, err);
}

int cmd_channel_set(const struct cli_args *args, struct error *err)
{
	char text[SETTING_TEXT_SIZE];
	struct channel c;

	CLEANUP(store_close) struct store *s = store_open(cli_text(args, "repo"), true, err);
	if (!s || channel_load_sent(s, args->operands[0], &c, err) < 0 ||
	    setting_read(args, &c, err) < 0)
		return -1;
	CLEANUP(db_scope_end) struct db_scope scope = { store_db(s) };
	if (db_begin(scope.db, err) < 0 || channel_save_settings(s, &c, err) < 0 ||
	    site_set_all(s, &c, err) < 0 || add_record(s, &c, err) < 0 ||
	    db_commit(scope.db, err) < 0)
		return -1;
	setting_text(&c, text);
	if (args->json)
		cli_print_json(json_pack("{s:s, s:s, s:b, s:I}", "channel", c.name, "audience",
					 c.audience, "one_way", c.one_way, "overlap",
					 (json_int_t)c.overlap));
	else
		printf("channel %s to %s, %s\n", c.name, c.audience, text);
	return 0;
}
