#include "exporter/commands.h"
#include "exporter/ingest.h"
#include "exporter/signature.h"
#include "lib/base/error.h"
#include "lib/base/pool.h"
#include "lib/cli/progress.h"
#include "lib/report/report.h"
#include "lib/store/gather.h"
#include "lib/store/store.h"

#include <stdio.h>
#include <string.h>

enum { REJECTS_SHOWN = 20 };

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

static void oddities_text(const struct wsusutil_oddities *o)
{
	if (o->mark)
		printf("note: metadata.txt begins with a byte order mark\n");
	if (o->reversed)
		printf("note: metadata.txt comes before package.xml\n");
	if (o->newlines)
		printf("note: %llu records end with LF in place of CR LF\n",
		       (unsigned long long)o->newlines);
	if (o->moved)
		printf("note: %llu records are at another place than in package.xml\n",
		       (unsigned long long)o->moved);
}

static void result_text(const struct ingest *in)
{
	const struct listing_source *source = &in->catalog.gather->source;

	report_findings_text(stdout, in->catalog.gather->catalog);
	signature_text(&in->signature, source->name);
	oddities_text(&in->oddities);
	printf("%s: %s catalog, %zu documents, %zu distinct fragments in %zu packs, %zu licence "
	       "texts\n",
	       source->name, source->kind, in->catalog.gather->entry_count,
	       in->catalog.gather->fragment_count, in->catalog.gather->pack_count,
	       in->catalog.licence_count);
	if (in->with_content)
		payload_text(in);
	report_summary_text(stdout, &in->summary);
}

int cmd_ingest(const struct cli_args *args, struct error *err)
{
	struct progress progress;
	struct ingest_request request = { .kind = args->operands[0],
					  .file = args->operands[1],
					  .content = cli_text(args, "content"),
					  .accept_shrink = cli_flag(args, "accept-shrink"),
					  .progress = &progress };
	uint64_t threads;

	if (!ingest_knows(request.kind))
		return error_set(err, ERROR_USAGE,
				 "unknown kind of source '%s': wsusscn2 and wsusutil are known",
				 request.kind);
	if (cli_number(args, "threads", 1, 64, pool_default_threads(), &threads, err) < 0)
		return -1;
	request.threads = (unsigned)threads;
	CLEANUP(authenticode_roots_free) struct authenticode_roots *roots = NULL;
	if (signature_roots(args, &roots, err) < 0)
		return -1;
	request.roots = roots;
	CLEANUP(store_close) struct store *s = store_open(cli_text(args, "repo"), true, err);
	CLEANUP(ingest_clear) struct ingest in = { 0 };
	if (!s || ingest_source(s, &request, &in, err) < 0)
		return -1;
	if (args->json)
		cli_print_json(ingest_json(&in));
	else
		result_text(&in);
	return ingest_needs_attention(&in) ? CLI_FINDINGS : 0;
}
