#include "importer/server/services.h"

#include "importer/server/api.h"
#include "importer/server/api_approvals.h"
#include "importer/server/api_clients.h"
#include "importer/server/serve_content.h"
#include "importer/server/serve_metrics.h"
#include "importer/server/service.h"
#include "lib/base/limits.h"

#include <stddef.h>

#define ROW(where, can, case_blind, as_json, function)                                          \
	{                                                                                       \
		.path = (where), .any_case = (case_blind), .json = (as_json), .methods = (can), \
		.answer = (function), .counted = METRICS_API,                                   \
	}
#define CONTENT(where, function)                                                             \
	{                                                                                    \
		.path = (where), .any_case = true, .methods = READING, .answer = (function), \
		.counted = METRICS_CONTENT, .in_clear = true,                                \
	}
#define SOAP(where, as, function)                                                           \
	{                                                                                   \
		.path = (where), .any_case = true, .methods = "POST", .answer = (function), \
		.counted = (as), .body = LIMIT_SOAP_BODY, .refuse = service_refuse,         \
	}

#define READING "GET, HEAD"
#define CHANGING "GET, HEAD, POST, DELETE"

const struct route *services(void)
{
	static const struct route table[] = {
		CONTENT("/Content/", serve_content),
		CONTENT("/c/", service_original),
		CONTENT("/d/", service_original),
		CONTENT("/msdownload/", service_original),
		SOAP("/ClientWebService/client.asmx", METRICS_CLIENT, service_client),
		SOAP("/ClientWebService/client.asmx/secured", METRICS_CLIENT, service_client),
		SOAP("/SimpleAuthWebService/SimpleAuth.asmx", METRICS_AUTH, service_auth),
		SOAP("/ReportingWebService/ReportingWebService.asmx", METRICS_REPORT,
		     service_report),
		SOAP("/ReportingWebService/WebService.asmx", METRICS_REPORT, service_report),
		ROW("/metrics", READING, false, false, serve_metrics),
		{ .path = "/healthz",
		  .methods = READING,
		  .answer = api_health,
		  .counted = METRICS_API,
		  .in_clear = true },
		ROW("/api/v1/status", READING, false, true, api_status),
		ROW("/api/v1/updates", READING, false, true, api_updates),
		ROW("/api/v1/updates/", READING, false, true, api_update),
		ROW("/api/v1/findings", READING, false, true, api_findings),
		ROW("/api/v1/computers", READING, false, true, api_clients_computers),
		ROW("/api/v1/computers/", CHANGING, false, true, api_clients_computer),
		ROW("/api/v1/groups", CHANGING, false, true, api_clients_groups),
		ROW("/api/v1/approvals", CHANGING, false, true, api_approvals),
		ROW("/api/v1/problems", READING, false, true, api_approvals_problems),
		ROW("/api/v1/compliance", READING, false, true, api_clients_compliance),
		ROW("/api/", READING, false, true, api_unknown),
		{ .path = NULL },
	};

	return table;
}
