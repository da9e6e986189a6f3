#include "exporter/commands.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/crypto/trust.h"
#include "lib/store/channel.h"
#include "lib/store/db.h"
#include "lib/store/store.h"

#include <stdio.h>

int cmd_channel_add(const struct cli_args *args, struct error *err)
{
	const char *name = args->operands[0], *sites[CHANNEL_SITES + 1];
	size_t count = cli_list(args, "audience", sites, CHANNEL_SITES + 1);
	struct channel c = { 0 };

	if (!channel_name_valid(name))
		return error_set(err, ERROR_USAGE,
				 "'%s': names are letters, digits, '.', '_' and '-', at most 63",
				 name);
	if (channel_set_sites(&c, sites, count > CHANNEL_SITES ? CHANNEL_SITES + 1 : count, err) <
	    0)
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
	CLEANUP(db_scope_end) struct db_scope scope = { store_db(s) };
	if (db_begin(scope.db, err) < 0 || channel_add(s, &c, err) < 0 ||
	    channel_copy_trust(s, name, from, err) < 0 || db_commit(scope.db, err) < 0)
		return -1;
	if (args->json)
		cli_print_json(json_pack("{s:s, s:s, s:i}", "channel", name, "audience", c.audience,
					 "trust_version", trust->version));
	else
		printf("channel %s to %s, trust root version %u\n", name, c.audience,
		       trust->version);
	return 0;
}
