/* How a client begins: GetConfig, GetAuthorizationCookie, GetCookie, RegisterComputer. */
#include "importer/server/request.h"
#include "importer/server/service_internal.h"
#include "importer/server/soap_value.h"
#include "lib/base/limits.h"
#include "lib/clients/clients.h"
#include "lib/clients/computer.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

static const char plug_in[] = "SimpleTargeting";

/* ---- GetConfig ---- */

struct get_config {
	struct soap_protocol protocol;
};

static void write_property(struct soap_writer *w, const char *name, const char *value)
{
	soap_open(w, "ConfigurationProperty");
	soap_text(w, "Name", name);
	soap_text(w, "Value", value);
	soap_close(w, "ConfigurationProperty");
}

/* Clients of Windows give up without properties (0x8024402A), and expect them in this order. */
static void write_properties(struct service_call *call)
{
	char host[SERVICE_HOST_SIZE], share[SERVICE_HOST_SIZE + 32], number[16];

	service_host(call, host);
	/* without the port; an IPv6 address has colons inside brackets */
	char *port = strrchr(host, ':');
	if (port && !strchr(port, ']'))
		*port = '\0';
	snprintf(share, sizeof share, "\\\\%s\\UpdateServicesPackages", host);
	snprintf(number, sizeof number, "%u", LIMIT_SOAP_EXTENDED);
	soap_open(call->w, "Properties");
	write_property(call->w, "MaxExtendedUpdatesPerRequest", number);
	write_property(call->w, "PackageServerShare", share);
	write_property(call->w, "ProtocolVersion", "3.2");
	write_property(call->w, "IsInventoryRequired", "0");
	write_property(call->w, "ClientReportingLevel", "2");
	soap_close(call->w, "Properties");
}

static int get_config(struct service_call *call, const void *request, struct error *err)
{
	struct soap_writer *w = call->w;
	int64_t change;

	(void)request;
	if (clients_config_change(call->service->clients, &change, err) < 0)
		return -1;
	soap_open(w, "GetConfigResult");
	soap_time(w, "LastChange", change);
	soap_bool(w, "IsRegistrationRequired", true);
	soap_open(w, "AuthInfo");
	soap_open(w, "AuthPlugInInfo");
	soap_text(w, "PlugInID", plug_in);
	soap_text(w, "ServiceUrl", "SimpleAuthWebService/SimpleAuth.asmx");
	soap_text(w, "Parameter", "");
	soap_close(w, "AuthPlugInInfo");
	soap_close(w, "AuthInfo");
	write_properties(call);
	soap_close(w, "GetConfigResult");
	return 0;
}

static const struct soap_field get_config_fields[] = {
	{ .name = "protocolVersion", .type = SOAP_VERSION },
	{ .name = NULL },
};
const struct soap_operation service_get_config = { "GetConfig", get_config_fields,
						   sizeof(struct get_config), get_config };

/* ---- GetAuthorizationCookie ---- */

struct get_authorization_cookie {
	const char *client_id, *target_group, *dns_name;
};

/* Cut at a character, so that it stays UTF-8. */
static void copy_claim(char out[COOKIE_TEXT + 1], const char *text)
{
	size_t len = strlen(text);

	if (len > COOKIE_TEXT)
		for (len = COOKIE_TEXT; len > 0 && ((unsigned char)text[len] & 0xC0) == 0x80;)
			len--;
	memcpy(out, text, len);
	out[len] = '\0';
}

static int get_authorization_cookie(struct service_call *call, const void *request,
				    struct error *err)
{
	const struct get_authorization_cookie *r = request;
	const char *claimed = r->target_group ? r->target_group : "";
	unsigned char bytes[COOKIE_MAX];
	char address[ADDRESS_TEXT_SIZE];
	struct cookie c = { .kind = COOKIE_AUTHORIZATION, .expires = call->now + COOKIE_SECONDS };

	if (!r->client_id || !computer_id_valid(r->client_id, strlen(r->client_id)) || !r->dns_name)
		return error_set(err, ERROR_COOKIE_CLIENT, "clientId or dnsName is not valid");
	request_client(call->q, address);
	const struct computer_contact contact = {
		.client_id = r->client_id,
		.dns_name = r->dns_name,
		.claimed = claimed,
		.address = address,
		.now = call->now,
	};
	if (computer_contact(call->service->clients, &contact, err) < 0)
		return -1;
	memcpy(c.client_id, r->client_id, strlen(r->client_id));
	copy_claim(c.claimed, claimed);
	size_t len = cookie_write(&c, &call->service->seal, bytes);
	soap_open(call->w, "GetAuthorizationCookieResult");
	soap_text(call->w, "PlugInId", plug_in);
	soap_base64(call->w, "CookieData", bytes, len);
	soap_close(call->w, "GetAuthorizationCookieResult");
	return 0;
}

