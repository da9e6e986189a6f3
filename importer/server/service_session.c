#include "importer/server/deployed.h"
#include "importer/server/request.h"
#include "importer/server/service.h"
#include "importer/server/service_internal.h"
#include "lib/base/limits.h"
#include "lib/clients/clients.h"
#include "lib/clients/computer.h"

#include <stdio.h>
#include <string.h>

const struct soap_field service_cookie_fields[] = {
	{ .name = "EncryptedData", .type = SOAP_BASE64 },
	{ .name = NULL },
};
const struct soap_field service_int_fields[] = {
	{ .name = "int", .type = SOAP_INT, .item = sizeof(int32_t) },
	{ .name = NULL },
};
const struct soap_field service_string_fields[] = {
	{ .name = "string", .type = SOAP_TEXT, .item = sizeof(const char *) },
	{ .name = NULL },
};
const struct soap_field service_guid_fields[] = {
	{ .name = "guid", .type = SOAP_GUID, .item = sizeof(struct catalog_guid) },
	{ .name = NULL },
};

bool service_is_anonymous(const struct cookie *c)
{
	return c->client_id[0] == '\0';
}

/* What the cookie cannot tell: is it still true? */
static int check_now(struct service_call *call, unsigned checks, struct error *err)
{
	struct clients *clients = call->service->clients;
	const struct cookie *c = &call->cookie;
	int64_t config;

	if (clients_config_change(clients, &config, err) < 0)
		return -1;
	if (config > c->config)
		return error_set(err, ERROR_COOKIE_CONFIG, "the configuration has changed");
	if ((checks & SERVICE_REGISTERED) && !service_is_anonymous(c)) {
		int known = computer_registered(clients, c->client_id, err);

		if (known < 0)
			return -1;
		if (known == 0)
			return error_set(err, ERROR_COOKIE_REGISTER, "this computer is not known");
	}
	if ((checks & SERVICE_LOCATION) &&
	    memcmp(c->location, call->service->location, COOKIE_LOCATION) != 0)
		return error_set(err, ERROR_COOKIE_LOCATION, "content has moved");
	return 0;
}

int service_session(struct service_call *call, const struct soap_bytes *cookie, unsigned checks,
		    struct error *err)
{
	if (cookie_read(cookie->bytes, cookie->len, &call->service->seal, COOKIE_SESSION, call->now,
			&call->cookie, err) < 0 ||
	    check_now(call, checks, err) < 0)
		return -1;
	if (service_is_anonymous(&call->cookie))
		return 0;
	char address[ADDRESS_TEXT_SIZE];
	request_client(call->q, address);
	const struct computer_contact contact = {
		.client_id = call->cookie.client_id,
		.address = address,
		.now = call->now,
	};
	return computer_contact(call->service->clients, &contact, err);
}

void service_write_cookie(struct service_call *call, const char *element)
{
	unsigned char bytes[COOKIE_MAX];
	size_t len = cookie_write(&call->cookie, &call->service->seal, bytes);

	soap_open(call->w, element);
	soap_time(call->w, "Expiration", call->cookie.expires);
	soap_base64(call->w, "EncryptedData", bytes, len);
	soap_close(call->w, element);
}

uint32_t service_version(const struct service_call *call)
{
	return WUSP_VERSION(call->cookie.major, call->cookie.minor);
}

void service_host(const struct service_call *call, char out[SERVICE_HOST_SIZE])
{
	static const char allowed[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-:[]_";
	const char *host = request_header(call->q, "Host");
	size_t len = host ? strspn(host, allowed) : 0;
	char address[ADDRESS_TEXT_SIZE];

	if (len == 0 || host[len] != '\0' || len >= SERVICE_HOST_SIZE) {
		request_server(call->q, address);
		host = address;
		len = strlen(address);
	}
	memcpy(out, host, len);
	out[len] = '\0';
}

void service_content_host(const struct service_call *call, char out[SERVICE_HOST_SIZE])
{
	size_t len;

	service_host(call, out);
	if (call->q->content_port == 0)
		return;
	/* an IPv6 address has colons inside brackets */
	char *port = strrchr(out, ':');
	if (port && !strchr(port, ']'))
		*port = '\0';
	len = strlen(out);
	if (len + 7 <= SERVICE_HOST_SIZE)
		snprintf(out + len, SERVICE_HOST_SIZE - len, ":%u", call->q->content_port);
}

/* ---- what is deployed to a client ---- */

int service_prepare(struct service *s, struct error *err)
{
	const struct group_set groups = { .count = 1, .ids = { GROUP_UNASSIGNED } };
	CLEANUP(view_put) const struct view *v = view_get(s->views);
	int64_t version;

	if (clients_version(s->clients, &version, err) < 0)
		return -1;
	CLEANUP(view_deployed_put)
	const struct view_deployed *d = deployed_to(v, s->clients, &groups, version, err);
	return d ? 0 : -1;
}

const struct view_deployed *service_deployments(struct service_call *call, const struct view *v,
						struct error *err)
{
	struct clients *clients = call->service->clients;
	struct group_set groups = { .count = 1, .ids = { GROUP_UNASSIGNED } };
	int64_t version;

	/* The version first: approvals that come later are then asked for again. */
	if (clients_version(clients, &version, err) < 0)
		return NULL;
	if (!service_is_anonymous(&call->cookie) &&
	    computer_groups(clients, call->cookie.client_id, call->cookie.claimed, &groups, err) <
		    0)
		return NULL;
	return deployed_to(v, clients, &groups, version, err);
}
