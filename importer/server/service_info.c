/* What a client asks before it downloads: GetExtendedUpdateInfo, its successor, GetFileLocations.
 */
#include "importer/server/request.h"
#include "importer/server/serve_content.h"
#include "importer/server/service_internal.h"
#include "lib/base/arena.h"
#include "lib/base/buf.h"
#include "lib/base/limits.h"
#include "lib/base/str.h"
#include "lib/wusp/sync.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- where files are ---- */

static void write_location(struct service_call *call, const struct view_file *f)
{
	const char *base = call->service->content_url;
	char host[SERVICE_HOST_SIZE], hex[41], url[SERVICE_HOST_SIZE + 100];

	str_to_hex(f->sha1, sizeof f->sha1, hex);
	for (char *p = hex; *p; p++)
		*p = *p >= 'a' ? (char)(*p - 'a' + 'A') : *p;
	if (!base)
		service_content_host(call, host);
	snprintf(url, sizeof url, "%s%s/Content/%s/%s%s", base ? "" : "http://", base ? base : host,
		 hex + 38, hex, serve_content_extension(f->name));
	soap_open(call->w, "FileLocation");
	soap_base64(call->w, "FileDigest", f->sha1, sizeof f->sha1);
	soap_text(call->w, "Url", url);
	soap_close(call->w, "FileLocation");
}

/* ---- what is asked for ---- */

struct info {
	struct soap_bytes cookie;
	struct soap_list revisions;  /* of int32_t */
	struct soap_list identities; /* of struct service_identity */
	struct service_wanted wanted;
};

const struct soap_field service_type_fields[] = {
	{ .name = "XmlUpdateFragmentType", .type = SOAP_TEXT, .item = sizeof(const char *) },
	{ .name = NULL },
};
static const struct soap_field info_fields[] = {
	SOAP_INSIDE(info, "cookie", service_cookie_fields, cookie),
	SOAP_INSIDE(info, "revisionIDs", service_int_fields, revisions),
	SOAP_INSIDE(info, "updateIDs", service_identities_fields, identities),
	SOAP_INSIDE(info, "infoTypes", service_type_fields, wanted.types),
	SOAP_INSIDE(info, "locales", service_string_fields, wanted.locales),
	{ .name = NULL },
};

/* The fragments that are wanted, as bits; what else the list names is answered by nothing. */
static unsigned wanted_kinds(const struct soap_list *types)
{
	static const char *const names[WUSP_FRAGMENTS_] = {
		[WUSP_CORE] = "Core",
		[WUSP_EXTENDED] = "Extended",
		[WUSP_LOCALIZED] = "LocalizedProperties",
		[WUSP_EULA] = "Eula",
	};
	const char *const *items = types->items;
	unsigned kinds = 0;

	for (size_t i = 0; i < types->count; i++)
		for (unsigned k = 0; k < WUSP_FRAGMENTS_; k++)
			if (strcmp(items[i], names[k]) == 0)
				kinds |= 1u << k;
	return kinds;
}

/* The nodes that are asked for and deployed to the client, each once. */
struct chosen {
	uint32_t nodes[LIMIT_SOAP_EXTENDED];
	size_t count;
	int32_t unknown[LIMIT_SOAP_EXTENDED];
	size_t unknown_count;
};

static bool choose(struct chosen *c, const struct wusp_deployments *d, uint32_t node)
{
	if (node == WUSP_NONE || wusp_deploy_at(d, node).action == WUSP_ACTION_NONE)
		return false;
	for (size_t i = 0; i < c->count; i++)
		if (c->nodes[i] == node)
			return true;
	c->nodes[c->count++] = node;
	return true;
}

static int check(const struct info *r, const char *ids, size_t count, struct error *err)
{
	const struct service_wanted *w = &r->wanted;

	if (count > LIMIT_SOAP_EXTENDED)
		return error_set(err, ERROR_SOAP_VALUE, "%s", ids);
	if (w->types.count == 0)
		return error_set(err, ERROR_SOAP_VALUE, "infoTypes");
	if (w->locales.count == 0 &&
	    (wanted_kinds(&w->types) & (1u << WUSP_LOCALIZED | 1u << WUSP_EULA)))
		return error_set(err, ERROR_SOAP_VALUE, "locales");
	if (w->locales.count > LIMIT_SOAP_LOCALES)
		return error_set(err, ERROR_SOAP_VALUE, "locales");
	return 0;
}

/* ---- the answer ---- */

