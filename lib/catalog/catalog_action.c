#include "lib/catalog/catalog_action.h"

#include <string.h>

static const char *const texts[] = {
	[CATALOG_ACTION_ABSENT] = "",
	[CATALOG_ACTION_OPTIONAL_INSTALL] = "OptionalInstall",
	[CATALOG_ACTION_INSTALL] = "Install",
	[CATALOG_ACTION_UNINSTALL] = "Uninstall",
	[CATALOG_ACTION_PRE_DEPLOYMENT_CHECK] = "PreDeploymentCheck",
	[CATALOG_ACTION_BLOCK] = "Block",
	[CATALOG_ACTION_EVALUATE] = "Evaluate",
	[CATALOG_ACTION_BUNDLE] = "Bundle",
	[CATALOG_ACTION_UNKNOWN] = "",
};

enum catalog_action catalog_action_parse(const char *text, size_t len)
{
	if (!text)
		return CATALOG_ACTION_ABSENT;
	for (enum catalog_action a = CATALOG_ACTION_OPTIONAL_INSTALL; a < CATALOG_ACTION_UNKNOWN;
	     a++)
		if (strlen(texts[a]) == len && memcmp(texts[a], text, len) == 0)
			return a;
	return CATALOG_ACTION_UNKNOWN;
}

const char *catalog_action_text(enum catalog_action action)
{
	return texts[action];
}

bool catalog_action_is_usual(enum catalog_action action)
{
	return action == CATALOG_ACTION_ABSENT || action == CATALOG_ACTION_EVALUATE ||
	       action == CATALOG_ACTION_BUNDLE;
}
