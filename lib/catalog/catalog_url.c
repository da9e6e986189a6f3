#include "lib/catalog/catalog_url.h"

#include "lib/base/str.h"

#include <string.h>

enum { SHA1_HEX = 40 };

const char *catalog_url_path(const char *url, size_t *len)
{
	const char *host = strstr(url, "://");
	const char *path = host ? strchr(host + 3, '/') : NULL;

	*len = path ? strcspn(path, "?#") : 0;
	return path;
}

bool catalog_url_digest(const char *path, size_t len, unsigned char sha1[20])
{
	size_t name = len, end;

	while (name > 0 && path[name - 1] != '/')
		name--;
	for (end = len; end > name && path[end - 1] != '.'; end--)
		;
	/* The extension may be missing. */
	end = end > name ? end - 1 : len;
	if (end - name < SHA1_HEX || !str_from_any_hex(path + end - SHA1_HEX, SHA1_HEX, sha1, 20))
		return false;
	return end - name == SHA1_HEX || path[end - SHA1_HEX - 1] == '_';
}