static int write_fragment(struct service_call *call, const struct view *v, uint32_t node,
			  enum wusp_fragment kind, const char *locale, struct error *err)
{
	CLEANUP(buf_clear) struct buf b = BUF_INIT(LIMIT_FRAGMENT_BYTES);
	int there = view_fragment(v, node, kind, locale, &b, err);

	if (there <= 0)
		return there;
	soap_open(call->w, "Update");
	soap_int(call->w, "ID", wusp_graph_node(view_graph(v), node).revision_id);
	soap_bytes(call->w, "Xml", b.bytes, b.len);
	soap_close(call->w, "Update");
	return 0;
}

/* One fragment per language that answers a wanted locale, or English. */
static int write_languages(struct service_call *call, const struct view *v, uint32_t node,
			   enum wusp_fragment kind, const struct soap_list *locales,
			   struct error *err)
{
	const char *const *items = locales->items;
	int done[LIMIT_SOAP_LOCALES + 1];
	size_t count = 0;

	for (size_t i = 0; i <= locales->count; i++) {
		const char *locale = i < locales->count ? items[i] : "en";
		int language, found = view_language(v, node, kind, locale, &language, err);
		size_t k = 0;

		if (found < 0)
			return -1;
		while (found > 0 && k < count && done[k] != language)
			k++;
		if (found == 0 || k < count)
			continue;
		done[count++] = language;
		if (write_fragment(call, v, node, kind, locale, err) < 0)
			return -1;
	}
	return 0;
}

int service_write_fragments(struct service_call *call, const struct view *v, uint32_t node,
			    const struct service_wanted *wanted, struct error *err)
{
	unsigned kinds = wanted_kinds(&wanted->types);

	for (unsigned k = 0; k < WUSP_FRAGMENTS_; k++) {
		bool local = k == WUSP_LOCALIZED || k == WUSP_EULA;
		int result = 0;

		if (kinds & 1u << k && local)
			result = write_languages(call, v, node, k, &wanted->locales, err);
		else if (kinds & 1u << k)
			result = write_fragment(call, v, node, k, NULL, err);
		if (result < 0)
			return -1;
	}
	return 0;
}

static int write_updates(struct service_call *call, const struct view *v, const struct chosen *c,
			 const struct service_wanted *wanted, struct error *err)
{
	soap_open(call->w, "Updates");
	for (size_t i = 0; i < c->count; i++)
		if (service_write_fragments(call, v, c->nodes[i], wanted, err) < 0)
			return -1;
	soap_close(call->w, "Updates");
	return 0;
}

static int by_sha1(const void *a, const void *b)
{
	const struct view_file *const *x = a, *const *y = b;

	return memcmp((*x)->sha1, (*y)->sha1, sizeof(*x)->sha1);
}

/* Every file of the updates that can be had here, each once, whatever kinds were asked for. */
static void write_files(struct service_call *call, const struct view *v, const struct chosen *c)
{
	CLEANUP(arena_clear) struct arena memory = ARENA_INIT;
	const struct view_file **list;
	size_t total = 0, count, n = 0;

	for (size_t i = 0; i < c->count; i++) {
		(void)view_files(v, c->nodes[i], &count);
		total += count;
	}
	list = arena_alloc(&memory, (total + 1) * sizeof *list);
	for (size_t i = 0; i < c->count; i++) {
		const struct view_file *files = view_files(v, c->nodes[i], &count);

		for (size_t k = 0; k < count; k++)
			if (files[k].here && !files[k].is_licence)
				list[n++] = &files[k];
	}
	qsort(list, n, sizeof *list, by_sha1);
	soap_open(call->w, "FileLocations");
	for (size_t i = 0; i < n; i++)
		if (i == 0 || by_sha1(&list[i - 1], &list[i]) != 0)
			write_location(call, list[i]);
	soap_close(call->w, "FileLocations");
}

static int get_extended_update_info(struct service_call *call, const void *request,
				    struct error *err)
{
	const struct info *r = request;
	const int32_t *ids = r->revisions.items;
	struct chosen c = { .count = 0 };

