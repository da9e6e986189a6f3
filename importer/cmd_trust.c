/* trust add, trust replace */
#include "importer/commands.h"
#include "importer/confine.h"
#include "importer/revoked.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/crypto/trust.h"
#include "lib/store/channel.h"
#include "lib/store/store.h"
#include "verifier/care/trust_take.h"
#include "verifier/confine.h"
#include "verifier/prover.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>

struct offer {
	int dir;
	struct trust *trust; /* what the process that read it says of it */
};

static void offer_clear(struct offer *o)
{
	trust_free(o->trust);
	file_close(o->dir);
}
DEFINE_CLEANUP_IN_PLACE(struct offer, offer_clear);

/* The trust directory of a bundle, or the directory itself. */
static int open_place(const char *path, bool of_bundle, struct prover *prover, struct offer *out,
		      struct error *err)
{
	struct error ignored = ERROR_INIT; /* then it is no bundle */
	char inside[PATH_MAX];

	if (of_bundle && (size_t)snprintf(inside, sizeof inside, "%s/trust", path) < sizeof inside)
		out->dir = file_open_dir(inside, &ignored);
	bool found = out->dir >= 0;
	if (!found)
		out->dir = file_open_dir(path, err);
	if (out->dir < 0)
		return -1;
	out->trust = prover_trust(prover, found ? inside : path, path, err);
	return out->trust ? 0 : -1;
}

/* Who reads it has no right to write, and starts before we give up ours to start processes. */
static struct store *open_store(const struct cli_args *args, bool of_bundle, struct offer *offer,
				struct error *err)
{
	CLEANUP(prover_end) struct prover *prover = confine_prover(args, err);

	if (!prover || confine_importer(args, err) < 0)
		return NULL;
	CLEANUP(store_close) struct store *s = store_open(cli_text(args, "repo"), true, err);
	if (!s || open_place(args->operands[0], of_bundle, prover, offer, err) < 0)
		return NULL;
	return STEAL(s);
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
	CLEANUP(offer_clear) struct offer offer = { .dir = -1 };
	CLEANUP(store_close) struct store *s = open_store(args, true, &offer, err);
	struct channel c;

	if (!s || channel_load(s, NULL, &c, err) < 0)
		return -1;
	int newer = trust_take(s, &c, offer.dir, offer.trust, args->operands[0], err);
	return newer < 0 ? -1 : report(args, s, &c, newer ? "taken" : "held already", err);
}

int cmd_trust_replace(const struct cli_args *args, struct error *err)
{
	CLEANUP(offer_clear) struct offer offer = { .dir = -1 };
	CLEANUP(store_close) struct store *s = open_store(args, false, &offer, err);
	struct channel c;

	if (!s || channel_load(s, NULL, &c, err) < 0 ||
	    trust_replace(s, &c, offer.dir, offer.trust, cli_text(args, "fingerprint"),
			  cli_text(args, "reason"), err) < 0)
		return -1;
	return report(args, s, &c, "in place of the old one", err);
}
