#include "exporter/commands.h"
#include "exporter/setting.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/crypto/trust.h"
#include "lib/store/channel.h"
#include "lib/store/db.h"
#include "lib/store/log_rows.h"
#include "lib/store/site.h"
#include "lib/store/store.h"
#include "media/log_text.h"

#include <stdio.h>

int cmd_channel_add(const struct cli_args *args, struct error *err)
{
	const char *name = args->operands[0];
	char text[SETTING_TEXT_SIZE], leaf[LOG_TEXT_LEAF_SIZE];
	struct channel c = { 0 };

	if (!channel_name_valid(name))
		return error_set(err, ERROR_USAGE,
				 "'%s': names are letters, digits, '.', '_' and '-', at most 63",
				 name);
	if (!channel_name_portable(name))
		return error_set(err, ERROR_MEDIUM_NAME,
				 "channel '%s': ends in '.', or is the name of a device on Windows",
				 name);
	if (setting_read(args, &c, err) < 0)
		return -1;
	CLEANUP(file_close) int from = file_open_dir(cli_text(args, "trust"), err);
	CLEANUP(trust_free)
	struct trust *trust = from < 0 ? NULL : trust_load(from, cli_text(args, "trust"), err);
	CLEANUP(store_close)
	struct store *s = trust ? store_open(cli_text(args, "repo"), true, err) : NULL;
	if (!s)
		return -1;
	snprintf(c.name, sizeof c.name, "%s", name);
	c.trust_version = trust->version;
	size_t len = log_text_trust(name, trust->version, trust->history[trust->version - 1], leaf);
	CLEANUP(db_scope_end) struct db_scope scope = { store_db(s) };
	if (db_begin(scope.db, err) < 0 || channel_add(s, &c, err) < 0 ||
	    site_set_all(s, &c, err) < 0 || channel_copy_trust(s, name, from, trust, err) < 0 ||
	    log_rows_append(s, leaf, len, NULL, err) < 0 || db_commit(scope.db, err) < 0)
		return -1;
	setting_text(&c, text);
	if (args->json)
		cli_print_json(json_pack("{s:s, s:s, s:i, s:b, s:I}", "channel", name, "audience",
					 c.audience, "trust_version", trust->version, "one_way",
					 c.one_way, "overlap", (json_int_t)c.overlap));
	else
		printf("channel %s to %s, %s, trust root version %u\n", name, c.audience, text,
		       trust->version);
	return 0;
}
