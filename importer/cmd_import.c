#include "importer/commands.h"
#include "importer/confine.h"
#include "importer/import.h"
#include "importer/import_ledger.h"
#include "importer/incident.h"
#include "importer/issue.h"
#include "importer/retry.h"
#include "importer/revoked.h"
#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/base/error.h"
#include "lib/base/pool.h"
#include "lib/cli/progress.h"
#include "lib/crypto/authenticode.h"
#include "lib/report/report.h"
#include "lib/sandbox/sandbox.h"
#include "lib/store/channel.h"
#include "lib/store/gather.h"
#include "lib/store/store.h"
#include "lib/unpack/unpack.h"
#include "media/manifest.h"
#include "verifier/care/medium.h"
#include "verifier/care/medium_note.h"
#include "verifier/confine.h"
#include "verifier/prover.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
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

/* A receipt right after the import, when both options ask for it; empty file name otherwise. */
static int issue(const struct cli_args *args, struct store *s, struct issue_result *out,
		 struct error *err)
{
	struct issue_request request = { .key_path = cli_text(args, "receipt-key"),
					 .passphrase = getenv("GAPFERRY_KEY_PASSPHRASE"),
					 .out = cli_text(args, "receipt-out") };

	*out = (struct issue_result){ 0 };
	return request.key_path ? issue_receipt(s, &request, out, err) : 0;
}

static void print_json(const struct import_result *r, const struct retry *again,
		       const struct revoked *revoked, const char *receipt, json_t *incidents)
{
	json_t *findings = json_array(), *also = json_array();

	for (size_t i = 0; i < r->sources.count; i++)
		report_findings_json(r->sources.items[i]->catalog, findings);
	for (size_t i = 0; i < again->count && i < RETRY_MAX; i++)
		json_array_append_new(also, json_integer((json_int_t)again->sequences[i]));
	json_t *out = json_pack(
		"{s:s, s:I, s:I, s:b, s:I, s:I, s:I, s:I, s:I, s:I, s:b, s:o, s:o}", "channel",
		r->channel, "epoch", (json_int_t)r->epoch, "sequence", (json_int_t)r->sequence,
		"already_imported", r->already, "updates_processed", (json_int_t)r->processed,
		"updates_quarantined", (json_int_t)r->quarantined, "objects",
		(json_int_t)r->objects, "bytes", (json_int_t)r->bytes, "new_objects",
		(json_int_t)r->new_objects, "new_bytes", (json_int_t)r->new_bytes, "trust_updated",
		r->trust_updated, "counts", report_counts_json(&r->summary), "findings", findings);
	json_t *more = json_pack("{s:s, s:I, s:I, s:I, s:b, s:o, s:I, s:I, s:I, s:b, s:o}", "kind",
				 r->base ? "increment" : "full", "base", (json_int_t)r->base,
				 "assumed_objects", (json_int_t)r->assumed, "assumed_bytes",
				 (json_int_t)r->assumed_bytes, "overtaken", r->incomplete,
				 "also_imported", also, "dropped", (json_int_t)again->refused,
				 "waiting", (json_int_t)again->waiting, "updates_gone",
				 (json_int_t)(r->gone + again->gone), "shrunk",
				 r->shrunk || again->shrunk, "repaired", repaired_json(r));
	json_object_set_new(out, "landlock", json_integer(sandbox_landlock()));
	json_object_set_new(out, "trust_only", json_boolean(r->trust_only));
	json_object_set_new(out, "revoked_imports", revoked_json(revoked));
	json_object_set(out, "incidents", incidents);
	json_object_set_new(out, "receipt", *receipt ? json_string(receipt) : json_null());
	json_object_update(out, more);
	json_decref(more);
	cli_print_json(out);
}

