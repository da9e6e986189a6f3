#include "exporter/commands.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/crypto/trust.h"
#include "lib/store/channel.h"
#include "lib/store/store.h"
#include "verifier/care/trust_take.h"
#include "verifier/confine.h"
#include "verifier/prover.h"

#include <stdio.h>

/* 1 when there is another version now, 0, -1. */
static int take(const struct cli_args *args, struct store *s, struct channel *c, int from,
		const struct trust *offered, struct error *err)
{
	const char *path = cli_text(args, "trust"), *fingerprint = cli_text(args, "replace");
	const char *reason = cli_text(args, "reason");

	if (!fingerprint != !reason)
		return error_set(err, ERROR_USAGE, "--replace and --reason go together");
	if (!fingerprint)
		return trust_take(s, c, from, offered, path, err);
	return trust_replace(s, c, from, offered, fingerprint, reason, err) < 0 ? -1 : 1;
}

int cmd_channel_trust(const struct cli_args *args, struct error *err)
{
	const char *path = cli_text(args, "trust");
	CLEANUP(prover_end) struct prover *prover = confine_prover(args, err);
	if (!prover || args->program->confine(args, err) < 0)
		return -1;
	CLEANUP(store_close) struct store *s = store_open(cli_text(args, "repo"), true, err);
	struct channel c;

	if (!s || channel_load_sent(s, args->operands[0], &c, err) < 0)
		return -1;
	CLEANUP(file_close) int from = file_open_dir(path, err);
	CLEANUP(trust_free)
	struct trust *offered = from < 0 ? NULL : prover_trust(prover, path, path, err);
	uint32_t before = c.trust_version;
	int changed = offered ? take(args, s, &c, from, offered, err) : -1;
	if (changed < 0)
		return -1;
	if (args->json)
		cli_print_json(json_pack("{s:s, s:i, s:i, s:b}", "channel", c.name, "trust_version",
					 (int)c.trust_version, "trust_version_before", (int)before,
					 "changed", changed));
	else if (changed)
		printf("channel %s: trust root version %u, before %u\n", c.name, c.trust_version,
		       before);
	else
		printf("channel %s: trust root version %u already\n", c.name, c.trust_version);
	return 0;
}
