#include "importer/commands.h"
#include "lib/base/clock.h"
#include "lib/base/error.h"
#include "lib/base/str.h"
#include "lib/report/report_format.h"
#include "lib/store/query.h"
#include "lib/store/store.h"

#include <stdio.h>
#include <string.h>

static int parse_severity(const char *text, int *out, struct error *err)
{
	*out = QUERY_ANY;
	if (!text)
		return 0;
	for (int i = 0; i < CATALOG_SEVERITIES_; i++)
		if (strcmp(text, catalog_severity_text((enum catalog_severity)i)) == 0)
			*out = i;
	if (*out == QUERY_ANY)
		return error_set(err, ERROR_USAGE, "--severity %s: error, warning or note", text);
	return 0;
}

static void print_text(const struct query_finding *f, const char *guid)
{
	printf("%s %s revision %lld %s%s%s\n  %s\n", catalog_severity_text(f->severity), f->rule,
	       (long long)f->source_revision, guid, *f->kb ? " KB" : "", f->kb, f->message);
	if (*f->value)
		printf("  found: %s\n", f->value);
	printf("  at %s byte %llu; next step: %s\n", f->file, (unsigned long long)f->offset,
	       f->next_step);
}

static void add_item(struct report_format *r, const struct query_finding *f)
{
	const struct report_item item = { .rule = f->rule,
					  .severity = f->severity,
					  .revision_id = (uint32_t)f->source_revision,
					  .update_id = f->has_update_id ? f->update_id : NULL,
					  .kb = f->kb,
					  .file = f->file,
					  .value = f->value,
					  .message = f->message,
					  .next_step = f->next_step,
					  .offset = f->offset,
					  .cause = (uint32_t)f->cause,
					  .dependents = (uint32_t)f->dependents };

	report_format_add(r, &item);
}

/* Each finding as text, or with r in its format. */
static int print_all(struct query *q, struct query_findings *it, struct report_format *r,
		     struct error *err)
{
	struct query_finding f;
	int row;

	do {
		it->scanned = 0; /* no budget here: all of them, however long it takes */
		while ((row = query_findings_next(q, it, &f, err)) == 1) {
			char guid[STR_GUID_SIZE] = "";

			if (f.has_update_id)
				str_from_guid(f.update_id, guid);
			if (r)
				add_item(r, &f);
			else
				print_text(&f, guid);
		}
		query_findings_end(q, it);
	} while (row == 0 && !it->done);
	return row;
}

static int print_format(struct query *q, struct query_findings *it, enum report_kind kind,
			struct error *err)
{
	const struct report_about about = { .program = "gapferry-import",
					    .command = "gapferry-import findings",
					    .subject = "repository",
					    .now = clock_stamp() };
	struct query_counts counts;

	if (query_counts(q, &counts, err) < 0)
		return -1;
	struct report_totals totals = { .updates = counts.updates,
					.processed = counts.updates - counts.quarantined,
					.quarantined = counts.quarantined };
	memcpy(totals.counts, counts.findings, sizeof totals.counts);
	struct report_format *r = report_format_begin(stdout, kind, &about);
	int failed = print_all(q, it, r, err);

	report_format_end(r, &totals);
	return failed;
}

int cmd_findings(const struct cli_args *args, struct error *err)
{
	struct query_findings it = { .severity = QUERY_ANY };
	enum report_kind kind;
	uint64_t revision;

	if (parse_severity(cli_text(args, "severity"), &it.severity, err) < 0 ||
	    report_format_parse(args->json ? "json" : cli_text(args, "format"), &kind, err) < 0 ||
	    cli_number(args, "revision", 1, UINT32_MAX, 0, &revision, err) < 0)
		return -1;
	it.source_revision = (int64_t)revision;
	CLEANUP(store_close) struct store *s = store_open(cli_text(args, "repo"), false, err);
	if (!s)
		return -1;
	CLEANUP(query_close) struct query *q = query_open(s);
	if (kind == REPORT_FORMAT_TEXT)
		return print_all(q, &it, NULL, err);
	return print_format(q, &it, kind, err);
}
