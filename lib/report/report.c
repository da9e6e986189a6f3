#include "lib/report/report.h"

#include "lib/base/str.h"

#include <inttypes.h>
#include <string.h>

static const char *update_text(const struct catalog_finding *f, char out[STR_GUID_SIZE])
{
	out[0] = '\0';
	if (f->has_update_id)
		str_from_guid(f->update_id, out);
	return out;
}

json_t *report_finding_json(const struct catalog_finding *f)
{
	char guid[STR_GUID_SIZE];

	return json_pack("{s:s, s:s, s:I, s:s, s:s, s:s, s:I, s:s, s:s, s:s, s:I, s:I}", "id",
			 catalog_rule_id(f->rule), "severity", catalog_severity_text(f->severity),
			 "revision_id", (json_int_t)f->revision_id, "update_id",
			 update_text(f, guid), "kb", f->kb ? f->kb : "", "file",
			 f->file ? f->file : "", "offset", (json_int_t)f->offset, "value",
			 f->value ? f->value : "", "message", f->message, "next_step",
			 catalog_rule_next_step(f->rule), "cause", (json_int_t)f->cause,
			 "dependents", (json_int_t)f->dependents);
}

void report_findings_json(const struct catalog *c, json_t *array)
{
	for (size_t i = 0; i < catalog_finding_count(c); i++)
		json_array_append_new(array, report_finding_json(catalog_finding_at(c, i)));
}

json_t *report_counts_json(const struct catalog_summary *s)
{
	return json_pack("{s:I, s:I, s:I}", "error", (json_int_t)s->errors, "warning",
			 (json_int_t)s->warnings, "note", (json_int_t)s->notes);
}

static void print_finding(FILE *out, const struct catalog_finding *f)
{
	char guid[STR_GUID_SIZE];

	fprintf(out, "%s %s", catalog_severity_text(f->severity), catalog_rule_id(f->rule));
	if (f->revision_id)
		fprintf(out, " revision %" PRIu32, f->revision_id);
	if (f->has_update_id)
		fprintf(out, " update %s", update_text(f, guid));
	if (f->kb && *f->kb)
		fprintf(out, " KB%s", f->kb);
	fprintf(out, "\n  %s\n", f->message);
	if (*f->value)
		fprintf(out, "  found: %s\n", f->value);
	fprintf(out, "  at %s byte %" PRIu64 "\n", *f->file ? f->file : "-", f->offset);
	if (f->severity == CATALOG_ERROR)
		fprintf(out, "  next step: %s\n", catalog_rule_next_step(f->rule));
}

void report_findings_text(FILE *out, const struct catalog *c)
{
	size_t warnings = 0, notes = 0, dependents = 0;

	for (size_t i = 0; i < catalog_finding_count(c); i++) {
		const struct catalog_finding *f = catalog_finding_at(c, i);

		if (f->severity == CATALOG_NOTE)
			notes++;
		else if (f->rule == CATALOG_RULE_DEPENDENT &&
			 ++dependents > REPORT_DEPENDENTS_SHOWN)
			continue;
		else if (f->severity == CATALOG_ERROR || ++warnings <= REPORT_WARNINGS_SHOWN)
			print_finding(out, f);
	}
	if (dependents > REPORT_DEPENDENTS_SHOWN)
		fprintf(out, "and %zu more quarantined because of others (--json lists all)\n",
			dependents - REPORT_DEPENDENTS_SHOWN);
	if (warnings > REPORT_WARNINGS_SHOWN)
		fprintf(out, "and %zu more warnings (--json lists all)\n",
			warnings - REPORT_WARNINGS_SHOWN);
	if (notes > 0)
		fprintf(out, "%zu notes (--json lists them)\n", notes);
}

void report_summary_text(FILE *out, const struct catalog_summary *s)
{
	fprintf(out,
		"Updates summary: %zu processed, %zu quarantined (%zu of them because of another "
		"one), "
		"%zu in the catalog\n",
		s->processed, s->quarantined, s->dependents, s->updates);
}

void report_add_summary(struct catalog_summary *a, const struct catalog_summary *b)
{
	a->updates += b->updates;
	a->processed += b->processed;
	a->quarantined += b->quarantined;
	a->dependents += b->dependents;
	a->locations += b->locations;
	a->orphans += b->orphans;
	a->errors += b->errors;
	a->warnings += b->warnings;
	a->notes += b->notes;
}
