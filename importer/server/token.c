#include "importer/server/token.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/file.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

enum { TOKEN_MIN = 16, TOKEN_MAX = 256 };

char *token_load(const char *file, struct error *err)
{
	CLEANUP(free) unsigned char *bytes = NULL;
	size_t len = 0;

	if (file_load_present(AT_FDCWD, file, TOKEN_MAX + 2, &bytes, &len, err) < 0)
		return NULL;
	while (len > 0 && (bytes[len - 1] == '\n' || bytes[len - 1] == '\r'))
		bytes[--len] = '\0';
	bool good = len >= TOKEN_MIN && len <= TOKEN_MAX;
	for (size_t i = 0; good && i < len; i++)
		good = bytes[i] > 0x20 && bytes[i] < 0x7f;
	if (!good) {
		error_set(err, ERROR_API_TOKEN, "%s: not one line of %d to %d printable characters",
			  file, TOKEN_MIN, TOKEN_MAX);
		return NULL;
	}
	return buf_strdup((const char *)bytes);
}

bool token_is(const char *token, const char *given)
{
	size_t len = strlen(token), given_len = strlen(given);
	unsigned differs = len != given_len;

	for (size_t i = 0; i < given_len; i++)
		differs |= (unsigned char)given[i] ^ (unsigned char)token[i % len];
	return differs == 0;
}
