/* The custody report as text and as a page for the printer. */
#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "verifier/care/custody.h"

#include <stdio.h>
#include <string.h>

static const char *text_of(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static void print_summary(const json_t *bundle)
{
	const json_t *item;
	size_t i;

	json_array_foreach(json_object_get(bundle, "signers"), i, item)
		printf("%s%s", i ? ", " : "  signed by ", json_string_value(item));
	if (i > 0)
		printf("\n");
	json_array_foreach(json_object_get(bundle, "sites"), i, item)
		printf("  site %s: %s at %s, by %s\n", text_of(item, "site"),
		       text_of(item, "state"), text_of(item, "time"), text_of(item, "by"));
}

void custody_print(const json_t *report)
{
	const json_t *bundle, *event, *pair, *text;
	size_t i, k, p;

	json_array_foreach(json_object_get(report, "bundles"), i, bundle)
	{
		printf("bundle %s\n", text_of(bundle, "bundle"));
		print_summary(bundle);
		json_array_foreach(json_object_get(bundle, "events"), k, event)
		{
			printf("  %s %s", text_of(event, "time"), text_of(event, "event"));
			json_array_foreach(json_object_get(event, "values"), p, pair)
				printf("%s %s %s", p ? "," : ":",
				       json_string_value(json_array_get(pair, 0)),
				       json_string_value(json_array_get(pair, 1)));
			printf(" [%s %lld]\n", text_of(event, "ledger"),
			       (long long)json_integer_value(json_object_get(event, "number")));
		}
		json_array_foreach(json_object_get(bundle, "attention"), k, text)
			printf("  ATTENTION: %s\n", json_string_value(text));
	}
}

/* ---- HTML ---- */

static int raw(struct buf *out, const char *text, struct error *err)
{
	return buf_append(out, text, strlen(text), err);
}

static int escaped(struct buf *out, const char *text, struct error *err)
{
	static const struct {
		char c;
		const char *entity;
	} table[] = { { '&', "&amp;" },
		      { '<', "&lt;" },
		      { '>', "&gt;" },
		      { '"', "&quot;" },
		      { '\'', "&#39;" } };

	while (*text) {
		size_t plain = strcspn(text, "&<>\"'");

		if (buf_append(out, text, plain, err) < 0)
			return -1;
		text += plain;
		for (size_t i = 0; *text && i < sizeof table / sizeof *table; i++) {
			if (*text != table[i].c)
				continue;
			if (raw(out, table[i].entity, err) < 0)
				return -1;
			text++;
			break;
		}
	}
	return 0;
}

/* A piece of markup before and after a text of somebody else's. */
static int element(struct buf *out, const char *before, const char *text, const char *after,
		   struct error *err)
{
	return raw(out, before, err) < 0 || escaped(out, text, err) < 0 || raw(out, after, err) < 0
		       ? -1
		       : 0;
}

static int event_html(struct buf *out, const json_t *event, struct error *err)
{
	const json_t *pair;
	size_t i;
	char number[32];

	snprintf(number, sizeof number, " %lld",
		 (long long)json_integer_value(json_object_get(event, "number")));
	if (element(out, "<tr><td>", text_of(event, "time"), "</td>", err) < 0 ||
	    element(out, "<td>", text_of(event, "event"), "</td><td>", err) < 0)
		return -1;
	json_array_foreach(json_object_get(event, "values"), i,
			   pair) if (element(out, i ? "<br>" : "",
					     json_string_value(json_array_get(pair, 0)), ": ",
					     err) < 0 ||
				     element(out, "<b>", json_string_value(json_array_get(pair, 1)),
					     "</b>", err) < 0) return -1;
	return element(out, "</td><td>", text_of(event, "ledger"), number, err) < 0
		       ? -1
		       : raw(out, "</td></tr>\n", err);
}

static int summary_html(struct buf *out, const json_t *bundle, struct error *err)
{
	const json_t *item;
	size_t i;

	json_array_foreach(json_object_get(bundle, "signers"), i,
			   item) if (element(out, "<p>Signed by <b>", json_string_value(item),
					     "</b></p>\n", err) < 0) return -1;
	json_array_foreach(json_object_get(bundle, "sites"), i, item)
	{
		if (element(out, "<p>Site <b>", text_of(item, "site"), "</b>: ", err) < 0 ||
		    element(out, "", text_of(item, "state"), " at ", err) < 0 ||
		    element(out, "", text_of(item, "time"), ", by ", err) < 0 ||
		    element(out, "", text_of(item, "by"), "</p>\n", err) < 0)
			return -1;
	}
	return 0;
}

static int bundle_html(struct buf *out, const json_t *bundle, struct error *err)
{
	const json_t *event, *text;
	size_t i;

	if (element(out, "<section><h2>", text_of(bundle, "bundle"), "</h2>\n", err) < 0 ||
	    summary_html(out, bundle, err) < 0)
		return -1;
	json_array_foreach(json_object_get(bundle, "attention"), i,
			   text) if (element(out, "<p class=attention>Attention: ",
					     json_string_value(text), "</p>\n", err) < 0) return -1;
	if (raw(out,
		"<table><tr><th>time (UTC)</th><th>event</th><th>what was recorded</th>"
		"<th>ledger, record</th></tr>\n",
		err) < 0)
		return -1;
	json_array_foreach(json_object_get(bundle, "events"), i,
			   event) if (event_html(out, event, err) < 0) return -1;
	return raw(out, "</table></section>\n", err);
}

int custody_html(const json_t *report, const char *made, struct buf *out, struct error *err)
{
	const json_t *bundle;
	size_t i;

	if (raw(out,
		"<!DOCTYPE html>\n<html lang=en><head><meta charset=utf-8>"
		"<meta http-equiv=Content-Security-Policy content=\"default-src 'none'; "
		"style-src 'unsafe-inline'\">"
		"<title>Custody report</title>\n<style>\n"
		"body{font:10pt/1.3 sans-serif;color:#000;background:#fff;margin:1.5cm}\n"
		"table{border-collapse:collapse;width:100%}\n"
		"td,th{border:1px solid #888;padding:2px 5px;text-align:left;vertical-align:top;"
		"overflow-wrap:anywhere}\n"
		"td:nth-child(1),td:nth-child(2){white-space:nowrap}\n"
		"b{font-weight:normal;font-family:monospace}\n"
		".attention{border:2px solid #000;padding:4px;font-weight:bold}\n"
		"section{margin-bottom:1cm}\n"
		"@media print{body{margin:0}tr,.attention{break-inside:avoid}"
		"thead{display:table-header-group}h2{break-after:avoid}}\n"
		"</style></head>\n<body><h1>Custody report</h1>\n",
		err) < 0 ||
	    element(out, "<p>Made ", made, " from ledgers whose chain of digests holds.</p>\n",
		    err) < 0)
		return -1;
	json_array_foreach(json_object_get(report, "bundles"), i,
			   bundle) if (bundle_html(out, bundle, err) < 0) return -1;
	return raw(out,
		   "<p>Checked by: ______________________ Date: ____________</p>\n</body></html>\n",
		   err);
}
