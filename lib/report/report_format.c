#include "lib/report/report_format.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/str.h"
#include "lib/report/report_internal.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

int report_format_parse(const char *text, enum report_kind *out, struct error *err)
{
	static const char *const names[] = {
		"text", "json", "sarif", "csv", "wsyncmgr", "cmtrace"
	};

	*out = REPORT_FORMAT_TEXT;
	for (size_t i = 0; text && i < sizeof names / sizeof *names; i++)
		if (strcmp(text, names[i]) == 0) {
			*out = (enum report_kind)i;
			return 0;
		}
	return text ? error_set(err, ERROR_USAGE,
				"--format %s: text, json, sarif, csv, wsyncmgr or cmtrace", text)
		    : 0;
}

const char *report_guid(const struct report_item *item, char out[REPORT_GUID_SIZE])
{
	out[0] = '\0';
	if (item->update_id)
		str_from_guid(item->update_id, out);
	return out;
}

void report_format_item(const struct catalog_finding *f, struct report_item *out)
{
	*out = (struct report_item){ .rule = catalog_rule_id(f->rule),
				     .severity = f->severity,
				     .revision_id = f->revision_id,
				     .update_id = f->has_update_id ? f->update_id : NULL,
				     .kb = f->kb ? f->kb : "",
				     .file = f->file ? f->file : "",
				     .value = f->value ? f->value : "",
				     .message = f->message,
				     .next_step = catalog_rule_next_step(f->rule),
				     .offset = f->offset,
				     .cause = f->cause,
				     .dependents = f->dependents };
}

/* ---- JSON ---- */

static void json_begin(struct report_format *r)
{
	fputs("{\"findings\": [", r->out);
}

static void json_add(struct report_format *r, const struct report_item *i)
{
	char guid[REPORT_GUID_SIZE];
	json_t *o =
		json_pack("{s:s, s:s, s:I, s:s, s:s, s:s, s:I, s:s, s:s, s:s, s:I, s:I}", "id",
			  i->rule, "severity", catalog_severity_text(i->severity), "revision_id",
			  (json_int_t)i->revision_id, "update_id", report_guid(i, guid), "kb",
			  i->kb, "file", i->file, "offset", (json_int_t)i->offset, "value",
			  i->value, "message", i->message, "next_step", i->next_step, "cause",
			  (json_int_t)i->cause, "dependents", (json_int_t)i->dependents);

	fputs(r->written ? ",\n " : "\n ", r->out);
	json_dumpf(o, r->out, JSON_SORT_KEYS | JSON_ENSURE_ASCII);
	json_decref(o);
}

static void json_end(struct report_format *r, const struct report_totals *t)
{
	json_t *counts = json_pack("{s:I, s:I, s:I}", "error", (json_int_t)t->counts[CATALOG_ERROR],
				   "warning", (json_int_t)t->counts[CATALOG_WARNING], "note",
				   (json_int_t)t->counts[CATALOG_NOTE]);

	fputs("\n],\n\"counts\": ", r->out);
	json_dumpf(counts, r->out, JSON_SORT_KEYS | JSON_ENSURE_ASCII);
	fprintf(r->out,
		",\n\"updates\": %" PRIu64 ",\n\"updates_processed\": %" PRIu64
		",\n\"updates_quarantined\": %" PRIu64 "}\n",
		t->updates, t->processed, t->quarantined);
	json_decref(counts);
}

/* ---- CSV ---- */

/* Quoted always; a cell that a spreadsheet would take for a formula gets an apostrophe. */
static void put_cell(FILE *out, const char *text, bool last)
{
	putc('"', out);
	if (*text && strchr("=+-@\t\r", *text))
		putc('\'', out);
	for (const char *p = text; *p; p++) {
		if (*p == '"')
			putc('"', out);
		putc((unsigned char)*p < ' ' || *p == 0x7F ? '?' : *p, out);
	}
	fputs(last ? "\"\r\n" : "\",", out);
}

static void csv_begin(struct report_format *r)
{
	fputs("severity,id,revision_id,update_id,kb,file,offset,value,message,next_step,cause,"
	      "dependents\r\n",
	      r->out);
}

static void csv_add(struct report_format *r, const struct report_item *i)
{
	char guid[REPORT_GUID_SIZE];

	fprintf(r->out, "%s,%s,%" PRIu32 ",%s,", catalog_severity_text(i->severity), i->rule,
		i->revision_id, report_guid(i, guid));
	put_cell(r->out, i->kb, false);
	put_cell(r->out, i->file, false);
	fprintf(r->out, "%" PRIu64 ",", i->offset);
	put_cell(r->out, i->value, false);
	put_cell(r->out, i->message, false);
	put_cell(r->out, i->next_step, false);
	fprintf(r->out, "%" PRIu32 ",%" PRIu32 "\r\n", i->cause, i->dependents);
}

static void csv_end(struct report_format *r, const struct report_totals *t)
{
	(void)r;
	(void)t;
}

/* ---- all of them ---- */

static const struct report_writer json_writer = { json_begin, json_add, json_end };
static const struct report_writer csv_writer = { csv_begin, csv_add, csv_end };

static const struct report_writer *writer_of(enum report_kind kind)
{
	switch (kind) {
	case REPORT_FORMAT_SARIF:
		return &report_sarif_writer;
	case REPORT_FORMAT_CSV:
		return &csv_writer;
	case REPORT_FORMAT_WSYNCMGR:
	case REPORT_FORMAT_CMTRACE:
		return &report_log_writer;
	case REPORT_FORMAT_TEXT:
	case REPORT_FORMAT_JSON:
	default:
		return &json_writer;
	}
}

struct report_format *report_format_begin(FILE *out, enum report_kind kind,
					  const struct report_about *about)
{
	struct report_format *r = buf_calloc(1, sizeof *r);

	r->out = out;
	r->kind = kind;
	r->about = about;
	writer_of(kind)->begin(r);
	return r;
}

void report_format_add(struct report_format *r, const struct report_item *item)
{
	writer_of(r->kind)->add(r, item);
	r->written++;
}

void report_format_end(struct report_format *r, const struct report_totals *totals)
{
	writer_of(r->kind)->end(r, totals);
	free(r);
}
