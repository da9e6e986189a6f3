#include "exporter/commands.h"
#include "exporter/payload.h"
#include "exporter/signature.h"
#include "exporter/wsusscn2.h"
#include "lib/base/error.h"
#include "lib/base/pool.h"
#include "lib/catalog/catalog.h"
#include "lib/cli/progress.h"
#include "lib/report/report.h"
#include "lib/store/content.h"
#include "lib/store/db.h"
#include "lib/store/gather.h"
#include "lib/store/rows.h"
#include "lib/store/store.h"
#include "lib/store/stored.h"

#include <stdio.h>
#include <string.h>

enum { SHRINK_PERCENT = 90, REJECTS_SHOWN = 20 };

struct ingest {
	struct store *store;
	struct wsusscn2 catalog;
	struct payload payload;
	struct authenticode_roots *roots; /* NULL: none pinned */
	struct authenticode_verdict signature;
	struct catalog_summary summary;
	const char *content; /* folder, or NULL */
};

static void ingest_clear(struct ingest *in)
{
	wsusscn2_clear(&in->catalog);
	payload_clear(&in->payload);
	authenticode_roots_free(in->roots);
	store_close(in->store);
}
DEFINE_CLEANUP_IN_PLACE(struct ingest, ingest_clear);

/* A catalog that lost many of its updates since last time is a failure until somebody says not. */
static int check_shrink(const struct cli_args *args, const struct ingest *in, struct error *err)
{
	const struct listing_source *source = &in->catalog.gather->source;
	struct rows_source r = { 0 };
	uint64_t before = 0;
	int row;

	while ((row = rows_next_source(in->store, &r, err)) == 1)
		if (gather_compare_sources(&r.source, source) == 0 &&
		    rows_count_usable(in->store, r.id, &before, err) < 0)
			return -1;
	if (row < 0)
		return -1;
	if (in->summary.processed * 100 >= before * SHRINK_PERCENT ||
	    cli_flag(args, "accept-shrink"))
		return 0;
	return error_set(err, ERROR_SCAN_SHRUNK, "%s: %zu usable updates, there were %llu before",
			 source->name, in->summary.processed, (unsigned long long)before);
}

static int record_objects(struct store *s, struct stored_object *objects, size_t count,
			  struct error *err)
{
	for (size_t i = 0; i < count; i++) {
		objects[i].id = 0;
		if (stored_record(s, &objects[i], err) < 0)
			return -1;
	}
	return 0;
}

/* One transaction makes all of it visible. */
static int store_all(struct ingest *in, struct error *err)
{
	CLEANUP(db_scope_end) struct db_scope scope = { store_db(in->store) };

	if (content_sync(in->store, err) < 0 || db_begin(scope.db, err) < 0 ||
	    rows_replace(in->store, in->catalog.gather, in->content != NULL, err) < 0 ||
	    record_objects(in->store, in->catalog.licences, in->catalog.licence_count, err) < 0 ||
	    record_objects(in->store, in->payload.objects, in->payload.object_count, err) < 0)
		return -1;
	return db_commit(scope.db, err);
}

static json_t *result_json(const struct ingest *in)
{
	const struct listing_source *source = &in->catalog.gather->source;
	json_t *findings = json_array(), *rejected = json_array(), *missing = json_array();
	const struct payload *p = &in->payload;

	report_findings_json(in->catalog.gather->catalog, findings);
	for (size_t i = 0; i < p->reject_count; i++)
		json_array_append_new(rejected, json_string(p->rejects[i].path));
	for (size_t i = 0; i < sizeof p->missing / sizeof *p->missing && p->missing[i][0]; i++)
		json_array_append_new(missing, json_string(p->missing[i]));
	json_t *out = json_pack("{s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:o, s:I}",
				"source", source->kind, "series", source->series, "name",
				source->name, "updates", (json_int_t)in->summary.updates,
				"updates_processed", (json_int_t)in->summary.processed,
				"updates_quarantined", (json_int_t)in->summary.quarantined,
				"documents", (json_int_t)in->catalog.gather->entry_count,
				"fragments", (json_int_t)in->catalog.gather->fragment_count,
				"licences", (json_int_t)in->catalog.licence_count, "counts",
				report_counts_json(&in->summary), "findings", findings,
				"unknown_members", (json_int_t)in->catalog.unknown_members);
	json_object_set_new(out, "authenticode", signature_json(&in->signature));
	json_object_set_new(
		out, "payload",
		json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:o}", "taken",
			  (json_int_t)p->object_count, "bytes", (json_int_t)p->bytes, "wanted",
			  (json_int_t)p->wanted, "present", (json_int_t)p->present, "unreferenced",
			  (json_int_t)p->unreferenced, "bad_signatures",
			  (json_int_t)p->bad_signatures, "rejected", rejected, "missing", missing));
	return out;
}

