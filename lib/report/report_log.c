/* Log lines as site servers (wsyncmgr.log) and CMTrace write them. */
#include "lib/report/report_internal.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

enum { LINE_SIZE = 4096, THREAD = 1 };

static const char COMPONENT[] = "SMS_WSUS_SYNC_MANAGER";

/* One physical line that cannot end its own text: no controls, no end mark of either form. */
static void clean(const char *text, char out[LINE_SIZE])
{
	size_t n = 0;

	for (const char *p = text; *p && n + 4 < LINE_SIZE; p++) {
		out[n++] = (unsigned char)*p < ' ' || *p == 0x7F ? ' ' : *p;
		if (n >= 2 && ((out[n - 2] == ']' && out[n - 1] == 'L') ||
			       (out[n - 2] == '$' && out[n - 1] == '$'))) {
			out[n] = out[n - 1];
			out[n - 1] = ' ';
			n++;
		}
	}
	/* not inside a UTF-8 sequence */
	if (n + 4 >= LINE_SIZE)
		while (n > 0 && ((unsigned char)out[n - 1] & 0x80))
			n--;
	out[n] = '\0';
}

static void put_line(const struct report_format *r, enum catalog_severity severity,
		     const char *text)
{
	static const int types[] = {
		[CATALOG_ERROR] = 3, [CATALOG_WARNING] = 2, [CATALOG_NOTE] = 1
	};
	time_t now = (time_t)r->about->now;
	char line[LINE_SIZE], date[16] = "", clock[16] = "";
	struct tm tm;

	clean(text, line);
	if (gmtime_r(&now, &tm)) {
		(void)strftime(date, sizeof date, "%m-%d-%Y", &tm);
		(void)strftime(clock, sizeof clock, "%H:%M:%S", &tm);
	}
	if (r->kind == REPORT_FORMAT_CMTRACE)
		fprintf(r->out,
			"<![LOG[%s]LOG]!><time=\"%s.000+000\" date=\"%s\" component=\"%s\" "
			"context=\"\" type=\"%d\" thread=\"%d\" file=\"\">\r\n",
			line, clock, date, COMPONENT, types[severity], THREAD);
	else
		fprintf(r->out, "%s  $$<%s><%s %s.000+000><thread=%d (0x%X)>\r\n", line, COMPONENT,
			date, clock, THREAD, (unsigned)THREAD);
}

/* A status message, as server components announce their milestones. */
static void put_status(const struct report_format *r, unsigned id, char severity)
{
	time_t now = (time_t)r->about->now;
	char when[40] = "", text[LINE_SIZE];
	struct tm tm;
	int n;

	if (gmtime_r(&now, &tm))
		(void)strftime(when, sizeof when, "%a %b %d %H:%M:%S.000 %Y", &tm);
	n = snprintf(text, sizeof text,
		     "STATMSG: ID=%u SEV=%c LEV=M SOURCE=\"SMS Server\" COMP=\"%s\" SYS=localhost "
		     "SITE=GAP PID=1 TID=%d GMTDATE=%s",
		     id, severity, COMPONENT, THREAD, when);
	for (int i = 0; i < 10; i++)
		n += snprintf(text + n, sizeof text - (size_t)n, " ISTR%d=\"\"", i);
	snprintf(text + n, sizeof text - (size_t)n, " NUMATTRS=0");
	put_line(r, severity == 'E' ? CATALOG_ERROR : CATALOG_NOTE, text);
}

static void log_begin(struct report_format *r)
{
	char text[LINE_SIZE];

	put_line(r, CATALOG_NOTE, "Performing legacy sync");
	put_status(r, 6709, 'I');
	snprintf(text, sizeof text, "Started with command line %s", r->about->command);
	put_line(r, CATALOG_NOTE, text);
	snprintf(text, sizeof text, "Processing security catalog %s ...", r->about->subject);
	put_line(r, CATALOG_NOTE, text);
	snprintf(text, sizeof text, "Initializing catalog %s for synchronization.",
		 r->about->subject);
	put_line(r, CATALOG_NOTE, text);
	put_line(r, CATALOG_NOTE, "Pre-processing updates...");
}

static void log_add(struct report_format *r, const struct report_item *i)
{
	char text[LINE_SIZE], line[CATALOG_HISTORIC_SIZE], guid[REPORT_GUID_SIZE];
	static const char *const words[] = { "Error", "Warning", "Note" };

	const char *rest = "";
	size_t len = strlen(i->message);

	/* the line of 2008 alone, and once, as matchers of logs know it; then the rest of it */
	if (strcmp(i->rule, catalog_rule_id(CATALOG_RULE_ACTION_TEXT)) == 0) {
		put_line(r, i->severity, catalog_historic_line(i->revision_id, line));
		const char *again = strstr(i->message, line);
		if (again) {
			len = (size_t)(again - i->message);
			rest = again + strlen(line);
		}
		while (again && len > 0 && strchr(": ", i->message[len - 1]))
			len--;
	}
	int n = snprintf(text, sizeof text, "%s %s:", words[i->severity], i->rule);
	if (i->revision_id)
		n += snprintf(text + n, sizeof text - (size_t)n, " revision %" PRIu32,
			      i->revision_id);
	if (i->update_id)
		n += snprintf(text + n, sizeof text - (size_t)n, " update %s",
			      report_guid(i, guid));
	if (*i->kb && strlen(i->kb) < 64)
		n += snprintf(text + n, sizeof text - (size_t)n, " KB%s", i->kb);
	snprintf(text + n, sizeof text - (size_t)n, " %.*s%s%s%s (%s, byte %" PRIu64 ")", (int)len,
		 i->message, rest, *i->value ? ": " : "", i->value, i->file, i->offset);
	put_line(r, i->severity, text);
}

static void log_end(struct report_format *r, const struct report_totals *t)
{
	char text[LINE_SIZE];

	snprintf(text, sizeof text,
		 "Updates summary: %" PRIu64 " processed, %" PRIu64 " quarantined, %" PRIu64
		 " in the catalog",
		 t->processed, t->quarantined, t->updates);
	put_line(r, t->quarantined ? CATALOG_WARNING : CATALOG_NOTE, text);
	if (t->processed == 0)
		put_status(r, 6711, 'E');
	else
		put_status(r, 6710, 'I');
}

const struct report_writer report_log_writer = { log_begin, log_add, log_end };