static const struct soap_field get_authorization_cookie_fields[] = {
	SOAP_AT(get_authorization_cookie, "clientId", SOAP_TEXT, client_id),
	SOAP_AT(get_authorization_cookie, "targetGroupName", SOAP_TEXT, target_group),
	SOAP_AT(get_authorization_cookie, "dnsName", SOAP_TEXT, dns_name),
	{ .name = NULL },
};
const struct soap_operation service_get_authorization_cookie = {
	"GetAuthorizationCookie", get_authorization_cookie_fields,
	sizeof(struct get_authorization_cookie), get_authorization_cookie
};

/* ---- GetCookie ---- */

struct auth_cookie {
	const char *plug_in;
	struct soap_bytes data;
};

struct get_cookie {
	struct soap_list auth; /* of struct auth_cookie */
	struct soap_bytes old;
	int64_t last_change;
	struct soap_protocol protocol;
};

static int read_auth(const struct service_call *call, const struct get_cookie *r,
		     struct cookie *out, struct error *err)
{
	const struct auth_cookie *one = r->auth.items;
	struct error why = ERROR_INIT;

	/* Clients of the live service have none: they are served as nobody in particular. */
	if (r->auth.count == 0) {
		*out = (struct cookie){ .kind = COOKIE_AUTHORIZATION };
		return 0;
	}
	if (r->auth.count != 1 || !one->plug_in || strcmp(one->plug_in, plug_in) != 0 ||
	    cookie_read(one->data.bytes, one->data.len, &call->service->seal, COOKIE_AUTHORIZATION,
			call->now, out, &why) < 0)
		return error_set(err, ERROR_COOKIE_AUTHORIZATION, "not exactly one of ours");
	return 0;
}

/* What the client was told under its last cookie, expired or not. */
static int take_over(struct service_call *call, const struct soap_bytes *old, struct error *err)
{
	struct cookie last;

	if (old->len == 0)
		return 0;
	if (cookie_read(old->bytes, old->len, &call->service->seal, COOKIE_SESSION, INT64_MIN,
			&last, err) < 0)
		return -1;
	if (strcmp(last.client_id, call->cookie.client_id) != 0)
		return 0;
	call->cookie.software = last.software;
	call->cookie.driver = last.driver;
	memcpy(call->cookie.location, last.location, COOKIE_LOCATION);
	return 0;
}

static int get_cookie(struct service_call *call, const void *request, struct error *err)
{
	const struct get_cookie *r = request;
	int64_t config;

	if (r->protocol.major == 0)
		return error_set(err, ERROR_SOAP_VALUE, "protocolVersion");
	if (read_auth(call, r, &call->cookie, err) < 0 ||
	    clients_config_change(call->service->clients, &config, err) < 0)
		return -1;
	if (r->last_change > 0 && r->last_change < config && !service_is_anonymous(&call->cookie))
		return error_set(err, ERROR_COOKIE_CONFIG, "the configuration has changed");
	call->cookie.kind = COOKIE_SESSION;
	call->cookie.expires = call->now + COOKIE_SECONDS;
	call->cookie.config = config;
	call->cookie.major = r->protocol.major;
	call->cookie.minor = r->protocol.minor;
	memcpy(call->cookie.location, call->service->location, COOKIE_LOCATION);
	if (take_over(call, &r->old, err) < 0)
		return -1;
	service_write_cookie(call, "GetCookieResult");
	return 0;
}