	if (service_session(call, &r->cookie, SERVICE_ANY, err) < 0 ||
	    check(r, "revisionIDs", r->revisions.count, err) < 0)
		return -1;
	CLEANUP(view_put) const struct view *v = view_get(call->service->views);
	CLEANUP(view_deployed_put)
	const struct view_deployed *d = service_deployments(call, v, err);
	if (!d)
		return -1;
	for (size_t i = 0; i < r->revisions.count; i++)
		if (!choose(&c, d->all, wusp_graph_by_revision(view_graph(v), ids[i])))
			c.unknown[c.unknown_count++] = ids[i];
	soap_open(call->w, "GetExtendedUpdateInfoResult");
	if (write_updates(call, v, &c, &r->wanted, err) < 0)
		return -1;
	write_files(call, v, &c);
	if (c.unknown_count > 0) {
		soap_open(call->w, "OutOfScopeRevisionIDs");
		for (size_t i = 0; i < c.unknown_count; i++)
			soap_int(call->w, "int", c.unknown[i]);
		soap_close(call->w, "OutOfScopeRevisionIDs");
	}
	soap_close(call->w, "GetExtendedUpdateInfoResult");
	return 0;
}

/* Is this the address where clients of the live service ask by identity, without a cookie? */
static bool is_secured(const struct request *q)
{
	static const char end[] = "/secured";
	size_t len = strlen(q->path);

	return len >= sizeof end && strcasecmp(q->path + len - (sizeof end - 1), end) == 0;
}

/* By identity; we carry no encrypted files, so there are no keys to tell. */
static int get_extended_update_info_two(struct service_call *call, const void *request,
					struct error *err)
{
	const struct info *r = request;
	const struct service_identity *ids = r->identities.items;
	bool bare = r->cookie.len == 0 && is_secured(call->q);
	struct chosen c = { .count = 0 };

	if ((!bare && service_session(call, &r->cookie, SERVICE_ANY, err) < 0) ||
	    check(r, "updateIDs", r->identities.count, err) < 0)
		return -1;
	CLEANUP(view_put) const struct view *v = view_get(call->service->views);
	CLEANUP(view_deployed_put)
	const struct view_deployed *d = service_deployments(call, v, err);
	if (!d)
		return -1;
	for (size_t i = 0; i < r->identities.count; i++)
		(void)choose(&c, d->all, service_find(view_graph(v), &ids[i]));
	soap_open(call->w, "GetExtendedUpdateInfo2Result");
	if (write_updates(call, v, &c, &r->wanted, err) < 0)
		return -1;
	write_files(call, v, &c);
	soap_close(call->w, "GetExtendedUpdateInfo2Result");
	return 0;
}

const struct soap_operation service_get_extended_update_info = { "GetExtendedUpdateInfo",
								 info_fields, sizeof(struct info),
								 get_extended_update_info };
const struct soap_operation service_get_extended_update_info_two = {
	"GetExtendedUpdateInfo2", info_fields, sizeof(struct info), get_extended_update_info_two
};

/* ---- GetFileLocations ---- */

struct get_file_locations {
	struct soap_bytes cookie;
	struct soap_list digests; /* of struct soap_bytes */
};

static int get_file_locations(struct service_call *call, const void *request, struct error *err)
{
	const struct get_file_locations *r = request;
	const struct soap_bytes *digests = r->digests.items;

	if (service_session(call, &r->cookie, SERVICE_ANY, err) < 0)
		return -1;
	for (size_t i = 0; i < r->digests.count; i++)
		if (digests[i].len != 20)
			return error_set(err, ERROR_SOAP_VALUE, "fileDigests");
	CLEANUP(view_put) const struct view *v = view_get(call->service->views);
	soap_open(call->w, "GetFileLocationsResult");
	soap_open(call->w, "FileLocations");
	for (size_t i = 0; i < r->digests.count; i++) {
		const struct view_file *f = view_file_by_sha1(v, digests[i].bytes);

		if (f && f->here)
			write_location(call, f);
	}
	soap_close(call->w, "FileLocations");
	/* From now on the client knows where content is. */
	memcpy(call->cookie.location, call->service->location, COOKIE_LOCATION);
	service_write_cookie(call, "NewCookie");
	soap_close(call->w, "GetFileLocationsResult");
	return 0;
}

static const struct soap_field digest_fields[] = {
	{ .name = "base64Binary", .type = SOAP_BASE64, .item = sizeof(struct soap_bytes) },
	{ .name = NULL },
};
static const struct soap_field locations_fields[] = {
	SOAP_INSIDE(get_file_locations, "cookie", service_cookie_fields, cookie),
	SOAP_INSIDE(get_file_locations, "fileDigests", digest_fields, digests),
	{ .name = NULL },
};
const struct soap_operation service_get_file_locations = { "GetFileLocations", locations_fields,
							   sizeof(struct get_file_locations),
							   get_file_locations };
