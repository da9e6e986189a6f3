#include "tests/clients/text.h"

#include "lib/base/str.h"

#include <stdio.h>
#include <string.h>

const char *text_between(const char *at, const char *end, const char *open, const char *close,
			 size_t *len)
{
	const char *from = memmem(at, (size_t)(end - at), open, strlen(open));

	if (!from)
		return NULL;
	from += strlen(open);
	const char *to = memmem(from, (size_t)(end - from), close, strlen(close));
	if (!to)
		return NULL;
	*len = (size_t)(to - from);
	return from;
}

static const char *element(const char *at, const char *end, const char *name, size_t *len)
{
	char open[64], close[64];

	snprintf(open, sizeof open, "<%s>", name);
	snprintf(close, sizeof close, "</%s>", name);
	return text_between(at, end, open, close, len);
}

bool text_number(const char *at, const char *end, const char *name, int32_t *out)
{
	size_t len;
	uint64_t value;
	const char *text = element(at, end, name, &len);

	if (!text || !str_to_u64(text, len, INT32_MAX, &value))
		return false;
	*out = (int32_t)value;
	return true;
}

bool text_truth(const char *at, const char *end, const char *name, bool *out)
{
	size_t len;
	const char *text = element(at, end, name, &len);

	if (!text)
		return false;
	*out = len == 4 && memcmp(text, "true", 4) == 0;
	return *out || (len == 5 && memcmp(text, "false", 5) == 0);
}

bool text_begins(const char *at, const char *end, const char *with)
{
	size_t len = strlen(with);

	return (size_t)(end - at) >= len && memcmp(at, with, len) == 0;
}
