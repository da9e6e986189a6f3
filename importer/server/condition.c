#include "importer/server/condition.h"

#include <string.h>

static const char *skip_blanks(const char *p)
{
	return p + strspn(p, " \t");
}

/*
 * Does a list of entity tags name etag?  weak: W/"x" counts as "x" (section 8.8.3.2).
 */
static bool list_has(const char *list, const char *etag, bool weak)
{
	size_t len = strlen(etag);
	const char *p = skip_blanks(list);

	if (p[0] == '*' && *skip_blanks(p + 1) == '\0')
		return true;
	while (*p) {
		bool is_weak = strncmp(p, "W/", 2) == 0;
		const char *tag = is_weak ? p + 2 : p;
		const char *end = *tag == '"' ? strchr(tag + 1, '"') : NULL;

		if (*p == ',') {
			p = skip_blanks(p + 1);
			continue;
		}
		if (!end)
			return false;
		if ((weak || !is_weak) && (size_t)(end + 1 - tag) == len &&
		    memcmp(tag, etag, len) == 0)
			return true;
		p = skip_blanks(end + 1);
		if (*p && *p != ',')
			return false;
	}
	return false;
}

enum condition_answer condition_judge(const struct condition *c, const char *etag)
{
	if (c->if_match && !list_has(c->if_match, etag, false))
		return CONDITION_FAILED;
	if (c->if_none_match && list_has(c->if_none_match, etag, true))
		return CONDITION_NOT_MODIFIED;
	return CONDITION_GO;
}

bool condition_allows_range(const struct condition *c, const char *etag)
{
	return !c->if_range || strcmp(c->if_range, etag) == 0;
}
