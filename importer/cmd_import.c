#include "importer/commands.h"
#include "importer/import.h"
#include "lib/base/error.h"
#include "lib/base/pool.h"
#include "lib/cli/progress.h"
#include "lib/report/report.h"
#include "lib/store/gather.h"
#include "lib/store/store.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static json_t *repaired_json(const struct import_result *r)
{
	json_t *all = json_array();

	for (size_t i = 0; i < r->repaired_count; i++) {
		const struct repair_found *f = &r->repaired[i];

		json_array_append_new(all, json_pack("{s:i, s:I, s:s, s:I, s:I, s:I, s:I, s:s}",
						     "volume", (int)f->volume, "chunk",
						     (json_int_t)f->chunk, "source",
						     f->from_spare ? "spare" : "parity", "first",
						     (json_int_t)f->damage.ranges[0].first, "last",
						     (json_int_t)f->damage.last, "bytes",
						     (json_int_t)f->damage.bytes, "bits",
						     (json_int_t)f->damage.bits, "cause",
						     damage_cause_name(f->damage.cause)));
	}
	return all;
}

static void print_repaired(const struct import_result *r)
{
	for (size_t i = 0; i < r->repaired_count; i++) {
		const struct repair_found *f = &r->repaired[i];
		char damage[DAMAGE_TEXT];

		damage_describe(&f->damage, damage);
		printf("repaired vol-%04u.tar chunk %06zu from %s: %s\n", f->volume, f->chunk,
		       f->from_spare ? "spare volumes" : "parity", damage);
	}
	if (r->repaired_count > 0)
		printf("%zu chunks were damaged on the medium and rebuilt: copy it, or ask for a "
		       "new one\n",
		       r->repaired_count);
}

static void print_json(const struct import_result *r)
{
	json_t *findings = json_array();

	for (size_t i = 0; i < r->sources.count; i++)
		report_findings_json(r->sources.items[i]->catalog, findings);
	cli_print_json(json_pack(
		"{s:s, s:I, s:I, s:b, s:I, s:I, s:I, s:I, s:I, s:I, s:b, s:o, s:o, s:o}", "channel",
		r->channel, "epoch", (json_int_t)r->epoch, "sequence", (json_int_t)r->sequence,
		"already_imported", r->already, "updates_processed", (json_int_t)r->processed,
		"updates_quarantined", (json_int_t)r->quarantined, "objects",
		(json_int_t)r->objects, "bytes", (json_int_t)r->bytes, "new_objects",
		(json_int_t)r->new_objects, "new_bytes", (json_int_t)r->new_bytes, "trust_updated",
		r->trust_updated, "counts", report_counts_json(&r->summary), "findings", findings,
		"repaired", repaired_json(r)));
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
	print_repaired(r);
	if (r->trust_updated)
		printf("the bundle brought a newer trust root, which is used from now on\n");
	report_summary_text(stdout, &r->summary);
}

/* ---- changing media ---- */

static bool is_attended(const struct cli_args *args)
{
	return !args->json && isatty(STDIN_FILENO) && isatty(STDERR_FILENO);
}

/* Whether another medium helps; then it is asked for.  STOPPED when nobody answers. */
static bool next_medium(const struct cli_args *args, const struct import_request *request,
			struct error *err)
{
	char line[256];

	if (!is_attended(args))
		return false;
	if (err->id != ERROR_IMPORT_VOLUMES && err->id != ERROR_IMPORT_DAMAGED &&
	    (!request->wanted || (err->id != ERROR_BUNDLE_OTHER && err->id != ERROR_BUNDLE_ABSENT)))
		return false;
	cli_note(args, "%s", err->message);
	cli_note(args, "change the medium at %s and press Enter (or end with Ctrl-C)",
		 request->places[0]);
	error_clear(err);
	if (fgets(line, sizeof line, stdin))
		return true;
	error_set(err, ERROR_STOPPED, "stopped while waiting for a medium");
	return false;
}

static int import(struct store *s, const struct cli_args *args, struct import_request *request,
		  struct import_result *result, struct error *err)
{
	unsigned char wanted[32];

	while (import_bundle(s, request, result, err) < 0) {
		if (err->id == ERROR_IMPORT_VOLUMES || err->id == ERROR_IMPORT_DAMAGED) {
			memcpy(wanted, result->manifest, sizeof wanted);
			request->wanted = wanted;
			if (!args->json)
				fwrite(result->missing.bytes, 1, result->missing.len, stdout);
		}
		if (!next_medium(args, request, err))
			return -1;
		import_clear(result);
	}
	return 0;
}

int cmd_import(const struct cli_args *args, struct error *err)
{
	CLEANUP(import_clear) struct import_result result = { 0 };
	struct progress progress = { 0 };
	struct import_request request = { .places = args->operands,
					  .place_count = args->operand_count,
					  .progress = &progress };
	uint64_t threads;

	if (cli_number(args, "threads", 1, 64, pool_default_threads(), &threads, err) < 0)
		return -1;
	request.threads = (unsigned)threads;
	CLEANUP(store_close) struct store *s = store_open(cli_text(args, "repo"), true, err);
	if (!s || import(s, args, &request, &result, err) < 0)
		return -1;
	if (args->json)
		print_json(&result);
	else
		print_text(&result);
	return result.summary.errors > 0 || result.repaired_count > 0 ? CLI_FINDINGS : 0;
}
