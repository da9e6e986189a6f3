/* trust add, trust replace */
#include "importer/commands.h"
#include "importer/revoked.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/store/channel.h"
#include "lib/store/store.h"
#include "verifier/care/trust_take.h"

#include <stdio.h>

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

int cmd_trust_replace(const struct cli_args *args, struct error *err)
{
	const char *path = args->operands[0];
	CLEANUP(store_close) struct store *s = store_open(cli_text(args, "repo"), true, err);
	struct channel c;

	if (!s || channel_load(s, NULL, &c, err) < 0)
		return -1;
	CLEANUP(file_close) int from = file_open_dir(path, err);
	if (from < 0 || trust_replace(s, &c, from, path, cli_text(args, "fingerprint"),
				      cli_text(args, "reason"), err) < 0)
		return -1;
	return report(args, s, &c, "in place of the old one", err);
}