static void print_retry(const struct import_result *r, const struct retry *again)
{
	uint64_t gone = r->gone + again->gone;

	for (size_t i = 0; i < again->count && i < RETRY_MAX; i++)
		printf("sequence %llu, which waited here, is imported now\n",
		       (unsigned long long)again->sequences[i]);
	if (again->refused)
		printf("%zu waiting bundles may not be imported any more and were dropped\n",
		       again->refused);
	if (again->waiting)
		printf("sequence %llu still waits: see gapferry-import need\n",
		       (unsigned long long)again->waiting);
	if (gone)
		printf("%s%llu updates that could be used before are gone, and the bundle does not "
		       "say that they were withdrawn\n",
		       r->shrunk || again->shrunk ? "WARNING: " : "", (unsigned long long)gone);
}

/* What came is kept, but nothing is published. */
static int fail_incomplete(const struct import_result *r, struct error *err)
{
	char base[64] = "full";

	if (r->base)
		snprintf(base, sizeof base, "builds on sequence %llu", (unsigned long long)r->base);
	return error_set(err, ERROR_IMPORT_INCOMPLETE,
			 "channel %s sequence %llu %s, here is %llu: %zu objects (%llu bytes) and "
			 "%zu listings are lacking; it waits for them",
			 r->channel, (unsigned long long)r->sequence, base,
			 (unsigned long long)r->need.holds, r->need.object_count,
			 (unsigned long long)need_bytes(&r->need), r->need.listing_count);
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
	if (r->incomplete) {
		printf("channel %s sequence %llu is overtaken by a newer one that waited for it\n",
		       r->channel, (unsigned long long)r->sequence);
		return;
	}
	if (r->trust_only) {
		printf("channel %s sequence %llu carries the trust root alone\n%s\n", r->channel,
		       (unsigned long long)r->sequence,
		       r->trust_updated ? "it is newer and used from now on"
					: "it is held already");
		return;
	}
	for (size_t i = 0; i < r->sources.count; i++)
		report_findings_text(stdout, r->sources.items[i]->catalog);
	if (r->base)
		printf("increment on sequence %llu: %llu objects, %llu bytes were here already\n",
		       (unsigned long long)r->base, (unsigned long long)r->assumed,
		       (unsigned long long)r->assumed_bytes);
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

static bool is_lacking(const struct error *err)
{
	return err->id == ERROR_IMPORT_VOLUMES || err->id == ERROR_IMPORT_DAMAGED;
}

/* The media of the bundle that the ledger knows of: handed over, or read here. */
static void show_known(const struct cli_args *args, struct store *s, const char *bundle)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(1u << 20);
	struct error ignored = ERROR_INIT; /* it is only a help */
	char *rest, *line;

	if (!bundle[0] || medium_note_known(s, bundle, &text, &ignored) < 0 ||
	    buf_append(&text, "", 1, &ignored) < 0) {
		error_clear(&ignored);
		return;
	}
	rest = (char *)text.bytes;
	while ((line = strsep(&rest, "\n")) && line[0])
		cli_note(args, "known medium of %s: %s", bundle, line);
}

/* Whether another medium helps; then it is asked for.  STOPPED when nobody answers. */
static bool next_medium(const struct cli_args *args, struct store *s,
			const struct import_request *request, const char *bundle, struct error *err)
{
	char line[256];

	if (!is_attended(args))
		return false;
	if (!is_lacking(err) &&
	    (!request->wanted || (err->id != ERROR_BUNDLE_OTHER && err->id != ERROR_BUNDLE_ABSENT)))
		return false;
	cli_note(args, "%s", err->message);
	show_known(args, s, bundle);
	cli_note(args, "change the medium at %s and press Enter (or end with Ctrl-C)",
		 request->places[0]);
	error_clear(err);
	if (fgets(line, sizeof line, stdin))
		return true;
	error_set(err, ERROR_STOPPED, "stopped while waiting for a medium");
	return false;
}

/* The options describe the first medium; seal and carrier may be those of all. */
static void detect_next(const struct cli_args *args, const struct import_request *request,
			struct medium *medium)
{
	*medium = (struct medium){ .seal = cli_text(args, "seal"),
				   .carrier = cli_text(args, "carrier") };
	medium_detect(&medium_here, request->places[0], medium);
}

