#include "importer/server/services.h"

#include "importer/server/api.h"
#include "importer/server/serve_content.h"

#include <stddef.h>

static const char reading[] = "GET, HEAD";

const struct route *services(void)
{
	static const struct route table[] = {
		{ "/Content/", true, false, reading, serve_content },
		{ "/healthz", false, false, reading, api_health },
		{ "/api/v1/status", false, true, reading, api_status },
		{ "/api/v1/updates", false, true, reading, api_updates },
		{ "/api/v1/updates/", false, true, reading, api_update },
		{ "/api/v1/findings", false, true, reading, api_findings },
		{ "/api/", false, true, reading, api_unknown },
		{ NULL, false, false, NULL, NULL },
	};

	return table;
}
