/* SARIF 2.1.0, the static analysis results interchange format of OASIS. */
#include "lib/base/buf.h"
#include "lib/report/report_internal.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static void put(struct report_format *r, json_t *o)
{
	json_dumpf(o, r->out, JSON_SORT_KEYS | JSON_ENSURE_ASCII);
	json_decref(o);
}

static json_t *rule_json(enum catalog_rule rule)
{
	return json_pack("{s:s, s:{s:s}, s:{s:s}, s:{s:s}}", "id", catalog_rule_id(rule),
			 "shortDescription", "text", catalog_rule_text(rule), "help", "text",
			 catalog_rule_next_step(rule), "defaultConfiguration", "level",
			 catalog_severity_text(catalog_rule_severity(rule)));
}

static void sarif_begin(struct report_format *r)
{
	fputs("{\"$schema\": "
	      "\"https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/"
	      "sarif-schema-2.1.0.json\",\n\"version\": \"2.1.0\",\n\"runs\": [{\"columnKind\": "
	      "\"utf16CodeUnits\",\n\"tool\": {\"driver\": {\"name\": ",
	      r->out);
	json_t *name = json_string(r->about->program);
	json_dumpf(name, r->out, JSON_ENCODE_ANY | JSON_ENSURE_ASCII);
	json_decref(name);
	fputs(", \"version\": \"" VERSION "\", \"rules\": [", r->out);
	for (int i = 0; i < CATALOG_RULES_; i++) {
		fputs(i ? ",\n " : "\n ", r->out);
		put(r, rule_json((enum catalog_rule)i));
	}
	fputs("\n]}},\n\"results\": [", r->out);
}

/* A relative reference: what must not stand in one is escaped. */
static char *uri_of(const char *file)
{
	char *out = buf_malloc(3 * strlen(file) + 1), *to = out;

	for (const unsigned char *p = (const unsigned char *)file; *p; p++) {
		bool plain = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') ||
			     (*p >= '0' && *p <= '9') || strchr("-._~/", *p);

		if (plain)
			*to++ = (char)*p;
		else
			to += snprintf(to, 4, "%%%02X", *p);
	}
	*to = '\0';
	return out;
}

static json_t *location_json(const struct report_item *i)
{
	json_t *location = json_object();
	char guid[REPORT_GUID_SIZE], name[16];

	if (*i->file) {
		char *uri = uri_of(i->file);

		json_object_set_new(location, "physicalLocation",
				    json_pack("{s:{s:s}, s:{s:I}}", "artifactLocation", "uri", uri,
					      "region", "byteOffset", (json_int_t)i->offset));
		free(uri);
	}
	if (i->revision_id) {
		snprintf(name, sizeof name, "%" PRIu32, i->revision_id);
		json_object_set_new(
			location, "logicalLocations",
			json_pack("[{s:s, s:s, s:s}]", "name", name, "fullyQualifiedName",
				  i->update_id ? report_guid(i, guid) : name, "kind", "element"));
	}
	return location;
}

static void sarif_add(struct report_format *r, const struct report_item *i)
{
	char guid[REPORT_GUID_SIZE];
	int rule = catalog_rule_find(i->rule);
	json_t *o = json_pack("{s:s, s:s, s:{s:s}}", "ruleId", i->rule, "level",
			      catalog_severity_text(i->severity), "message", "text", i->message);

	if (rule >= 0)
		json_object_set_new(o, "ruleIndex", json_integer(rule));
	if (*i->file || i->revision_id)
		json_object_set_new(o, "locations", json_pack("[o]", location_json(i)));
	json_object_set_new(o, "properties",
			    json_pack("{s:I, s:s, s:s, s:s, s:I, s:I}", "revisionId",
				      (json_int_t)i->revision_id, "updateId", report_guid(i, guid),
				      "kb", i->kb, "value", i->value, "cause", (json_int_t)i->cause,
				      "dependents", (json_int_t)i->dependents));
	fputs(r->written ? ",\n " : "\n ", r->out);
	put(r, o);
}

static void sarif_end(struct report_format *r, const struct report_totals *t)
{
	fprintf(r->out,
		"\n],\n\"properties\": {\"updates\": %" PRIu64 ", \"updatesProcessed\": %" PRIu64
		", \"updatesQuarantined\": %" PRIu64 "}}]}\n",
		t->updates, t->processed, t->quarantined);
}

const struct report_writer report_sarif_writer = { sarif_begin, sarif_add, sarif_end };
