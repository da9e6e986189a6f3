#include "exporter/commands.h"
#include "exporter/lint.h"
#include "exporter/signature.h"
#include "lib/base/clock.h"
#include "lib/base/error.h"
#include "lib/cli/progress.h"
#include "lib/report/report.h"
#include "lib/report/report_format.h"

#include <stdio.h>

static void print_text(const struct lint *l, const struct catalog_summary *sum)
{
	report_findings_text(stdout, l->catalog);
	signature_text(&l->signature, l->name);
	report_summary_text(stdout, sum);
}

static void print_format(const struct lint *l, const struct catalog_summary *sum,
			 enum report_kind kind)
{
	char command[256];
	const struct report_totals totals = { .updates = sum->updates,
					      .processed = sum->processed,
					      .quarantined = sum->quarantined,
					      .counts = { [CATALOG_ERROR] = sum->errors,
							  [CATALOG_WARNING] = sum->warnings,
							  [CATALOG_NOTE] = sum->notes } };
	const struct report_about about = { .program = "gapferry-export",
					    .command = command,
					    .subject = l->name,
					    .now = clock_stamp() };

	snprintf(command, sizeof command, "gapferry-export lint %s", l->name);
	struct report_format *r = report_format_begin(stdout, kind, &about);

	for (size_t i = 0; i < catalog_finding_count(l->catalog); i++) {
		struct report_item item;

		report_format_item(catalog_finding_at(l->catalog, i), &item);
		report_format_add(r, &item);
	}
	report_format_end(r, &totals);
}

int cmd_lint(const struct cli_args *args, struct error *err)
{
	struct progress progress;
	struct catalog_summary sum;
	enum report_kind kind;
	CLEANUP(lint_clear) struct lint lint = { .catalog = NULL };
	CLEANUP(authenticode_roots_free) struct authenticode_roots *roots = NULL;

	if (report_format_parse(args->json ? "json" : cli_text(args, "format"), &kind, err) < 0 ||
	    signature_roots(args, &roots, err) < 0 ||
	    lint_read(args->operands[0], roots, &progress, &lint, err) < 0)
		return -1;
	catalog_summarize(lint.catalog, &sum);
	if (kind == REPORT_FORMAT_TEXT)
		print_text(&lint, &sum);
	else
		print_format(&lint, &sum, kind);
	return sum.errors > 0 ? CLI_FINDINGS : 0;
}
