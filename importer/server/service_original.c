/*
 * Content under the paths that it has at Microsoft: computers with an alternate download server ask
 * it for the path of the original URL (as an ISP's cache would be asked).
 */
#include "importer/server/reply.h"
#include "importer/server/request.h"
#include "importer/server/serve_content.h"
#include "importer/server/service.h"
#include "importer/server/service_internal.h"
#include "lib/base/str.h"
#include "lib/catalog/catalog_url.h"

#include <stdio.h>
#include <string.h>

static int redirect(const struct service *s, const char *path, const unsigned char sha1[20],
		    struct reply *out, struct error *err)
{
	char hex[41], where[SERVICE_HOST_SIZE + 128];

	str_to_hex(sha1, 20, hex);
	snprintf(where, sizeof where, "%s/Content/%s/%s%s", s->content_url ? s->content_url : "",
		 hex + 38, hex, serve_content_extension(path));
	if (reply_text(out, 302, where, err) < 0)
		return -1;
	reply_header(out, "Location", where);
	return 0;
}

static bool look_up(const struct request *q, unsigned char sha1[20])
{
	if (catalog_url_digest(q->path, strlen(q->path), sha1))
		return true;
	CLEANUP(view_put) const struct view *v = q->service ? view_get(q->service->views) : NULL;
	return v && view_original(v, q->path, sha1);
}

int service_original(const struct request *q, const char *rest, struct reply *out,
		     struct error *err)
{
	unsigned char sha1[20];

	(void)rest;
	if (!look_up(q, sha1))
		return error_set(err, ERROR_SERVER_NOT_FOUND, "no file is known by this path");
	if (q->service && q->service->redirect)
		return redirect(q->service, q->path, sha1, out, err);
	return serve_content_object(q, sha1, out, err);
}
