#include "importer/server/client_json.h"

#include "importer/server/api_json.h"
#include "lib/base/str.h"
#include "lib/clients/compliance.h"
#include "lib/clients/event.h"
#include "lib/clients/hresult.h"

#include <stdio.h>
#include <string.h>

static json_t *guid_text(const unsigned char guid[16])
{
	static const unsigned char none[16];
	char text[STR_GUID_SIZE];

	if (memcmp(guid, none, 16) == 0)
		return json_null();
	str_from_guid(guid, text);
	return json_string(text);
}

json_t *client_json_result(uint32_t code)
{
	const struct hresult *h = hresult_find(code);
	char text[200];

	if (code == 0)
		return json_null();
	if (h)
		snprintf(text, sizeof text, "0x%08X %s%s%s", code, h->name, *h->name ? ": " : "",
			 h->text);
	else
		snprintf(text, sizeof text, "0x%08X", code);
	return json_string(text);
}

static json_t *group_names(const struct group_set *set, const struct group_list *groups)
{
	json_t *list = json_array();

	for (size_t i = 0; i < set->count; i++) {
		const struct group *g = group_by_id(groups, set->ids[i]);

		if (g)
			json_array_append_new(list, api_json_text(g->name));
	}
	return list;
}

json_t *client_json_computer(const struct computer *m, const struct group_list *groups)
{
	json_t *o = json_object();

	api_json_put(o, "client_id", json_string(m->client_id));
	api_json_put(o, "dns_name", api_json_text(m->dns_name));
	api_json_put(o, "groups", group_names(&m->groups, groups));
	api_json_put(o, "claimed", api_json_text(m->claimed));
	api_json_put(o, "address", api_json_text(m->address));
	api_json_put(o, "first_contact", api_json_time(m->first_contact));
	api_json_put(o, "last_contact", api_json_time(m->last_contact));
	api_json_put(o, "registered", api_json_time(m->registered));
	api_json_put(o, "last_detection", api_json_time(m->last_detection));
	api_json_put(o, "last_status", api_json_time(m->last_status));
	api_json_put(o, "detection_error", client_json_result((uint32_t)m->detection_error));
	api_json_put(o, "manufacturer", api_json_text(m->manufacturer));
	api_json_put(o, "model", api_json_text(m->model));
	api_json_put(o, "architecture", api_json_text(m->architecture));
	api_json_put(o, "os_version", api_json_text(m->os_version));
	api_json_put(o, "os_description", api_json_text(m->os_description));
	api_json_put(o, "client_version", api_json_text(m->client_version));
	return o;
}

json_t *client_json_event(const struct event_row *e)
{
	const char *meaning = event_text(e->event_id);
	json_t *o = json_object();

	api_json_put(o, "instance", guid_text(e->instance));
	api_json_put(o, "received", api_json_time(e->received));
	api_json_put(o, "time", api_json_time(e->time_at_target));
	api_json_put(o, "event", json_integer(e->event_id));
	api_json_put(o, "meaning", api_json_text(meaning ? meaning : ""));
	api_json_put(o, "update_id", guid_text(e->update_id));
	api_json_put(o, "result", client_json_result((uint32_t)e->result));
	api_json_put(o, "app", api_json_text(e->app_name));
	api_json_put(o, "text", api_json_text(e->text));
	return o;
}

json_t *client_json_approval(const struct approval *a, const struct group_list *groups)
{
	const struct group *g = group_by_id(groups, a->group);
	json_t *o = json_object();

	api_json_put(o, "id", json_integer(a->id));
	api_json_put(o, "update_id", guid_text(a->update_id));
	api_json_put(o, "group", api_json_text(g ? g->name : ""));
	api_json_put(o, "action", json_string(approval_action_text(a->action)));
	api_json_put(o, "deadline", api_json_time(a->deadline));
	api_json_put(o, "is_assigned", json_boolean(a->is_assigned));
	api_json_put(o, "last_change", api_json_time(a->last_change));
	api_json_put(o, "by", api_json_text(a->by));
	return o;
}

void client_json_counts(json_t *o, const char *total_key, const struct compliance_counts *n)
{
	api_json_put(o, total_key, json_integer((json_int_t)compliance_total(n)));
	for (int i = 0; i < COMPLIANCE_STATES_; i++)
		api_json_put(o, compliance_state_text((enum compliance_state)i),
			     json_integer((json_int_t)n->of[i]));
}

json_t *client_json_item(const struct compliance_item *item)
{
	const char *failed = event_text(item->failed_event);
	json_t *o = json_object();

	api_json_put(o, "update_id", guid_text(item->update_id));
	api_json_put(o, "state", json_string(compliance_state_text(item->state)));
	api_json_put(o, "why", json_string(compliance_why_text(item->why)));
	api_json_put(o, "action",
		     item->approval ? json_string(approval_action_text(item->approval->action))
				    : json_null());
	api_json_put(o, "deadline", api_json_time(item->approval ? item->approval->deadline : 0));
	api_json_put(o, "failed", api_json_text(item->failed_event && failed ? failed : ""));
	api_json_put(o, "result", client_json_result(item->result));
	api_json_put(o, "failed_at", api_json_time(item->failed_at));
	return o;
}
