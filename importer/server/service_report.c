/*
 * ReportingWebService: what clients tell of themselves.  The answer to a report is always true;
 * what is malformed in it is dropped.
 */
#include "importer/server/request.h"
#include "importer/server/service_internal.h"
#include "importer/server/soap_value.h"
#include "lib/base/arena.h"
#include "lib/base/str.h"
#include "lib/clients/computer.h"
#include "lib/clients/event.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

struct reported {
	const char *sid, *instance, *time, *update_id, *app_name;
	int32_t namespace_id, event_id, source_id, revision, result;
	struct soap_list replacements, misc; /* of const char * */
};

struct report {
	struct soap_bytes cookie;
	const char *computer_id;
	struct soap_list events; /* of struct reported */
};

/* ---- tables ---- */

static const struct soap_field target_fields[] = {
	SOAP_AT(reported, "Sid", SOAP_TEXT, sid),
	{ .name = NULL },
};
static const struct soap_field update_fields[] = {
	SOAP_AT(reported, "UpdateID", SOAP_TEXT, update_id),
	SOAP_AT(reported, "RevisionNumber", SOAP_NUMBER, revision),
	{ .name = NULL },
};
/* The parts of an event are folded into one struct: their tables begin where it does. */
static const struct soap_field basic_fields[] = {
	{ .name = "TargetID", .type = SOAP_STRUCT, .fields = target_fields },
	SOAP_AT(reported, "TimeAtTarget", SOAP_TEXT, time),
	SOAP_AT(reported, "EventInstanceID", SOAP_TEXT, instance),
	SOAP_AT(reported, "NamespaceID", SOAP_NUMBER, namespace_id),
	SOAP_AT(reported, "EventID", SOAP_NUMBER, event_id),
	SOAP_AT(reported, "SourceID", SOAP_NUMBER, source_id),
	{ .name = "UpdateID", .type = SOAP_STRUCT, .fields = update_fields },
	SOAP_AT(reported, "Win32HResult", SOAP_NUMBER, result),
	SOAP_AT(reported, "AppName", SOAP_TEXT, app_name),
	{ .name = NULL },
};
static const struct soap_field extended_fields[] = {
	SOAP_INSIDE(reported, "ReplacementStrings", service_string_fields, replacements),
	SOAP_INSIDE(reported, "MiscData", service_string_fields, misc),
	{ .name = NULL },
};
static const struct soap_field event_fields[] = {
	{ .name = "BasicData", .type = SOAP_STRUCT, .fields = basic_fields },
	{ .name = "ExtendedData", .type = SOAP_STRUCT, .fields = extended_fields },
	{ .name = NULL },
};
static const struct soap_field batch_fields[] = {
	{ .name = "ReportingEvent",
	  .type = SOAP_STRUCT,
	  .fields = event_fields,
	  .item = sizeof(struct reported) },
	{ .name = NULL },
};
static const struct soap_field report_fields[] = {
	SOAP_INSIDE(report, "cookie", service_cookie_fields, cookie),
	SOAP_AT(report, "computerId", SOAP_TEXT, computer_id),
	SOAP_INSIDE(report, "eventBatch", batch_fields, events),
	{ .name = NULL },
};

/* ---- storing ---- */

/* false: not an event that can be kept, or somebody else's. */
static bool convert(const struct reported *r, const char *client_id, struct event *out)
{
	*out = (struct event){
		.namespace_id = r->namespace_id,
		.event_id = r->event_id,
		.source_id = r->source_id,
		.revision = r->revision > 0 ? (uint32_t)r->revision : 0,
		.result = r->result,
		.app_name = r->app_name,
		.replacements = r->replacements.items,
		.replacement_count = r->replacements.count,
		.misc = r->misc.items,
		.misc_count = r->misc.count,
	};
	if (!r->instance || !soap_value_guid(r->instance, strlen(r->instance), out->instance) ||
	    (r->sid && strcasecmp(r->sid, client_id) != 0))
		return false;
	if (r->time)
		(void)soap_value_time(r->time, strlen(r->time), &out->time_at_target); /* or 0 */
	if (r->update_id && !soap_value_guid(r->update_id, strlen(r->update_id), out->update_id))
		memset(out->update_id, 0, sizeof out->update_id);
	return true;
}

static bool known(void *ctx, const unsigned char update_id[16])
{
	struct catalog_guid id;

	memcpy(id.bytes, update_id, sizeof id.bytes);
	return wusp_graph_by_guid(ctx, &id) != WUSP_NONE;
}

static int store(struct service_call *call, const struct report *r, const char *client_id,
		 struct error *err)
{
	CLEANUP(view_put) const struct view *view = view_get(call->service->views);
	CLEANUP(arena_clear) struct arena memory = ARENA_INIT;
	const struct reported *items = r->events.items;
	struct event *events = arena_alloc(&memory, (r->events.count + 1) * sizeof *events);
	char address[ADDRESS_TEXT_SIZE];
	struct event_outcome outcome = { 0 };
	size_t n = 0;

	for (size_t i = 0; i < r->events.count; i++)
		if (convert(&items[i], client_id, &events[n]))
			n++;
	request_client(call->q, address);
	const struct event_batch batch = {
		.client_id = client_id,
		.address = address,
		.now = call->now,
		.events = events,
		.count = n,
		.known = known,
		/* only read: the callback's type is one for all uses */
		.ctx = (void *)(uintptr_t)view_graph(view),
	};
	return event_store(call->service->clients, &batch, &outcome, err);
}

/*
 * The cookie may be of an earlier scan, and expired since.  Who reports is what it says: a client
 * cannot report for another one.
 */
static int report_event_batch(struct service_call *call, const void *request, struct error *err)
{
	const struct report *r = request;

	if (cookie_read(r->cookie.bytes, r->cookie.len, &call->service->seal, COOKIE_SESSION,
			INT64_MIN, &call->cookie, err) < 0)
		return -1;
	if (!service_is_anonymous(&call->cookie) && store(call, r, call->cookie.client_id, err) < 0)
		return -1;
	soap_bool(call->w, "ReportEventBatchResult", true);
	return 0;
}

/* Without a cookie: only from computers that we know. */
static int report_event_batch_two(struct service_call *call, const void *request, struct error *err)
{
	const struct report *r = request;
	const char *id = r->computer_id;
	int registered = 0;

	if (id && computer_id_valid(id, strlen(id)))
		registered = computer_registered(call->service->clients, id, err);
	if (registered < 0 || (registered > 0 && store(call, r, id, err) < 0))
		return -1;
	soap_bool(call->w, "ReportEventBatch2Result", true);
	return 0;
}

/* We collect no inventory. */
static int get_required_inventory(struct service_call *call, const void *request, struct error *err)
{
	(void)request;
	(void)err;
	soap_int(call->w, "GetRequiredInventoryTypeResult", 0);
	return 0;
}

static int report_inventory(struct service_call *call, const void *request, struct error *err)
{
	(void)request;
	(void)err;
	soap_bool(call->w, "ReportInventoryResult", true);
	return 0;
}

static const struct soap_field nothing[] = { { .name = NULL } };

const struct soap_operation service_report_event_batch = { "ReportEventBatch", report_fields,
							   sizeof(struct report),
							   report_event_batch };
const struct soap_operation service_report_event_batch_two = { "ReportEventBatch2", report_fields,
							       sizeof(struct report),
							       report_event_batch_two };
const struct soap_operation service_get_required_inventory = { "GetRequiredInventoryType", nothing,
							       1, get_required_inventory };
const struct soap_operation service_report_inventory = { "ReportInventory", nothing, 1,
							 report_inventory };
