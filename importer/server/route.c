#include "importer/server/route.h"

#include <stddef.h>
#include <string.h>

static char fold(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Length of path's beginning that equals the row's, or 0. */
static size_t matches(const struct route *r, const char *path)
{
	size_t i = 0;

	for (; r->path[i]; i++)
		if (path[i] != r->path[i] && (!r->any_case || fold(path[i]) != fold(r->path[i])))
			return 0;
	return r->path[i - 1] == '/' || path[i] == '\0' ? i : 0;
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
