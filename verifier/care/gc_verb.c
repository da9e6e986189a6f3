#include "verifier/care/gc_verb.h"

#include "lib/base/clock.h"
#include "lib/base/error.h"
#include "lib/cli/progress.h"
#include "lib/store/gc.h"
#include "lib/store/store.h"
#include "media/object_table.h"
#include "verifier/care/waiting.h"

#include <stdio.h>

static void print_json(const struct gc_result *r, const struct waiting *w, bool dry_run)
{
	json_t *kinds = json_object();

	for (int k = 0; k < OBJECT_KINDS; k++)
		json_object_set_new(kinds, object_kind_name((enum object_kind)k),
				    json_pack("{s:I, s:I}", "objects", (json_int_t)r->objects[k],
					      "bytes", (json_int_t)r->bytes[k]));
	cli_print_json(json_pack(
		"{s:b, s:b, s:I, s:o, s:I, s:I, s:I, s:I, s:I, s:I}", "dry_run", dry_run,
		"import_pending", r->pending, "waiting", (json_int_t)w->bundles, "removed", kinds,
		"kept", (json_int_t)r->kept, "kept_bytes", (json_int_t)r->kept_bytes, "fragments",
		(json_int_t)r->fragments, "listings", (json_int_t)r->listings, "left_over_files",
		(json_int_t)r->files, "left_over_bytes", (json_int_t)r->file_bytes));
}

static void print_text(const struct gc_result *r, const struct waiting *w, bool dry_run)
{
	if (r->pending) {
		printf("an import is not complete, and what it needs cannot be known (%s): nothing "
		       "is removed before it is\n",
		       w->unclear);
		return;
	}
	if (w->bundles)
		printf("%llu bundles wait: everything they carry or build on is kept\n",
		       (unsigned long long)w->bundles);
	for (int k = 0; k < OBJECT_KINDS; k++)
		printf("%-8s %8llu objects %14llu bytes %s\n",
		       object_kind_name((enum object_kind)k), (unsigned long long)r->objects[k],
		       (unsigned long long)r->bytes[k], dry_run ? "would go" : "removed");
	printf("left-over files: %llu, %llu bytes %s\n", (unsigned long long)r->files,
	       (unsigned long long)r->file_bytes, dry_run ? "would go" : "removed");
	if (r->kept)
		printf("not needed, but not yet for so long: %llu objects, %llu bytes\n",
		       (unsigned long long)r->kept, (unsigned long long)r->kept_bytes);
}

int gc_verb(const struct cli_args *args, struct error *err)
{
	struct gc_options options = { .dry_run = cli_flag(args, "dry-run"),
				      .now = clock_now(),
				      .tick = progress_tick };
	struct waiting waiting = { .bundles = 0 };
	struct progress progress;
	struct gc_result result;
	uint64_t days;

	if (cli_number(args, "keep-days", 0, 36500, 0, &days, err) < 0)
		return -1;
	options.keep_seconds = (int64_t)days * 86400;
	options.ctx = &progress;
	CLEANUP(store_close) struct store *s = store_open(cli_text(args, "repo"), true, err);
	if (!s)
		return -1;
	waiting.store = s;
	options.keep = waiting_keep;
	options.keep_ctx = &waiting;
	progress_begin(&progress, "removing", 0);
	int failed = gc_run(s, &options, &result, err);
	progress_end(&progress);
	if (failed)
		return -1;
	if (args->json)
		print_json(&result, &waiting, options.dry_run);
	else
		print_text(&result, &waiting, options.dry_run);
	return 0;
}
