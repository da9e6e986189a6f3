#include "exporter/commands.h"
#include "lib/base/file.h"
#include "lib/crypto/trust.h"
#include "lib/store/channel.h"
#include "lib/store/store.h"
#include "verifier/care/trust_take.h"

#include <stdio.h>

int cmd_channel_trust(const struct cli_args *args, struct error *err)
{
	const char *path = cli_text(args, "trust");
	CLEANUP(store_close) struct store *s = store_open(cli_text(args, "repo"), true, err);
	struct channel c;

	if (!s || channel_load_sent(s, args->operands[0], &c, err) < 0)
		return -1;
	CLEANUP(file_close) int from = file_open_dir(path, err);
	uint32_t before = c.trust_version;
	int newer = from < 0 ? -1 : trust_take(s, &c, from, path, err);
	if (newer < 0)
		return -1;
	if (args->json)
		cli_print_json(json_pack("{s:s, s:i, s:b}", "channel", c.name, "trust_version",
					 (int)c.trust_version, "changed", newer));
	else
		printf("channel %s: trust root version %u%s\n", c.name, c.trust_version,
		       newer ? "" : " already");
	if (newer && !args->json)
		printf("before: version %u\n", before);
	return 0;
}
