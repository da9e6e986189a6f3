#include "lib/crypto/der.h"

#include <string.h>

/* The length octets at the cursor, minimal and definite; at most 2^24 - 1. */
static bool take_length(struct der *from, size_t *len)
{
	if (from->left == 0)
		return false;
	unsigned char first = *from->at++;

	from->left--;
	*len = first;
	if (first < 0x80)
		return true;
	size_t octets = first & 0x7fu;

	if (octets == 0 || octets > 3 || octets > from->left)
		return false;
	*len = 0;
	for (size_t i = 0; i < octets; i++)
		*len = *len << 8 | from->at[i];
	bool minimal = from->at[0] != 0 && *len >= 0x80;

	from->at += octets;
	from->left -= octets;
	return minimal;
}

bool der_next(struct der *from, unsigned char *tag, struct der *contents, struct der *whole)
{
	struct der next = *from;
	size_t len;

	if (next.left < 2 || (*next.at & 0x1f) == 0x1f)
		return false;
	*tag = *next.at++;
	next.left--;
	if (!take_length(&next, &len) || len > next.left)
		return false;
	*contents = (struct der){ .at = next.at, .left = len };
	if (whole)
		*whole = (struct der){ .at = from->at, .left = (size_t)(next.at - from->at) + len };
	from->at = next.at + len;
	from->left = next.left - len;
	return true;
}

bool der_take(struct der *from, unsigned char tag, struct der *contents)
{
	struct der next = *from;
	unsigned char found;

	if (!der_next(&next, &found, contents, NULL) || found != tag)
		return false;
	*from = next;
	return true;
}

bool der_is_next(const struct der *from, unsigned char tag)
{
	return from->left > 0 && *from->at == tag;
}

bool der_equals(const struct der *value, const void *bytes, size_t len)
{
	return value->left == len && memcmp(value->at, bytes, len) == 0;
}
