#include "importer/server/api_json.h"

#include "lib/base/buf.h"
#include "lib/base/str.h"
#include "lib/catalog/catalog_action.h"
#include "lib/catalog/catalog_finding.h"

#include <stdlib.h>
#include <string.h>

void api_json_put(json_t *object, const char *key, json_t *value)
{
	if (!value || json_object_set_new(object, key, value) < 0)
		abort();
}

static json_t *new_object(void)
{
	json_t *o = json_object();

	if (!o)
		abort();
	return o;
}

json_t *api_json_text(const char *text)
{
	json_t *value = *text ? json_string(text) : json_null();

	if (value)
		return value;
	/* Texts were checked when they came in; what is bad nevertheless must not hide the rest. */
	char *copy = buf_strdup(text);
	for (char *p = copy; *p; p++)
		if ((unsigned char)*p >= 0x80)
			*p = '?';
	value = json_string(copy);
	free(copy);
	return value;
}

static json_t *hex(const unsigned char *bytes, size_t size)
{
	char text[65];

	str_to_hex(bytes, size, text);
	return json_string(text);
}

static json_t *guid(const unsigned char bytes[16])
{
	char text[STR_GUID_SIZE];

	str_from_guid(bytes, text);
	return json_string(text);
}

json_t *api_json_time(int64_t seconds)
{
	char text[STR_TIME_SIZE];

	if (seconds <= 0)
		return json_null();
	str_from_time(seconds, text);
	return json_string(text);
}

static json_t *action(const struct query_update *u)
{
	return api_json_text(u->action == CATALOG_ACTION_UNKNOWN ? u->action_text
								 : catalog_action_text(u->action));
}

json_t *api_json_update(const struct query_update *u)
{
	bool held = u->verdict == CATALOG_QUARANTINED;
	json_t *o = new_object();

	api_json_put(o, "revision_id", json_integer(u->id.revision_id));
	api_json_put(o, "source_revision", json_integer(u->id.source_revision));
	api_json_put(o, "update_id", guid(u->update_id));
	api_json_put(o, "revision_number", json_integer(u->revision_number));
	api_json_put(o, "title", api_json_text(u->title));
	api_json_put(o, "kb", api_json_text(u->kb));
	api_json_put(o, "severity", api_json_text(u->severity));
	api_json_put(o, "bulletin", api_json_text(u->bulletin));
	api_json_put(o, "created", api_json_time(u->created));
	api_json_put(o, "type", api_json_text(u->type));
	api_json_put(o, "action", action(u));
	api_json_put(o, "is_bundle", json_boolean(u->is_bundle));
	api_json_put(o, "is_leaf", json_boolean(u->is_leaf));
	api_json_put(o, "is_software", json_boolean(u->is_software));
	api_json_put(o, "verdict", json_string(held ? "quarantined" : "ok"));
	api_json_put(o, "cause", held && u->cause ? json_integer(u->cause) : json_null());
	return o;
}

json_t *api_json_file(const struct query_file *f)
{
	json_t *o = new_object();

	api_json_put(o, "kind", json_string(f->kind == QUERY_FILE_LICENCE ? "licence" : "payload"));
	api_json_put(o, "sha1", hex(f->sha1, sizeof f->sha1));
	api_json_put(o, "sha256", f->has_sha256 ? hex(f->sha256, sizeof f->sha256) : json_null());
	api_json_put(o, "size", f->has_size ? json_integer((json_int_t)f->size) : json_null());
	api_json_put(o, "name", api_json_text(f->name));
	api_json_put(o, "language", api_json_text(f->language));
	api_json_put(o, "present", json_boolean(f->present));
	api_json_put(o, "express", json_boolean(f->is_express));
	return o;
}

json_t *api_json_finding(const struct query_finding *f)
{
	json_t *o = new_object();

	api_json_put(o, "id", api_json_text(f->rule));
	api_json_put(o, "severity", json_string(catalog_severity_text(f->severity)));
	api_json_put(o, "revision_id", f->revision_id ? json_integer(f->revision_id) : json_null());
	api_json_put(o, "source_revision",
		     f->source_revision ? json_integer(f->source_revision) : json_null());
	api_json_put(o, "update_id", f->has_update_id ? guid(f->update_id) : json_null());
	api_json_put(o, "kb", api_json_text(f->kb));
	api_json_put(o, "file", api_json_text(f->file));
	api_json_put(o, "offset", json_integer((json_int_t)f->offset));
	api_json_put(o, "value", api_json_text(f->value));
	api_json_put(o, "message", api_json_text(f->message));
	api_json_put(o, "next_step", api_json_text(f->next_step));
	api_json_put(o, "cause", f->cause ? json_integer(f->cause) : json_null());
	api_json_put(o, "dependents", json_integer(f->dependents));
	return o;
}

json_t *api_json_status(const struct channel *channel, const struct query_counts *counts)
{
	const struct channel none = { .name = "" }, *c = channel ? channel : &none;
	json_t *o = new_object(), *findings = new_object();

	for (int i = 0; i < CATALOG_SEVERITIES_; i++)
		api_json_put(findings, catalog_severity_text((enum catalog_severity)i),
			     json_integer((json_int_t)counts->findings[i]));
	api_json_put(o, "program", json_string("gapferry-server"));
	api_json_put(o, "version", json_string(VERSION));
	api_json_put(o, "channel", api_json_text(c->name));
	api_json_put(o, "audience", api_json_text(c->audience));
	api_json_put(o, "epoch", channel ? json_integer(c->epoch) : json_null());
	api_json_put(o, "sequence", channel ? json_integer((json_int_t)c->sequence) : json_null());
	api_json_put(o, "manifest_sha256",
		     c->has_manifest ? hex(c->manifest, sizeof c->manifest) : json_null());
	api_json_put(o, "catalog_root",
		     c->has_manifest ? hex(c->catalog_root, sizeof c->catalog_root) : json_null());
	api_json_put(o, "last_import", api_json_time(counts->last_import));
	api_json_put(o, "updates_processed",
		     json_integer((json_int_t)(counts->updates - counts->quarantined)));
	api_json_put(o, "updates_quarantined", json_integer((json_int_t)counts->quarantined));
	api_json_put(o, "findings", findings);
	api_json_put(o, "objects", json_integer((json_int_t)counts->objects.count));
	api_json_put(o, "bytes", json_integer((json_int_t)counts->objects.bytes));
	return o;
}
