/* What a client asks beside its scans: RefreshCache and StartCategoryScan. */
#include "importer/server/service_internal.h"
#include "lib/base/buf.h"
#include "lib/wusp/sync.h"

#include <stddef.h>

/* ---- RefreshCache ---- */

struct refresh_cache {
	struct soap_bytes cookie;
	struct soap_list identities; /* of struct service_identity */
};

const struct soap_field service_identity_fields[] = {
	SOAP_AT(service_identity, "UpdateID", SOAP_GUID, id),
	SOAP_AT(service_identity, "RevisionNumber", SOAP_INT, revision),
	{ .name = NULL },
};
const struct soap_field service_identities_fields[] = {
	{ .name = "UpdateIdentity",
	  .type = SOAP_STRUCT,
	  .fields = service_identity_fields,
	  .item = sizeof(struct service_identity) },
	{ .name = NULL },
};
static const struct soap_field refresh_fields[] = {
	SOAP_INSIDE(refresh_cache, "cookie", service_cookie_fields, cookie),
	SOAP_INSIDE(refresh_cache, "globalIDs", service_identities_fields, identities),
	{ .name = NULL },
};

uint32_t service_find(const struct wusp_graph *g, const struct service_identity *i)
{
	return i->revision < 0 ? WUSP_NONE
			       : wusp_graph_by_identity(g, &i->id, (uint32_t)i->revision);
}

static void write_result(struct service_call *call, const struct wusp_graph *g,
			 const struct wusp_sync_item *item)
{
	struct wusp_node node = wusp_graph_node(g, item->node);
	struct soap_writer *w = call->w;

	soap_open(w, "RefreshCacheResult");
	soap_int(w, "RevisionID", node.revision_id);
	soap_open(w, "GlobalID");
	soap_guid(w, "UpdateID", node.update_id.bytes);
	soap_int(w, "RevisionNumber", node.revision_number);
	soap_close(w, "GlobalID");
	soap_bool(w, "IsLeaf", item->is_leaf);
	service_write_deployment(call, item);
	soap_close(w, "RefreshCacheResult");
}

static int refresh_cache(struct service_call *call, const void *request, struct error *err)
{
	const struct refresh_cache *r = request;
	const struct service_identity *ids = r->identities.items;

	if (service_session(call, &r->cookie, SERVICE_ANY, err) < 0)
		return -1;
	CLEANUP(view_put) const struct view *v = view_get(call->service->views);
	CLEANUP(view_deployed_put)
	const struct view_deployed *d = service_deployments(call, v, err);
	if (!d)
		return -1;
	soap_open(call->w, "RefreshCacheResult");
	for (size_t i = 0; i < r->identities.count; i++) {
		uint32_t node = service_find(view_graph(v), &ids[i]);
		struct wusp_sync_item item;

		if (node != WUSP_NONE &&
		    wusp_sync_item(view_graph(v), d->all, node, service_version(call), &item))
			write_result(call, view_graph(v), &item);
	}
	soap_close(call->w, "RefreshCacheResult");
	return 0;
}

const struct soap_operation service_refresh_cache = { "RefreshCache", refresh_fields,
						      sizeof(struct refresh_cache), refresh_cache };

/* ---- StartCategoryScan ---- */

struct start_category_scan {
	struct soap_list wanted; /* of struct wusp_category */
};

static const struct soap_field category_fields[] = {
	SOAP_AT(wusp_category, "IndexOfAndGroup", SOAP_INT, group),
	SOAP_AT(wusp_category, "CategoryId", SOAP_GUID, id),
	{ .name = NULL },
};
static const struct soap_field categories_fields[] = {
	{ .name = "CategoryRelationship",
	  .type = SOAP_STRUCT,
	  .fields = category_fields,
	  .item = sizeof(struct wusp_category) },
	{ .name = NULL },
};
static const struct soap_field category_scan_fields[] = {
	{ .name = "requestedCategories", .type = SOAP_STRUCT, .fields = categories_fields },
	{ .name = NULL },
};

static void write_guids(struct soap_writer *w, const char *element, const struct catalog_guid *ids,
			size_t count)
{
	soap_open(w, element);
	for (size_t i = 0; i < count; i++)
		soap_guid(w, "guid", ids[i].bytes);
	soap_close(w, element);
}

static int start_category_scan(struct service_call *call, const void *request, struct error *err)
{
	const struct start_category_scan *r = request;
	CLEANUP(wusp_category_clear) struct wusp_category_answer a = { 0 };
	CLEANUP(view_put) const struct view *v = view_get(call->service->views);

	if (wusp_category_scan(view_graph(v), r->wanted.items, r->wanted.count, &a, err) < 0)
		return -1;
	write_guids(call->w, "preferredCategoryIds", a.preferred, a.preferred_count);
	write_guids(call->w, "requestedCategoryIdsInError", a.in_error, a.in_error_count);
	return 0;
}

const struct soap_operation service_start_category_scan = { "StartCategoryScan",
							    category_scan_fields,
							    sizeof(struct start_category_scan),
							    start_category_scan };