static const struct soap_field auth_cookie_fields[] = {
	SOAP_AT(auth_cookie, "PlugInId", SOAP_TEXT, plug_in),
	SOAP_AT(auth_cookie, "CookieData", SOAP_BASE64, data),
	{ .name = NULL },
};
static const struct soap_field auth_cookies_fields[] = {
	{ .name = "AuthorizationCookie",
	  .type = SOAP_STRUCT,
	  .fields = auth_cookie_fields,
	  .item = sizeof(struct auth_cookie) },
	{ .name = NULL },
};
static const struct soap_field get_cookie_fields[] = {
	SOAP_INSIDE(get_cookie, "authCookies", auth_cookies_fields, auth),
	SOAP_INSIDE(get_cookie, "oldCookie", service_cookie_fields, old),
	SOAP_AT(get_cookie, "lastChange", SOAP_TIME, last_change),
	SOAP_AT(get_cookie, "protocolVersion", SOAP_VERSION, protocol),
	{ .name = NULL },
};
const struct soap_operation service_get_cookie = { "GetCookie", get_cookie_fields,
						   sizeof(struct get_cookie), get_cookie };

/* ---- RegisterComputer ---- */

struct register_computer {
	struct soap_bytes cookie;
	struct computer_info info;
};

static int register_computer(struct service_call *call, const void *request, struct error *err)
{
	const struct register_computer *r = request;

	if (service_session(call, &r->cookie, SERVICE_ANY, err) < 0)
		return -1;
	if (service_is_anonymous(&call->cookie))
		return error_set(err, ERROR_COOKIE_NAMELESS, "the cookie names no computer");
	return computer_register(call->service->clients, call->cookie.client_id, &r->info,
				 call->now, err);
}

static const struct soap_field info_fields[] = {
	SOAP_AT(computer_info, "DnsName", SOAP_TEXT, dns_name),
	SOAP_AT(computer_info, "OSMajorVersion", SOAP_NUMBER, os_major),
	SOAP_AT(computer_info, "OSMinorVersion", SOAP_NUMBER, os_minor),
	SOAP_AT(computer_info, "OSBuildNumber", SOAP_NUMBER, os_build),
	SOAP_AT(computer_info, "OSServicePackMajorNumber", SOAP_NUMBER, os_sp_major),
	SOAP_AT(computer_info, "OSServicePackMinorNumber", SOAP_NUMBER, os_sp_minor),
	SOAP_AT(computer_info, "OSLocale", SOAP_TEXT, os_locale),
	SOAP_AT(computer_info, "ComputerManufacturer", SOAP_TEXT, manufacturer),
	SOAP_AT(computer_info, "ComputerModel", SOAP_TEXT, model),
	SOAP_AT(computer_info, "BiosVersion", SOAP_TEXT, bios_version),
	SOAP_AT(computer_info, "BiosName", SOAP_TEXT, bios_name),
	SOAP_AT(computer_info, "BiosReleaseDate", SOAP_TEXT, bios_release_date),
	SOAP_AT(computer_info, "ProcessorArchitecture", SOAP_TEXT, architecture),
	SOAP_AT(computer_info, "SuiteMask", SOAP_NUMBER, suite_mask),
	SOAP_AT(computer_info, "OldProductType", SOAP_NUMBER, old_product_type),
	SOAP_AT(computer_info, "NewProductType", SOAP_NUMBER, new_product_type),
	SOAP_AT(computer_info, "SystemMetrics", SOAP_NUMBER, system_metrics),
	SOAP_AT(computer_info, "ClientVersionMajorNumber", SOAP_NUMBER, client_major),
	SOAP_AT(computer_info, "ClientVersionMinorNumber", SOAP_NUMBER, client_minor),
	SOAP_AT(computer_info, "ClientVersionBuildNumber", SOAP_NUMBER, client_build),
	SOAP_AT(computer_info, "ClientVersionQfeNumber", SOAP_NUMBER, client_qfe),
	SOAP_AT(computer_info, "OSDescription", SOAP_TEXT, os_description),
	SOAP_AT(computer_info, "OEM", SOAP_TEXT, oem),
	SOAP_AT(computer_info, "DeviceType", SOAP_TEXT, device_type),
	SOAP_AT(computer_info, "FirmwareVersion", SOAP_TEXT, firmware_version),
	SOAP_AT(computer_info, "MobileOperator", SOAP_TEXT, mobile_operator),
	{ .name = NULL },
};
static const struct soap_field register_computer_fields[] = {
	SOAP_INSIDE(register_computer, "cookie", service_cookie_fields, cookie),
	SOAP_INSIDE(register_computer, "computerInfo", info_fields, info),
	{ .name = NULL },
};
const struct soap_operation service_register_computer = { "RegisterComputer",
							  register_computer_fields,
							  sizeof(struct register_computer),
							  register_computer };
