#include "importer/server/service.h"

#include "importer/server/fault.h"
#include "importer/server/reply.h"
#include "importer/server/request.h"
#include "importer/server/service_internal.h"
#include "importer/server/soap_charset.h"
#include "lib/base/clock.h"
#include "lib/base/limits.h"
#include "lib/clients/clients.h"
#include "lib/crypto/digest.h"
#include "lib/crypto/random.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const struct soap_service client_service = {
	.uri = "http://www.microsoft.com/SoftwareDistribution/Server/ClientWebService",
	.operations =
		(const struct soap_operation *const[]){
			&service_sync_updates, &service_get_extended_update_info,
			&service_get_config, &service_get_cookie, &service_register_computer,
			&service_refresh_cache, &service_get_file_locations,
			&service_get_extended_update_info_two, &service_start_category_scan, NULL },
};

static const struct soap_service auth_service = {
	.uri = "http://www.microsoft.com/SoftwareDistribution/Server/SimpleAuthWebService",
	.operations =
		(const struct soap_operation *const[]){ &service_get_authorization_cookie, NULL },
};

static const struct soap_service report_service = {
	.uri = "http://www.microsoft.com/SoftwareDistribution",
	.operations = (const struct soap_operation *const[]){ &service_report_event_batch,
							      &service_report_event_batch_two,
							      &service_get_required_inventory,
							      &service_report_inventory, NULL },
};

/* ---- life ---- */

/* A plain URL without path: what is appended begins with "/Content/". */
static int check_url(const char *url, struct error *err)
{
	static const char allowed[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-:[]_";
	const char *host = strncmp(url, "http://", 7) == 0    ? url + 7
			   : strncmp(url, "https://", 8) == 0 ? url + 8
							      : "";
	size_t len = strlen(host);

	if (len == 0 || len >= SERVICE_HOST_SIZE || strspn(host, allowed) != len)
		return error_set(err, ERROR_SERVICE_URL,
				 "--content-url: not \"http://host:port\" or \"https://host\"");
	return 0;
}

/* It becomes a header: a plain path. */
static int check_accel(const char *path, struct error *err)
{
	static const char allowed[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_/";
	size_t len = strlen(path);

	if (len < 2 || len >= SERVICE_ACCEL_SIZE || path[0] != '/' || path[len - 1] == '/' ||
	    strspn(path, allowed) != len)
		return error_set(err, ERROR_SERVICE_ACCEL,
				 "--accel-redirect: not a path like \"/objects\"");
	return 0;
}

struct service *service_new(const struct service_options *options, struct error *err)
{
	unsigned char digest[DIGEST_SHA256];
	const char *url = options->content_url;

	if ((url && check_url(url, err) < 0) ||
	    (options->accel && check_accel(options->accel, err) < 0))
		return NULL;
	struct service *s = buf_calloc(1, sizeof *s);
	s->clients = options->clients;
	s->views = options->views;
	s->content_url = url ? buf_strdup(url) : NULL;
	s->redirect = options->redirect;
	s->accel = options->accel ? buf_strdup(options->accel) : NULL;
	s->seal.server_id = clients_server_id(s->clients);
	s->seal.key = clients_cookie_key(s->clients);
	digest_sha256(url ? url : "", url ? strlen(url) : 0, digest);
	memcpy(s->location, digest, sizeof s->location);
	return s;
}

void service_free(struct service *s)
{
	if (!s)
		return;
	free(s->content_url);
	free(s->accel);
	free(s);
}

const char *service_accel(const struct service *s)
{
	return s ? s->accel : NULL;
}

/* ---- answers ---- */

static int send_envelope(struct soap_writer *w, unsigned status, struct reply *out,
			 struct error *err)
{
	static const char *const types[] = {
		[SOAP_11] = "text/xml; charset=utf-8",
		[SOAP_12] = "application/soap+xml; charset=utf-8",
	};

	return reply_bytes(out, status, &w->buf, types[w->version], "private", err);
}

static int send_fault(enum soap_version version, const struct error *why, const char *uri,
		      const char *name, struct reply *out, struct error *err)
{
	CLEANUP(soap_writer_clear) struct soap_writer w = SOAP_WRITER_INIT;
	char action[512] = "";
	unsigned char id[16];

	if (name && *name)
		snprintf(action, sizeof action, "%s/%s", uri, name);
	random_guid(id);
	bool coded = why->id == ERROR_SOAP_CODING;
	if (fault_write(&w, version, why, action, id, err) < 0 ||
	    send_envelope(&w, coded ? 415 : 500, out, err) < 0)
		return -1;
	if (coded)
		reply_header(out, "Accept-Encoding", "identity");
	if (fault_is_ours(why))
		out->why = *why;
	return 0;
}

/* Read, let the operation write its answer, send it. */
static int perform(const struct soap_service *service, const struct request *q,
		   struct soap_message *m, struct reply *out, struct error *err)
{
	CLEANUP(soap_writer_clear) struct soap_writer w = SOAP_WRITER_INIT;
	CLEANUP(soap_text_clear) struct soap_text text = { .made = NULL };
	struct service_call call = { .service = q->service, .q = q, .w = &w, .now = clock_now() };
	char element[64];

	soap_charset_decode(request_header(q, "Content-Type"),
			    q->body.bytes ? q->body.bytes : (const unsigned char *)"", q->body.len,
			    &text);
	if (soap_read(service, text.bytes, text.len, m, err) < 0)
		return -1;
	snprintf(element, sizeof element, "%sResponse", m->name);
	soap_begin(&w, m->version, service->uri, element);
	if (m->operation->answer(&call, m->request, err) < 0 || soap_end(&w, element, err) < 0)
		return -1;
	return send_envelope(&w, 200, out, err);
}

static int serve(const struct soap_service *service, const struct request *q, struct reply *out,
		 struct error *err)
{
	CLEANUP(soap_message_clear) struct soap_message m = SOAP_MESSAGE_INIT;
	const char *coding = request_header(q, "Content-Encoding");
	struct error why = ERROR_INIT;

	if (coding && *coding && strcasecmp(coding, "identity") != 0) {
		error_set(&why, ERROR_SOAP_CODING, "the body has a Content-Encoding");
		return service_refuse(q, &why, out, err);
	}
	if (perform(service, q, &m, out, &why) == 0)
		return 0;
	return send_fault(m.version, &why, service->uri, m.name, out, err);
}

int service_client(const struct request *q, const char *rest, struct reply *out, struct error *err)
{
	(void)rest;
	return serve(&client_service, q, out, err);
}

int service_auth(const struct request *q, const char *rest, struct reply *out, struct error *err)
{
	(void)rest;
	return serve(&auth_service, q, out, err);
}

int service_report(const struct request *q, const char *rest, struct reply *out, struct error *err)
{
	(void)rest;
	return serve(&report_service, q, out, err);
}

int service_refuse(const struct request *q, const struct error *why, struct reply *out,
		   struct error *err)
{
	const char *type = request_header(q, "Content-Type");
	bool twelve = type && strncmp(type, "application/soap+xml", 20) == 0;

	return send_fault(twelve ? SOAP_12 : SOAP_11, why, "", NULL, out, err);
}
