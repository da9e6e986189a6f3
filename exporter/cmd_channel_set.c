#include "exporter/commands.h"
#include "exporter/setting.h"
#include "lib/base/error.h"
#include "lib/store/channel.h"
#include "lib/store/db.h"
#include "lib/store/site.h"
#include "lib/store/store.h"

#include <stdio.h>

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
	    site_set_all(s, &c, err) < 0 || db_commit(scope.db, err) < 0)
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
