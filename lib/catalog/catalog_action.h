/* The deployment actions of MS-WUSP 2.2.2.2.4 as they are written in a scan catalog. */
#ifndef CATALOG_ACTION_H
#define CATALOG_ACTION_H

#include <stdbool.h>
#include <stddef.h>

enum catalog_action {
	CATALOG_ACTION_ABSENT = 0, /* no attribute: an implicit Install */
	CATALOG_ACTION_OPTIONAL_INSTALL,
	CATALOG_ACTION_INSTALL,
	CATALOG_ACTION_UNINSTALL,
	CATALOG_ACTION_PRE_DEPLOYMENT_CHECK,
	CATALOG_ACTION_BLOCK,
	CATALOG_ACTION_EVALUATE,
	CATALOG_ACTION_BUNDLE,
	CATALOG_ACTION_UNKNOWN, /* an attribute with any other text, the empty one included */
};

/* Exact case, no blanks.  text need not be terminated; NULL is ABSENT. */
enum catalog_action catalog_action_parse(const char *text, size_t len);

/* The protocol's spelling; "" for ABSENT and UNKNOWN. */
const char *catalog_action_text(enum catalog_action action);

/* Seen in master documents of real catalogs: absent, Evaluate, Bundle. */
bool catalog_action_is_usual(enum catalog_action action);

#endif