static int import(struct store *s, const struct cli_args *args, struct import_request *request,
		  struct medium *medium, struct import_result *result, struct error *err)
{
	char bundle[MANIFEST_DIRECTORY_SIZE] = "";
	unsigned char wanted[32];

	while (import_bundle(s, request, result, err) < 0) {
		if (is_lacking(err)) {
			memcpy(wanted, result->manifest, sizeof wanted);
			request->wanted = wanted;
			import_ledger_name(result, bundle);
			if (!args->json)
				fwrite(result->missing.bytes, 1, result->missing.len, stdout);
		}
		import_ledger_refuse(s, request, result, err);
		if (!next_medium(args, s, request, bundle, err))
			return -1;
		detect_next(args, request, medium);
		import_clear(result);
	}
	return 0;
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

/* It is imported by now, whatever is wrong with the ledger. */
static json_t *reported(struct store *s, const struct cli_args *args)
{
	struct error problem = ERROR_INIT;
	json_t *incidents = incident_list(s, &problem);

	if (incidents)
		return incidents;
	cli_note(args, "ATTENTION: %s", problem.message);
	return json_array();
}

int cmd_import(const struct cli_args *args, struct error *err)
{
	CLEANUP(import_clear) struct import_result result = { 0 };
	struct issue_result receipt;
	struct progress progress = { 0 };
	struct import_request request = { .places = args->operands,
					  .place_count = args->operand_count,
					  .progress = &progress };
	struct revoked revoked;
	struct channel channel;
	struct retry again;
	struct medium medium;
	uint64_t threads;

	if (cli_number(args, "threads", 1, 64, pool_default_threads(), &threads, err) < 0 ||
	    medium_read(args, &medium_here, request.places[0], &medium, err) < 0)
		return -1;
	request.threads = (unsigned)threads;
	/* Before anything else is open, and before this process may start none any more. */
	CLEANUP(prover_end) struct prover *prover = confine_prover(args, err);
	if (!prover)
		return -1;
	CLEANUP(unpack_free)
	struct unpack *unpack = unpack_new(
		&(struct unpack_options){ .workers = request.threads, .separate = true }, err);
	if (!unpack || confine_importer(args, err) < 0)
		return -1;
	request.prover = prover;
	request.repo = cli_text(args, "repo");
	request.unpack = unpack;
	request.permission = cli_text(args, "override");
	if (!cli_text(args, "receipt-key") != !cli_text(args, "receipt-out"))
		return error_set(err, ERROR_USAGE, "--receipt-key and --receipt-out go together");
	request.medium = &medium;
	request.started = clock_ticks();
	CLEANUP(authenticode_roots_free) struct authenticode_roots *roots = NULL;
	if (open_roots(args, &roots, err) < 0)
		return -1;
	request.roots = roots;
	CLEANUP(store_close) struct store *s = store_open(cli_text(args, "repo"), true, err);
	if (!s)
		return -1;
	if (import(s, args, &request, &medium, &result, err) < 0)
		return -1;
	if (retry_all(s, cli_text(args, "repo"), &request, &result, &again, err) < 0 ||
	    issue(args, s, &receipt, err) < 0 || channel_load(s, NULL, &channel, err) < 0 ||
	    revoked_load(s, &channel, &revoked, err) < 0)
		return -1;
	if (result.incomplete && again.count == 0)
		return fail_incomplete(&result, err);
	json_t *incidents = reported(s, args);
	if (args->json) {
		print_json(&result, &again, &revoked, receipt.file, incidents);
	} else {
		print_text(&result);
		print_retry(&result, &again);
		revoked_print(&revoked);
		if (*receipt.file)
			printf("receipt: %s/%s\n", cli_text(args, "receipt-out"), receipt.file);
		incident_print(incidents);
	}
	json_decref(incidents);
	bool noted = result.summary.errors + again.errors > 0 || result.shrunk || again.shrunk;
	return noted || revoked.count > 0 || result.repaired_count > 0 ? CLI_FINDINGS : 0;
}
