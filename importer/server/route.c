#include "importer/server/route.h"

#include <stddef.h>
#include <string.h>

static char fold(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/*
 * Length of path's beginning that equals the row's, or 0.  Clients of Windows put "/" and a path
 * behind an address that may end in "/" already: where case does not matter, nor does that.
 */
static size_t matches(const struct route *r, const char *path)
{
	size_t i = 0;
	char last = '\0';

	for (const char *p = r->path; *p; p++) {
		last = *p;
		if (path[i] != last && (!r->any_case || fold(path[i]) != fold(last)))
			return 0;
		i++;
		while (r->any_case && last == '/' && path[i] == '/')
			i++;
	}
	return last == '/' || path[i] == '\0' ? i : 0;
}

const struct route *route_find(const struct route *table, const char *path, const char **rest)
{
	for (const struct route *r = table; r->path; r++) {
		size_t len = matches(r, path);

		if (len > 0) {
			*rest = path + len;
			return r;
		}
	}
	return NULL;
}

bool route_allows(const struct route *r, const char *method)
{
	size_t len = strlen(method);

	for (const char *p = r->methods; len > 0 && (p = strstr(p, method)) != NULL; p += len)
		if ((p == r->methods || p[-1] == ' ') && (p[len] == '\0' || p[len] == ','))
			return true;
	return false;
}
