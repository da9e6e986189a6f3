#include "exporter/commands.h"
#include "lib/base/error.h"
#include "lib/store/channel.h"
#include "lib/store/store.h"
#include "verifier/inquiry/verbs.h"

int cmd_inventory(const struct cli_args *args, struct error *err)
{
	CLEANUP(store_close) struct store *s = store_open(cli_text(args, "repo"), false, err);
	struct channel c;

	if (!s || channel_load_sent(s, args->operands[0], &c, err) < 0)
		return -1;
	return inventory_verb(args, s, &c, KEY_ROLE_BUILDER, err);
}
