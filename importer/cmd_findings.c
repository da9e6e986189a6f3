#include "importer/commands.h"
#include "lib/base/error.h"
#include "lib/base/str.h"
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

static json_t *finding_json(const struct query_finding *f, const char *guid)
{
	return json_pack("{s:s, s:s, s:I, s:s, s:s, s:s, s:I, s:s, s:s, s:s}", "id", f->rule,
			 "severity", catalog_severity_text(f->severity), "revision_id",
			 (json_int_t)f->source_revision, "update_id", guid, "kb", f->kb, "file",
			 f->file, "offset", (json_int_t)f->offset, "value", f->value, "message",
			 f->message, "next_step", f->next_step);
}

static void print_text(const struct query_finding *f, const char *guid)
{
	printf("%s %s revision %lld %s%s%s\n  %s\n  at %s byte %llu; next step: %s\n",
	       catalog_severity_text(f->severity), f->rule, (long long)f->source_revision, guid,
	       *f->kb ? " KB" : "", f->kb, f->message, f->file, (unsigned long long)f->offset,
	       f->next_step);
}

int cmd_findings(const struct cli_args *args, struct error *err)
{
	struct query_findings it = { .severity = QUERY_ANY };
	struct query_finding f;
	uint64_t revision;
	int row;

	if (parse_severity(cli_text(args, "severity"), &it.severity, err) < 0 ||
	    cli_number(args, "revision", 1, UINT32_MAX, 0, &revision, err) < 0)
		return -1;
	it.source_revision = (int64_t)revision;
	CLEANUP(store_close) struct store *s = store_open(cli_text(args, "repo"), false, err);
	if (!s)
		return -1;
	CLEANUP(query_close) struct query *q = query_open(s);
	json_t *all = json_array();
	do {
		it.scanned = 0; /* no budget here: all of them, however long it takes */
		while ((row = query_findings_next(q, &it, &f, err)) == 1) {
			char guid[STR_GUID_SIZE] = "";

			if (f.has_update_id)
				str_from_guid(f.update_id, guid);
			if (args->json)
				json_array_append_new(all, finding_json(&f, guid));
			else
				print_text(&f, guid);
		}
		query_findings_end(q, &it);
	} while (row == 0 && !it.done);
	if (row == 0 && args->json)
		cli_print_json(json_pack("{s:O}", "findings", all));
	json_decref(all);
	return row;
}
