/* SyncUpdates: from the request to lib/wusp/sync.h and back; what it means is told there. */
#include "importer/server/service_internal.h"
#include "importer/server/soap_value.h"
#include "lib/base/buf.h"
#include "lib/base/limits.h"
#include "lib/base/str.h"
#include "lib/wusp/sync.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

struct device {
	struct soap_list hardware_ids, compatible_ids; /* of const char * */
	bool installed;
	const char *matching_id, *date, *version, *driver_class, *manufacturer, *provider;
	const char *computer, *rank;
};

struct parameters {
	struct soap_list installed, cached, cached_drivers; /* of int32_t */
	struct soap_list devices;                           /* of struct device */
	bool skip_software, two_group;
	struct soap_list filter;    /* of struct catalog_guid */
	struct soap_list computers; /* likewise */
	const char *feature_key;
	struct service_wanted wanted; /* of what is new; clients of the live service ask for it */
};

struct sync_updates {
	struct soap_bytes cookie;
	bool has_parameters;
	struct parameters parameters;
};

/* ---- tables ---- */

static const struct soap_field driver_fields[] = {
	SOAP_AT(device, "MatchingID", SOAP_TEXT, matching_id),
	SOAP_AT(device, "DriverVerDate", SOAP_TEXT, date),
	SOAP_AT(device, "DriverVerVersion", SOAP_TEXT, version),
	SOAP_AT(device, "Class", SOAP_TEXT, driver_class),
	SOAP_AT(device, "Manufacturer", SOAP_TEXT, manufacturer),
	SOAP_AT(device, "Provider", SOAP_TEXT, provider),
	SOAP_AT(device, "MatchingComputerHWID", SOAP_TEXT, computer),
	SOAP_AT(device, "DriverRank", SOAP_TEXT, rank),
	{ .name = NULL },
};
static const struct soap_field device_fields[] = {
	SOAP_INSIDE(device, "HardwareIDs", service_string_fields, hardware_ids),
	SOAP_INSIDE(device, "CompatibleIDs", service_string_fields, compatible_ids),
	{ .name = "installedDriver",
	  .type = SOAP_STRUCT,
	  .fields = driver_fields,
	  .seen = offsetof(struct device, installed) },
	{ .name = NULL },
};
static const struct soap_field devices_fields[] = {
	{ .name = "Device",
	  .type = SOAP_STRUCT,
	  .fields = device_fields,
	  .item = sizeof(struct device) },
	{ .name = NULL },
};
static const struct soap_field identifier_fields[] = {
	{ .name = "Id", .type = SOAP_GUID },
	{ .name = NULL },
};
static const struct soap_field filter_fields[] = {
	{ .name = "CategoryIdentifier",
	  .type = SOAP_STRUCT,
	  .fields = identifier_fields,
	  .item = sizeof(struct catalog_guid) },
	{ .name = NULL },
};
static const struct soap_field computer_fields[] = {
	{ .name = "HardwareIDs", .type = SOAP_STRUCT, .fields = service_guid_fields },
	{ .name = NULL },
};
static const struct soap_field wanted_fields[] = {
	SOAP_INSIDE(service_wanted, "XmlUpdateFragmentTypes", service_type_fields, types),
	SOAP_INSIDE(service_wanted, "Locales", service_string_fields, locales),
	{ .name = NULL },
};
static const struct soap_field parameters_fields[] = {
	SOAP_INSIDE(parameters, "InstalledNonLeafUpdateIDs", service_int_fields, installed),
	SOAP_INSIDE(parameters, "OtherCachedUpdateIDs", service_int_fields, cached),
	SOAP_INSIDE(parameters, "SystemSpec", devices_fields, devices),
	SOAP_INSIDE(parameters, "CachedDriverIDs", service_int_fields, cached_drivers),
	SOAP_AT(parameters, "SkipSoftwareSync", SOAP_BOOL, skip_software),
	SOAP_INSIDE(parameters, "FilterCategoryIds", filter_fields, filter),
	SOAP_AT(parameters, "NeedTwoGroupOutOfScopeUpdates", SOAP_BOOL, two_group),
	SOAP_INSIDE(parameters, "ComputerSpec", computer_fields, computers),
	SOAP_AT(parameters, "FeatureScoreMatchingKey", SOAP_TEXT, feature_key),
	SOAP_INSIDE(parameters, "ExtendedUpdateInfoParameters", wanted_fields, wanted),
	{ .name = NULL },
};
static const struct soap_field sync_fields[] = {
	SOAP_INSIDE(sync_updates, "cookie", service_cookie_fields, cookie),
	{ .name = "parameters",
	  .type = SOAP_STRUCT,
	  .offset = offsetof(struct sync_updates, parameters),
	  .fields = parameters_fields,
	  .seen = offsetof(struct sync_updates, has_parameters) },
	{ .name = NULL },
};

/* ---- the request ---- */

