#include "lib/crypto/der.h"

#include "lib/base/buf.h"

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

int der_wrap(struct buf *b, size_t from, unsigned char tag, struct error *err)
{
	size_t len = b->len - from, n = 0;
	unsigned char head[4];

	head[n++] = tag;
	if (len >= 0x100)
		head[n++] = 0x82;
	else if (len >= 0x80)
		head[n++] = 0x81;
	if (len >= 0x100)
		head[n++] = (unsigned char)(len >> 8);
	head[n++] = (unsigned char)len;
	if (buf_append(b, head, n, err) < 0)
		return -1;
	memmove(b->bytes + from + n, b->bytes + from, len);
	memcpy(b->bytes + from, head, n);
	return 0;
}

int der_put(struct buf *b, unsigned char tag, const void *bytes, size_t len, struct error *err)
{
	size_t from = b->len;

	return buf_append(b, bytes, len, err) < 0 ? -1 : der_wrap(b, from, tag, err);
}
