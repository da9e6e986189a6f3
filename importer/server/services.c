#include "importer/server/services.h"

#include "importer/server/api.h"
#include "importer/server/serve_content.h"
#include "importer/server/service.h"
#include "lib/base/limits.h"

#include <stddef.h>

#define READ(where, case_blind, as_json, function)                            \
	{                                                                     \
		.path = (where), .any_case = (case_blind), .json = (as_json), \
		.methods = "GET, HEAD", .answer = (function),                 \
	}
#define SOAP(where, function)                                                               \
	{                                                                                   \
		.path = (where), .any_case = true, .methods = "POST", .answer = (function), \
		.body = LIMIT_SOAP_BODY, .refuse = service_refuse,                          \
	}

const struct route *services(void)
{
	static const struct route table[] = {
		READ("/Content/", true, false, serve_content),
		SOAP("/ClientWebService/client.asmx", service_client),
		SOAP("/ClientWebService/client.asmx/secured", service_client),
		SOAP("/SimpleAuthWebService/SimpleAuth.asmx", service_auth),
		SOAP("/ReportingWebService/ReportingWebService.asmx", service_report),
		SOAP("/ReportingWebService/WebService.asmx", service_report),
		READ("/healthz", false, false, api_health),
		READ("/api/v1/status", false, true, api_status),
		READ("/api/v1/updates", false, true, api_updates),
		READ("/api/v1/updates/", false, true, api_update),
		READ("/api/v1/findings", false, true, api_findings),
		READ("/api/", false, true, api_unknown),
		{ .path = NULL },
	};

	return table;
}