/* Classes of devices by name and, as newer clients write it, by GUID. */
static bool is_printer(const char *driver_class)
{
	return driver_class && (strcasecmp(driver_class, "Printer") == 0 ||
				strcasestr(driver_class, "4d36e979-e325-11ce-bfc1-08002be10318"));
}

/* What is not of its type counts as absent: a device must not spoil the scan. */
static struct wusp_installed_driver installed_driver(const struct device *d)
{
	struct wusp_installed_driver out = {
		.present = d->installed,
		.matching_id = d->matching_id,
		.provider = d->provider,
		.manufacturer = d->manufacturer,
	};
	int64_t number;
	int32_t rank;

	if (d->date && soap_value_time(d->date, strlen(d->date), &number))
		out.date = number;
	if (d->version && soap_value_long(d->version, strlen(d->version), &number))
		out.version = (uint64_t)number;
	if (d->computer)
		out.has_computer =
			soap_value_guid(d->computer, strlen(d->computer), out.computer.bytes);
	out.has_rank = d->rank && soap_value_int(d->rank, strlen(d->rank), &rank);
	if (out.has_rank)
		out.rank = (uint32_t)rank;
	return out;
}

static struct wusp_device *convert_devices(const struct soap_list *list, struct arena *memory)
{
	struct wusp_device *out = arena_alloc(memory, (list->count + 1) * sizeof *out);
	const struct device *items = list->items;

	for (size_t i = 0; i < list->count; i++)
		out[i] = (struct wusp_device){
			.hardware_ids = items[i].hardware_ids.items,
			.hardware_ids_count = items[i].hardware_ids.count,
			.compatible_ids = items[i].compatible_ids.items,
			.compatible_ids_count = items[i].compatible_ids.count,
			.is_printer = is_printer(items[i].driver_class),
			.installed = installed_driver(&items[i]),
		};
	return out;
}

static struct wusp_sync_request convert(const struct service_call *call, const struct parameters *p,
					struct arena *memory)
{
	return (struct wusp_sync_request){
		.driver_pass = p->skip_software,
		.client_version = service_version(call),
		.installed = p->installed.items,
		.installed_count = p->installed.count,
		.cached = p->cached.items,
		.cached_count = p->cached.count,
		.cached_drivers = p->cached_drivers.items,
		.cached_drivers_count = p->cached_drivers.count,
		.filter = p->filter.items,
		.filter_count = p->filter.count,
		.two_group = p->two_group,
		.devices = convert_devices(&p->devices, memory),
		.devices_count = p->devices.count,
		.computers = p->computers.items,
		.computers_count = p->computers.count,
		.feature_key = p->feature_key,
		.stamp = p->skip_software ? call->cookie.driver : call->cookie.software,
	};
}

/* ---- the answer ---- */

void service_write_deployment(struct service_call *call, const struct wusp_sync_item *item)
{
	static const char *const zeros[] = { "AutoSelect", "AutoDownload", "SupersedenceBehavior" };
	struct soap_writer *w = call->w;
	const struct wusp_deployment *d = &item->deployment;

	soap_open(w, "Deployment");
	soap_int(w, "ID", d->id);
	soap_text(w, "Action", wusp_deploy_action_text(d->action));
	if (d->deadline > 0)
		soap_time(w, "Deadline", d->deadline);
	soap_bool(w, "IsAssigned", d->is_assigned);
	soap_date(w, "LastChangeTime", d->last_change);
	if (item->hardware_ids_count > 0 && service_version(call) >= WUSP_VERSION(1, 6)) {
		soap_open(w, "HardwareIds");
		for (size_t i = 0; i < item->hardware_ids_count; i++)
			soap_text(w, "string", item->hardware_ids[i]);
		soap_close(w, "HardwareIds");
	}
	for (size_t i = 0; i < 3 && service_version(call) >= WUSP_VERSION(1, 8); i++)
		soap_text(w, zeros[i], "0");
	soap_close(w, "Deployment");
}

/* What comes before the fragment, and what comes behind it. */
static void begin_update(struct service_call *call, const struct wusp_graph *g,
			 const struct wusp_sync_item *item)
{
	struct soap_writer *w = call->w;

	soap_open(w, "UpdateInfo");
	soap_int(w, "ID", wusp_graph_node(g, item->node).revision_id);
	service_write_deployment(call, item);
	soap_bool(w, "IsLeaf", item->is_leaf);
}

static void end_update(struct service_call *call)
{
	soap_close(call->w, "UpdateInfo");
}

/* All of the answer at once: growing, it would be copied again and again. */
static int make_room(struct service_call *call, const struct wusp_graph *g,
		     const struct wusp_sync_reply *r, struct error *err)
{
	enum { UPDATE = 512 };
	size_t sum = UPDATE;

	/* Escaped, a fragment is about a fifth longer. */
	for (size_t i = 0; i < r->new_count; i++)
		sum += UPDATE + wusp_graph_node(g, r->new_updates[i].node).core_bytes / 4u * 5;
	return buf_room(&call->w->buf, sum, err) ? 0 : -1;
}

