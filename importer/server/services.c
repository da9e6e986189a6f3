#include "importer/server/services.h"

#include "importer/server/api.h"
#include "importer/server/api_approvals.h"
#include "importer/server/api_clients.h"
#include "importer/server/serve_content.h"
#include "importer/server/service.h"
#include "lib/base/limits.h"

#include <stddef.h>

#define ROW(where, can, case_blind, as_json, function)                                          \
	{                                                                                       \
		.path = (where), .any_case = (case_blind), .json = (as_json), .methods = (can), \
		.answer = (function),                                                           \
	}
#define SOAP(where, function)                                                               \
	{                                                                                   \
		.path = (where), .any_case = true, .methods = "POST", .answer = (function), \
		.body = LIMIT_SOAP_BODY, .refuse = service_refuse,                          \
	}

static const char reading[] = "GET, HEAD";
static const char changing[] = "GET, HEAD, POST, DELETE";

const struct route *services(void)
{
	static const struct route table[] = {
		ROW("/Content/", reading, true, false, serve_content),
		ROW("/c/", reading, true, false, service_original),
		ROW("/d/", reading, true, false, service_original),
		ROW("/msdownload/", reading, true, false, service_original),
		SOAP("/ClientWebService/client.asmx", service_client),
		SOAP("/ClientWebService/client.asmx/secured", service_client),
		SOAP("/SimpleAuthWebService/SimpleAuth.asmx", service_auth),
		SOAP("/ReportingWebService/ReportingWebService.asmx", service_report),
		SOAP("/ReportingWebService/WebService.asmx", service_report),
		ROW("/healthz", reading, false, false, api_health),
		ROW("/api/v1/status", reading, false, true, api_status),
		ROW("/api/v1/updates", reading, false, true, api_updates),
		ROW("/api/v1/updates/", reading, false, true, api_update),
		ROW("/api/v1/findings", reading, false, true, api_findings),
		ROW("/api/v1/computers", reading, false, true, api_clients_computers),
		ROW("/api/v1/computers/", changing, false, true, api_clients_computer),
		ROW("/api/v1/groups", changing, false, true, api_clients_groups),
		ROW("/api/v1/approvals", changing, false, true, api_approvals),
		ROW("/api/v1/compliance", reading, false, true, api_clients_compliance),
		ROW("/api/", reading, false, true, api_unknown),
		{ .path = NULL },
	};

	return table;
}
