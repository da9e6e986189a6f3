#include "exporter/approve.h"
#include "exporter/commands.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/kind.h"
#include "lib/base/pool.h"
#include "lib/base/str.h"
#include "lib/cli/progress.h"
#include "lib/crypto/trust.h"
#include "lib/report/report.h"
#include "lib/store/gather.h"
#include "lib/store/ledger_rows.h"
#include "lib/store/store.h"
#include "media/ledger.h"
#include "media/manifest.h"
#include "media/object_table.h"
#include "verifier/verify.h"

#include <stdio.h>
#include <stdlib.h>

static json_t *content_json(const struct approve *a, const char *holder)
{
	const struct manifest *m = verify_manifest(a->bundle);
	json_t *findings = json_array();
	char sites[MANIFEST_SITES_SIZE];

	manifest_sites(m, sites);
	for (size_t i = 0; i < a->sources.count; i++)
		report_findings_json(a->sources.items[i]->catalog, findings);
	return json_pack(
		"{s:s, s:s, s:I, s:I, s:I, s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, "
		"s:o, s:s?}",
		"bundle", verify_path(a->bundle), "kind", m->increment ? "increment" : "full",
		"base", (json_int_t)m->base, "assumed_objects", (json_int_t)m->assumed,
		"assumed_bytes", (json_int_t)m->assumed_bytes, "channel", m->channel, "audience",
		sites, "epoch", (json_int_t)m->epoch, "sequence", (json_int_t)m->sequence,
		"volumes", (json_int_t)m->volumes, "objects", (json_int_t)m->objects, "bytes",
		(json_int_t)m->object_bytes, "updates_processed", (json_int_t)a->summary.processed,
		"updates_quarantined", (json_int_t)a->summary.quarantined, "findings", findings,
		"approved_by", holder);
}

static void sources_text(const struct approve *a)
{
	for (size_t i = 0; i < a->sources.count; i++) {
		const struct gather *g = a->sources.items[i];
		char created[STR_TIME_SIZE] = "no date";

		if (g->source.created >= 0)
			str_from_time(g->source.created, created);
		printf("  source %s (%s), %s, %zu documents\n", g->source.name, g->source.kind,
		       created, g->entry_count);
	}
}

static void content_text(const struct approve *a)
{
	const struct manifest *m = verify_manifest(a->bundle);
	const struct object_table *t = verify_objects(a->bundle);
	uint64_t counts[OBJECT_KINDS] = { 0 }, bytes[OBJECT_KINDS] = { 0 };
	char created[STR_TIME_SIZE], expires[STR_TIME_SIZE], sites[MANIFEST_SITES_SIZE];

	manifest_sites(m, sites);
	str_from_time(m->created, created);
	str_from_time(m->expires, expires);
	printf("bundle %s\nchannel %s to %s, epoch %u, sequence %llu\nmade %s, expires %s\n",
	       verify_path(a->bundle), m->channel, sites, m->epoch, (unsigned long long)m->sequence,
	       created, expires);
	if (m->increment)
		printf("increment on sequence %llu: %llu objects, %llu bytes are left out because "
		       "the sites have them\n",
		       (unsigned long long)m->base, (unsigned long long)m->assumed,
		       (unsigned long long)m->assumed_bytes);
	for (size_t i = 0; i < m->withdrawn_count; i++)
		printf("  withdrawn: catalog %s %s\n", m->withdrawn[i].kind,
		       m->withdrawn[i].series);
	sources_text(a);
	for (size_t i = 0; i < object_table_count(t); i++) {
		struct object_part p = object_table_get(t, i);

		counts[p.kind] += p.part <= 1;
		bytes[p.kind] += p.length;
	}
	for (int k = 0; k < OBJECT_KINDS; k++)
		printf("  %-8s %8llu objects %14llu bytes\n", object_kind_name((enum object_kind)k),
		       (unsigned long long)counts[k], (unsigned long long)bytes[k]);
	for (size_t i = 0; i < a->sources.count; i++)
		report_findings_text(stdout, a->sources.items[i]->catalog);
	report_summary_text(stdout, &a->summary);
}

static int add_record(struct store *s, const struct approve *a, const struct approve_signer *by,
		      struct error *err)
{
	char name[MANIFEST_DIRECTORY_SIZE], signer[KEY_HOLDER_SIZE + KEY_SHORT_SIZE + 16];
	struct ledger_body body;

	manifest_directory(verify_manifest(a->bundle), name);
	ledger_begin(&body, "approve");
	ledger_text(&body, "bundle", name);
	ledger_digest(&body, "manifest", verify_manifest_digest(a->bundle));
	snprintf(signer, sizeof signer, "%s %s %s", key_role_name(by->role), by->holder,
		 by->short_id);
	ledger_text(&body, "signer", signer);
	return ledger_rows_add(s, body.text, err);
}

/* The signature counts whether or not it can be recorded here: a medium may be approved anywhere.
 */
static void record_approval(const struct cli_args *args, const struct approve *a,
			    const struct approve_signer *by)
{
	const char *repo = cli_text(args, "repo");
	struct error err = ERROR_INIT;

	if (!repo)
		return;
	CLEANUP(store_close) struct store *s = store_open(repo, true, &err);
	if (!s || add_record(s, a, by, &err) < 0)
		cli_note(args, "the approval is not in the ledger of %s: %s", repo, err.message);
	error_clear(&err);
}

int cmd_approve(const struct cli_args *args, struct error *err)
{
	const char *repo = cli_text(args, "repo");
	struct progress progress;
	struct elsewhere_choice signer;
	uint64_t threads;
	struct approve_signer by;

	if (cli_number(args, "threads", 1, 64, pool_default_threads(), &threads, err) < 0 ||
	    elsewhere_choose(args, &signer, err) < 0)
		return -1;
	CLEANUP(file_close) int dir = file_open_dir(cli_text(args, "trust"), err);
	CLEANUP(trust_free)
	struct trust *trust = dir < 0 ? NULL : trust_load(dir, cli_text(args, "trust"), err);
	CLEANUP(store_close)
	struct store *base = trust && repo ? store_open(repo, false, err) : NULL;
	/* Last, so that it is released first: the bundle borrows the trust root. */
	CLEANUP(approve_clear) struct approve a = { 0 };
	if (!trust || (repo && !base))
		return -1;
	struct approve_request request = { .path = args->operands[0],
					   .trust = trust,
					   .base = base,
					   .threads = (unsigned)threads,
					   .progress = &progress };
	if (approve_read(&request, &a, err) < 0)
		return -1;
	if (!args->json)
		content_text(&a);
	if (approve_sign(&a, &signer, &by, err) < 0)
		return -1;
	if (!signer.export_tbs)
		record_approval(args, &a, &by);
	if (args->json)
		cli_print_json(content_json(&a, signer.export_tbs ? NULL : by.holder));
	else if (signer.export_tbs)
		printf("everything was read and agrees; %s is for %s to sign elsewhere\n",
		       signer.export_tbs, by.holder);
	else
		printf("everything was read and agrees; approved by %s\n", by.holder);
	return 0;
}
