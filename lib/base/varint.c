#include "lib/base/varint.h"

#include "lib/base/error.h"

#include <string.h>

enum { GROUP = 7, GROUPS = 10 };

void varint_put_bytes(struct varint_writer *w, const void *bytes, size_t len)
{
	if (len == 0 || w->full)
		return;
	if (len > w->out.capacity - w->out.len) {
		struct error ignored = ERROR_INIT;

		w->full = !buf_room(&w->out, len, &ignored);
		error_clear(&ignored);
		if (w->full)
			return;
	}
	memcpy(w->out.bytes + w->out.len, bytes, len);
	w->out.len += len;
}

void varint_put(struct varint_writer *w, uint64_t number)
{
	unsigned char bytes[GROUPS];
	size_t n = 0;

	for (; number > 0x7F; number >>= GROUP)
		bytes[n++] = (unsigned char)(number | 0x80);
	bytes[n++] = (unsigned char)number;
	varint_put_bytes(w, bytes, n);
}

void varint_put_text(struct varint_writer *w, const char *text)
{
	size_t len = strlen(text);

	varint_put(w, len);
	varint_put_bytes(w, text, len + 1);
}

static uint64_t bad(struct varint_reader *r)
{
	r->bad = true;
	r->at = r->end;
	return 0;
}

uint64_t varint_get(struct varint_reader *r)
{
	uint64_t number = 0;

	for (unsigned shift = 0; r->at < r->end && shift < GROUPS * GROUP; shift += GROUP) {
		uint64_t byte = *r->at++;

		if (shift == (GROUPS - 1) * GROUP && byte > 1)
			break; /* more than 64 bits */
		number |= (byte & 0x7F) << shift;
		if (byte < 0x80)
			return number;
	}
	return bad(r);
}

uint64_t varint_get_to(struct varint_reader *r, uint64_t max)
{
	uint64_t number = varint_get(r);

	return number <= max ? number : bad(r);
}

const void *varint_get_bytes(struct varint_reader *r, size_t len)
{
	const unsigned char *bytes = r->at;

	if (len == 0)
		return NULL;
	if ((size_t)(r->end - r->at) < len) {
		bad(r);
		return NULL;
	}
	r->at += len;
	return bytes;
}

void varint_copy_bytes(struct varint_reader *r, void *out, size_t len)
{
	const void *bytes = varint_get_bytes(r, len);

	if (bytes)
		memcpy(out, bytes, len);
	else
		memset(out, 0, len);
}

const char *varint_get_text(struct varint_reader *r)
{
	uint64_t len = varint_get_to(r, (uint64_t)(r->end - r->at));
	const char *text = r->bad ? NULL : varint_get_bytes(r, (size_t)len + 1);

	if (text && strnlen(text, (size_t)len + 1) == len)
		return text;
	bad(r);
	return "";
}
