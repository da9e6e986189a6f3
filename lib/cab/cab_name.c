#include "lib/cab/cab_internal.h"

#include <string.h>

/*
 * The length of the well-formed UTF-8 sequence at p (RFC 3629: no surrogates, no overlong form),
 * or 0; left is at least 1.
 */
static size_t utf8_length(const unsigned char *p, size_t left)
{
	static const struct {
		unsigned char first, last, low, high; /* of the first byte; of the second */
		size_t length;
	} forms[] = {
		{ 0x00, 0x7f, 0x00, 0xff, 1 }, { 0xc2, 0xdf, 0x80, 0xbf, 2 },
		{ 0xe0, 0xe0, 0xa0, 0xbf, 3 }, { 0xe1, 0xec, 0x80, 0xbf, 3 },
		{ 0xed, 0xed, 0x80, 0x9f, 3 }, { 0xee, 0xef, 0x80, 0xbf, 3 },
		{ 0xf0, 0xf0, 0x90, 0xbf, 4 }, { 0xf1, 0xf3, 0x80, 0xbf, 4 },
		{ 0xf4, 0xf4, 0x80, 0x8f, 4 },
	};

	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
		if (p[0] < forms[i].first || p[0] > forms[i].last)
			continue;
		if (forms[i].length > left)
			return 0;
		if (forms[i].length > 1 && (p[1] < forms[i].low || p[1] > forms[i].high))
			return 0;
		for (size_t k = 2; k < forms[i].length; k++)
			if ((p[k] & 0xc0) != 0x80)
				return 0;
		return forms[i].length;
	}
	return 0;
}

static const char *check_characters(const char *name, size_t len, bool utf8)
{
	const unsigned char *p = (const unsigned char *)name;

	for (size_t i = 0; i < len;) {
		size_t n = utf8_length(p + i, len - i);

		if (p[i] < 0x20 || p[i] == 0x7f || (n == 2 && p[i] == 0xc2 && p[i + 1] < 0xa0))
			return "has a control character";
		if (p[i] == ':')
			return "has a drive letter or stream";
		if (p[i] > 0x7f && !utf8)
			return "is neither ASCII nor marked as UTF-8";
		if (n == 0)
			return "is not valid UTF-8";
		i += n;
	}
	return NULL;
}

static const char *check_component(const char *text, size_t len)
{
	if (len == 0)
		return "has an empty component";
	if (len == 1 && text[0] == '.')
		return "has a '.' component";
	if (len == 2 && text[0] == '.' && text[1] == '.')
		return "has a '..' component";
	return NULL;
}

const char *cab_name_check(char *name, size_t len, bool utf8)
{
	if (len == 0)
		return "is empty";
	for (size_t i = 0; i < len; i++)
		if (name[i] == '\\')
			name[i] = '/';
	if (name[0] == '/')
		return "is absolute";

	const char *problem = check_characters(name, len, utf8);
	for (size_t from = 0; !problem && from <= len;) {
		const char *slash = memchr(name + from, '/', len - from);
		size_t n = slash ? (size_t)(slash - name) - from : len - from;

		problem = check_component(name + from, n);
		from += n + 1;
	}
	return problem;
}

static unsigned char fold(char c)
{
	return (unsigned char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

int cab_name_compare(const char *a, const char *b)
{
	while (*a && fold(*a) == fold(*b)) {
		a++;
		b++;
	}
	return (int)fold(*a) - (int)fold(*b);
}

void cab_name_show(const char *name, char out[CAB_NAME_SHOWN])
{
	size_t n = 0;

	for (; n + 1 < CAB_NAME_SHOWN && name[n]; n++)
		out[n] = (char)(name[n] < 0x20 || name[n] > 0x7e ? '?' : name[n]);
	out[n] = '\0';
}
