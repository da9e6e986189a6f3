#include "importer/server/services.h"

#include "importer/server/api.h"
#include "importer/server/api_approvals.h"
#include "importer/server/api_clients.h"
#include "importer/server/serve_content.h"

#include <stddef.h>

static const char reading[] = "GET, HEAD";
static const char changing[] = "GET, HEAD, POST, DELETE";

const struct route *services(void)
{
	static const struct route table[] = {
		{ "/Content/", true, false, reading, serve_content },
		{ "/healthz", false, false, reading, api_health },
		{ "/api/v1/status", false, true, reading, api_status },
		{ "/api/v1/updates", false, true, reading, api_updates },
		{ "/api/v1/updates/", false, true, reading, api_update },
		{ "/api/v1/findings", false, true, reading, api_findings },
		{ "/api/v1/computers", false, true, reading, api_clients_computers },
		{ "/api/v1/computers/", false, true, changing, api_clients_computer },
		{ "/api/v1/groups", false, true, changing, api_clients_groups },
		{ "/api/v1/approvals", false, true, changing, api_approvals },
		{ "/api/v1/compliance", false, true, reading, api_clients_compliance },
		{ "/api/", false, true, reading, api_unknown },
		{ NULL, false, false, NULL, NULL },
	};

	return table;
}
