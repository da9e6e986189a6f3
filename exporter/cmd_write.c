#include "exporter/bundle.h"
#include "exporter/bundle_json.h"
#include "exporter/chosen.h"
#include "exporter/commands.h"
#include "exporter/wish.h"
#include "lib/base/error.h"
#include "lib/base/pool.h"
#include "lib/base/str.h"
#include "lib/cli/progress.h"
#include "lib/crypto/digest.h"
#include "lib/select/rules.h"
#include "lib/store/store.h"
#include "media/parity.h"
#include "media/profile.h"
#include "verifier/care/medium.h"

#include <stdio.h>
#include <stdlib.h>

static void report(const struct cli_args *args, const struct bundle_result *r)
{
	char hex[DIGEST_HEX];

	str_to_hex(r->manifest, DIGEST_SHA256, hex);
	if (args->json) {
		json_t *out = bundle_json(r);

		json_object_set_new(out, "channel", json_string(args->operands[0]));
		cli_print_json(out);
		return;
	}
	printf("bundle: %s\n", r->path);
	if (r->base)
		printf("increment on sequence %llu (%s): %llu objects, %llu bytes are left out\n",
		       (unsigned long long)r->base, r->why, (unsigned long long)r->assumed,
		       (unsigned long long)r->assumed_bytes);
	else
		printf("full bundle (%s)\n", r->why);
	printf("sequence %llu, %u volumes, %llu objects, %llu bytes\nMANIFEST SHA-256 "
	       "%s\n"
	       "%s builder %s; an approver must sign before it can be imported\n",
	       (unsigned long long)r->sequence, r->volumes, (unsigned long long)r->objects,
	       (unsigned long long)r->bytes, hex,
	       cli_text(args, "export-tbs") ? "to be signed elsewhere by" : "signed by", r->signer);
	if (r->missing)
		printf("%zu payload files are missing in this bundle\n", r->missing);
}

int cmd_write(const struct cli_args *args, struct error *err)
{
	const char *media = cli_text(args, "media");
	struct progress progress;
	struct bundle_request request = { .channel = args->operands[0],
					  .out = cli_text(args, "out"),
					  .incomplete = cli_flag(args, "incomplete"),
					  .trust_only = cli_flag(args, "trust-only"),
					  .parity = !cli_flag(args, "no-parity"),
					  .progress = &progress };
	const char *selection = cli_text(args, "selection");
	struct bundle_result result;
	struct rules rules = { .count = 0 };
	struct medium medium;
	uint64_t threads, days, spares;

	if (cli_number(args, "threads", 1, 64, pool_default_threads(), &threads, err) < 0 ||
	    cli_number(args, "spare", 0, PARITY_SPARES, 0, &spares, err) < 0 ||
	    cli_number(args, "expires-days", 1, 36500, 90, &days, err) < 0 ||
	    profile_volume_limit(media ? media : "usb", &request.volume_limit, err) < 0 ||
	    medium_read(args, &medium_here, request.out, &medium, err) < 0)
		return -1;
	if (wish_read(args, &request.wish, err) < 0 ||
	    elsewhere_choose(args, &request.signer, err) < 0)
		return -1;
	if (request.trust_only && (request.wish.full || request.wish.since > 0))
		return error_set(err, ERROR_USAGE, "--trust-only leaves everything out already");
	if (request.trust_only && selection)
		return error_set(err, ERROR_USAGE, "--trust-only carries no content to choose");
	if (selection && chosen_read(selection, &rules, err) < 0)
		return -1;
	request.selection = selection ? &rules : NULL;
	request.medium = &medium;
	request.threads = (unsigned)threads;
	request.spares = (unsigned)spares;
	request.valid_seconds = (int64_t)days * 86400;
	CLEANUP(store_close) struct store *s = store_open(cli_text(args, "repo"), true, err);
	if (!s || bundle_write(s, &request, &result, err) < 0)
		return -1;
	report(args, &result);
	return 0;
}