static void payload_text(const struct ingest *in)
{
	const struct payload *p = &in->payload;

	printf("payload: %zu files taken (%llu bytes), %zu of %zu wanted are here, %llu files not "
	       "asked for\n",
	       p->object_count, (unsigned long long)p->bytes, p->present, p->wanted,
	       (unsigned long long)p->unreferenced);
	for (size_t i = 0; i < p->reject_count && i < REJECTS_SHOWN; i++)
		printf("  rejected: %s%s\n", p->rejects[i].reason ?: p->rejects[i].path,
		       p->rejects[i].reason
			       ? ""
			       : " has the name of a payload file, but not its digest");
	for (size_t i = 0; i < sizeof p->missing / sizeof *p->missing && p->missing[i][0]; i++)
		printf("  missing: %s\n", p->missing[i]);
}

static void result_text(const struct ingest *in)
{
	const struct listing_source *source = &in->catalog.gather->source;

	report_findings_text(stdout, in->catalog.gather->catalog);
	signature_text(&in->signature, source->name);
	printf("%s: %s catalog, %zu documents, %zu distinct fragments in %zu packs, %zu licence "
	       "texts\n",
	       source->name, source->kind, in->catalog.gather->entry_count,
	       in->catalog.gather->fragment_count, in->catalog.gather->pack_count,
	       in->catalog.licence_count);
	if (in->content)
		payload_text(in);
	report_summary_text(stdout, &in->summary);
}

static bool needs_attention(const struct ingest *in)
{
	const struct payload *p = &in->payload;

	return in->summary.errors > 0 || in->catalog.bad_licences > 0 || p->reject_count > 0 ||
	       (in->content && p->present < p->wanted);
}

static int read_all(const struct cli_args *args, struct ingest *in, struct error *err)
{
	struct progress progress;
	uint64_t threads;

	if (cli_number(args, "threads", 1, 64, pool_default_threads(), &threads, err) < 0)
		return -1;
	if (signature_roots(args, &in->roots, err) < 0)
		return -1;
	in->content = cli_text(args, "content");
	in->store = store_open(cli_text(args, "repo"), true, err);
	if (!in->store || wsusscn2_read(in->store, args->operands[1], (unsigned)threads, &progress,
					&in->catalog, err) < 0)
		return -1;
	const struct catalog *catalog = in->catalog.gather->catalog;
	catalog_summarize(catalog, &in->summary);
	int failed = signature_check(in->catalog.signature, in->roots, args->operands[1],
				     &in->signature, err);
	if (!failed)
		failed = check_shrink(args, in, err);
	if (!failed && in->content)
		failed = payload_ingest(in->store, catalog, in->content, (unsigned)threads,
					&progress, &in->payload, err);
	if (!failed)
		failed = store_all(in, err);
	if (failed)
		wsusscn2_forget(&in->catalog, in->store);
	return failed;
}

int cmd_ingest(const struct cli_args *args, struct error *err)
{
	CLEANUP(ingest_clear) struct ingest in = { 0 };

	if (strcmp(args->operands[0], "wsusscn2") != 0)
		return error_set(err, ERROR_USAGE, "unknown kind of source '%s': wsusscn2 is known",
				 args->operands[0]);
	if (read_all(args, &in, err) < 0)
		return -1;
	if (args->json)
		cli_print_json(result_json(&in));
	else
		result_text(&in);
	return needs_attention(&in) ? CLI_FINDINGS : 0;
}