static int write_new(struct service_call *call, const struct view *v,
		     const struct wusp_sync_reply *r, struct error *err)
{
	const struct wusp_graph *g = view_graph(v);

	if (r->new_count == 0)
		return 0;
	if (make_room(call, g, r, err) < 0)
		return -1;
	soap_open(call->w, "NewUpdates");
	for (size_t i = 0; i < r->new_count; i++) {
		CLEANUP(view_text_put) const struct view_text *core = NULL;
		int there = view_ready(v, r->new_updates[i].node, &core, err);

		if (there < 0)
			return -1;
		/* an update that says nothing about when it applies cannot be offered */
		if (there == 0)
			continue;
		begin_update(call, g, &r->new_updates[i]);
		soap_escaped(call->w, "Xml", core->bytes, core->len);
		end_update(call);
	}
	soap_close(call->w, "NewUpdates");
	return 0;
}

static void write_ids(struct soap_writer *w, const char *element, const int32_t *ids, size_t count)
{
	if (count == 0)
		return;
	soap_open(w, element);
	for (size_t i = 0; i < count; i++)
		soap_int(w, "int", ids[i]);
	soap_close(w, element);
}

/*
 * What GetExtendedUpdateInfo would tell of the new updates that are offered and their parts.  Not
 * of all when that would be too much: the client can ask.
 */
static int write_extended(struct service_call *call, const struct view *v,
			  const struct wusp_sync_reply *r, const struct service_wanted *wanted,
			  struct error *err)
{
	if (wanted->types.count == 0)
		return 0;
	soap_open(call->w, "ExtendedUpdateInfo");
	soap_open(call->w, "Updates");
	for (size_t i = 0; i < r->new_count && call->w->buf.len < LIMIT_SOAP_REPLY / 2; i++) {
		enum wusp_action action = r->new_updates[i].deployment.action;

		if (action != WUSP_EVALUATE &&
		    service_write_fragments(call, v, r->new_updates[i].node, wanted, err) < 0)
			return -1;
	}
	soap_close(call->w, "Updates");
	soap_close(call->w, "ExtendedUpdateInfo");
	return 0;
}

static int write_reply(struct service_call *call, const struct view *v,
		       const struct wusp_sync_reply *r, const struct service_wanted *wanted,
		       struct error *err)
{
	struct soap_writer *w = call->w;

	soap_open(w, "SyncUpdatesResult");
	if (write_new(call, v, r, err) < 0)
		return -1;
	write_ids(w, "OutOfScopeRevisionIDs", r->out_of_scope, r->out_of_scope_count);
	if (r->changed_count > 0) {
		soap_open(w, "ChangedUpdates");
		for (size_t i = 0; i < r->changed_count; i++) {
			begin_update(call, view_graph(v), &r->changed[i]);
			end_update(call);
		}
		soap_close(w, "ChangedUpdates");
	}
	soap_bool(w, "Truncated", r->truncated);
	service_write_cookie(call, "NewCookie");
	write_ids(w, "DeployedOutOfScopeRevisionIds", r->deployed_out_of_scope,
		  r->deployed_out_of_scope_count);
	if (service_version(call) >= WUSP_VERSION(1, 7))
		soap_bool(w, "DriverSyncNotNeeded", r->driver_sync_not_needed);
	if (write_extended(call, v, r, wanted, err) < 0)
		return -1;
	soap_close(w, "SyncUpdatesResult");
	return 0;
}

static int sync_updates(struct service_call *call, const void *request, struct error *err)
{
	const struct sync_updates *r = request;
	const struct parameters *p = &r->parameters;
	CLEANUP(arena_clear) struct arena memory = ARENA_INIT;
	CLEANUP(wusp_sync_clear) struct wusp_sync_reply reply = WUSP_SYNC_REPLY_INIT;

	if (service_session(call, &r->cookie, SERVICE_REGISTERED | SERVICE_LOCATION, err) < 0)
		return -1;
	if (!r->has_parameters)
		return error_set(err, ERROR_SOAP_VALUE, "parameters");
	if (p->devices.count > 0 && !p->skip_software)
		return error_set(err, ERROR_SOAP_VALUE, "parameters.SystemSpec");
	if (p->wanted.locales.count > LIMIT_SOAP_LOCALES)
		return error_set(err, ERROR_SOAP_VALUE,
				 "parameters.ExtendedUpdateInfoParameters.Locales");
	CLEANUP(view_put) const struct view *v = view_get(call->service->views);
	CLEANUP(view_deployed_put)
	const struct view_deployed *d = service_deployments(call, v, err);
	if (!d)
		return -1;
	const struct wusp_sync_request q = convert(call, p, &memory);
	if (wusp_sync(view_graph(v), d->all, &q, &reply, err) < 0)
		return -1;
	*(p->skip_software ? &call->cookie.driver : &call->cookie.software) = reply.stamp;
	return write_reply(call, v, &reply, &p->wanted, err);
}

const struct soap_operation service_sync_updates = { "SyncUpdates", sync_fields,
						     sizeof(struct sync_updates), sync_updates };
