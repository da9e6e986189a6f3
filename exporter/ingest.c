#include "exporter/ingest.h"

#include "exporter/signature.h"
#include "exporter/survey.h"
#include "lib/base/error.h"
#include "lib/report/report.h"
#include "lib/store/content.h"
#include "lib/store/db.h"
#include "lib/store/gather.h"
#include "lib/store/ledger_rows.h"
#include "lib/store/past.h"
#include "lib/store/rows.h"
#include "lib/store/scrub.h"
#include "lib/store/shard_rows.h"
#include "lib/store/store.h"
#include "lib/store/stored.h"
#include "media/ledger.h"

#include <malloc.h>
#include <string.h>

enum { SHRINK_PERCENT = 90 };

void ingest_clear(struct ingest *in)
{
	wsusscn2_clear(&in->catalog);
	payload_clear(&in->payload);
}

/* A catalog that lost many of its updates since last time is a failure until somebody says not. */
static int check_shrink(struct store *s, struct ingest *in, bool accept, struct error *err)
{
	const struct listing_source *source = &in->catalog.gather->source;
	struct rows_source r = { 0 };
	uint64_t before = 0;
	int row;

	while ((row = rows_next_source(s, &r, err)) == 1)
		if (gather_compare_sources(&r.source, source) == 0 &&
		    rows_count_usable(s, r.id, &before, err) < 0)
			return -1;
	if (row < 0)
		return -1;
	in->shrunk = in->summary.processed * 100 < before * SHRINK_PERCENT;
	if (!in->shrunk || accept)
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

static int add_records(struct store *s, const struct ingest *in, struct error *err)
{
	const struct listing_source *source = &in->catalog.gather->source;
	struct ledger_body body;

	ledger_begin(&body, "ingest");
	ledger_text(&body, "kind", source->kind);
	ledger_text(&body, "series", source->series);
	ledger_text(&body, "name", source->name);
	ledger_digest(&body, "catalog", source->cabinet);
	ledger_number(&body, "processed", in->summary.processed);
	ledger_number(&body, "quarantined", in->summary.quarantined);
	ledger_number(&body, "payload", in->payload.object_count);
	ledger_number(&body, "payload-bytes", in->payload.bytes);
	if (ledger_rows_append(s, body.text, err) < 0)
		return -1;
	if (!in->shrunk)
		return 0;
	ledger_begin(&body, "override");
	ledger_text(&body, "option", "--accept-shrink");
	ledger_text(&body, "name", source->name);
	return ledger_rows_append(s, body.text, err);
}

/* One transaction makes all of it visible. */
static int store_all(struct store *s, struct ingest *in, struct error *err)
{
	CLEANUP(db_scope_end) struct db_scope scope = { store_db(s) };

	if (content_sync(s, err) < 0 || db_begin(scope.db, err) < 0 ||
	    rows_replace(s, in->catalog.gather, in->with_content, err) < 0 ||
	    shard_rows_replace(s, &in->catalog.gather->source, in->catalog.shards,
			       in->catalog.shard_count, err) < 0 ||
	    scrub_drop_lost(s, err) < 0 ||
	    record_objects(s, in->catalog.licences, in->catalog.licence_count, err) < 0 ||
	    record_objects(s, in->payload.objects, in->payload.object_count, err) < 0 ||
	    add_records(s, in, err) < 0)
		return -1;
	return db_commit(scope.db, err);
}

/* What its signature and the catalog before say about it. */
static int compare(struct store *s, struct ingest *in, struct error *err)
{
	struct gather *g = in->catalog.gather;

	/* nobody signs export packages */
	if (!gather_is_full(g))
		survey_signature(g->catalog, g->source.name, &in->signature);
	if (past_compare(s, g, err) < 0)
		return -1;
	catalog_summarize(g->catalog, &in->summary);
	return 0;
}

json_t *ingest_json(const struct ingest *in)
{
	const struct listing_source *source = &in->catalog.gather->source;
	json_t *findings = json_array(), *rejected = json_array(), *missing = json_array();
	const struct payload *p = &in->payload;

	report_findings_json(in->catalog.gather->catalog, findings);
	for (size_t i = 0; i < p->reject_count; i++)
		json_array_append_new(rejected, json_string(p->rejects[i].path));
	for (size_t i = 0; i < sizeof p->missing / sizeof *p->missing && p->missing[i][0]; i++)
		json_array_append_new(missing, json_string(p->missing[i]));
	json_t *out = json_pack("{s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:o, s:I, s:I}",
				"source", source->kind, "series", source->series, "name",
				source->name, "updates", (json_int_t)in->summary.updates,
				"updates_processed", (json_int_t)in->summary.processed,
				"updates_quarantined", (json_int_t)in->summary.quarantined,
				"documents", (json_int_t)in->catalog.gather->entry_count,
				"fragments", (json_int_t)in->catalog.gather->fragment_count,
				"licences", (json_int_t)in->catalog.licence_count, "counts",
				report_counts_json(&in->summary), "findings", findings,
				"unknown_members", (json_int_t)in->catalog.unknown_members,
				"shards_known", (json_int_t)in->catalog.shards_known);
	const struct wsusutil_oddities *o = &in->oddities;
	if (strcmp(source->kind, "wsusutil") == 0)
		json_object_set_new(out, "oddities",
				    json_pack("{s:b, s:b, s:I, s:I}", "byte_order_mark", o->mark,
					      "records_first", o->reversed, "newlines",
					      (json_int_t)o->newlines, "moved",
					      (json_int_t)o->moved));
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

bool ingest_needs_attention(const struct ingest *in)
{
	const struct payload *p = &in->payload;

	return in->summary.errors > 0 || in->catalog.bad_licences > 0 || p->reject_count > 0 ||
	       (in->with_content && p->present < p->wanted);
}

bool ingest_knows(const char *kind)
{
	return strcmp(kind, "wsusscn2") == 0 || strcmp(kind, "wsusutil") == 0;
}

static bool is_package(const struct ingest_request *r)
{
	return strcmp(r->kind, "wsusutil") == 0;
}

static int read_source(struct store *s, const struct ingest_request *r, struct ingest *out,
		       struct error *err)
{
	if (is_package(r))
		return wsusutil_read(s, r->file, r->threads, r->progress, &out->catalog,
				     &out->oddities, err);
	return wsusscn2_read(s, r->file, r->threads, r->progress, &out->catalog, err);
}

int ingest_source(struct store *s, const struct ingest_request *r, struct ingest *out,
		  struct error *err)
{
	*out = (struct ingest){ .with_content = r->content != NULL };
	if (read_source(s, r, out, err) < 0)
		return -1;
	/* The small pieces that workers had, before the database wants memory for its pages. */
	(void)malloc_trim(0);
	const struct catalog *catalog = out->catalog.gather->catalog;
	catalog_summarize(catalog, &out->summary);
	/* Nobody signs an export package. */
	int failed = signature_check(out->catalog.signature, is_package(r) ? NULL : r->roots,
				     r->file, &out->signature, err);
	if (!failed)
		failed = compare(s, out, err);
	if (!failed)
		failed = check_shrink(s, out, r->accept_shrink, err);
	if (!failed && r->content)
		failed = payload_ingest(s, catalog, r->content, r->threads, r->progress,
					&out->payload, err);
	if (!failed)
		failed = store_all(s, out, err);
	if (failed)
		wsusscn2_forget(&out->catalog, s);
	return failed;
}
