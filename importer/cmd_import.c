#include "importer/commands.h"
#include "importer/import.h"
#include "lib/base/error.h"
#include "lib/base/pool.h"
#include "lib/cli/progress.h"
#include "lib/crypto/authenticode.h"
#include "lib/report/report.h"
#include "lib/store/gather.h"
#include "lib/store/store.h"

#include <stdio.h>

static void print_json(const struct import_result *r)
{
	json_t *findings = json_array();

	for (size_t i = 0; i < r->sources.count; i++)
		report_findings_json(r->sources.items[i]->catalog, findings);
	cli_print_json(json_pack(
		"{s:s, s:I, s:I, s:b, s:I, s:I, s:I, s:I, s:I, s:I, s:b, s:o, s:o}", "channel",
		r->channel, "epoch", (json_int_t)r->epoch, "sequence", (json_int_t)r->sequence,
		"already_imported", r->already, "updates_processed", (json_int_t)r->processed,
		"updates_quarantined", (json_int_t)r->quarantined, "objects",
		(json_int_t)r->objects, "bytes", (json_int_t)r->bytes, "new_objects",
		(json_int_t)r->new_objects, "new_bytes", (json_int_t)r->new_bytes, "trust_updated",
		r->trust_updated, "counts", report_counts_json(&r->summary), "findings", findings));
}

static void print_text(const struct import_result *r)
{
	if (r->already) {
		printf("channel %s sequence %llu was imported before (%llu updates processed, "
		       "%llu quarantined); nothing to do\n",
		       r->channel, (unsigned long long)r->sequence,
		       (unsigned long long)r->processed, (unsigned long long)r->quarantined);
		return;
	}
	for (size_t i = 0; i < r->sources.count; i++)
		report_findings_text(stdout, r->sources.items[i]->catalog);
	printf("channel %s sequence %llu: %llu objects, %llu bytes, of which %llu objects, %llu "
	       "bytes are new\n",
	       r->channel, (unsigned long long)r->sequence, (unsigned long long)r->objects,
	       (unsigned long long)r->bytes, (unsigned long long)r->new_objects,
	       (unsigned long long)r->new_bytes);
	if (r->trust_updated)
		printf("the bundle brought a newer trust root, which is used from now on\n");
	report_summary_text(stdout, &r->summary);
}

static int open_roots(const struct cli_args *args, struct authenticode_roots **out,
		      struct error *err)
{
	const char *path = cli_text(args, "microsoft-roots");

	if (!path)
		return 0;
	*out = authenticode_roots_open(&path, 1, err);
	return *out ? 0 : -1;
}

int cmd_import(const struct cli_args *args, struct error *err)
{
	CLEANUP(import_clear) struct import_result result = { 0 };
	struct progress progress = { 0 };
	struct import_request request = { .path = args->operands[0], .progress = &progress };
	uint64_t threads;

	if (cli_number(args, "threads", 1, 64, pool_default_threads(), &threads, err) < 0)
		return -1;
	request.threads = (unsigned)threads;
	CLEANUP(authenticode_roots_free) struct authenticode_roots *roots = NULL;
	if (open_roots(args, &roots, err) < 0)
		return -1;
	request.roots = roots;
	CLEANUP(store_close) struct store *s = store_open(cli_text(args, "repo"), true, err);
	if (!s || import_bundle(s, &request, &result, err) < 0)
		return -1;
	if (args->json)
		print_json(&result);
	else
		print_text(&result);
	return result.summary.errors > 0 ? CLI_FINDINGS : 0;
}
