#include "lib/clients/status.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"

#include <stdlib.h>

/* What a computer says several things of: the one that asks most of the administrator. */
static int strength(enum compliance_state s)
{
	static const int of[COMPLIANCE_STATES_] = {
		[COMPLIANCE_UNKNOWN] = 0,   [COMPLIANCE_NOT_APPLICABLE] = 1,
		[COMPLIANCE_NEEDED] = 2,    [COMPLIANCE_DOWNLOADED] = 3,
		[COMPLIANCE_INSTALLED] = 4, [COMPLIANCE_FAILED] = 5,
		[COMPLIANCE_REBOOT] = 6,
	};

	return of[s];
}

static int by_number(const void *left, const void *right)
{
	const struct status_item *a = left, *b = right;

	if (a->number != b->number)
		return a->number < b->number ? -1 : 1;
	return strength(b->state) - strength(a->state);
}

size_t status_sort(struct status_item *items, size_t count)
{
	size_t kept = 0;

	if (count > 1)
		qsort(items, count, sizeof *items, by_number);
	for (size_t i = 0; i < count; i++)
		if (kept == 0 || items[kept - 1].number != items[i].number)
			items[kept++] = items[i];
	return kept;
}

int status_pack(const struct status_item *items, size_t count, struct buf *out, struct error *err)
{
	uint32_t before = 0;

	for (size_t i = 0; i < count; i++) {
		uint64_t value =
			(uint64_t)(items[i].number - before - 1) << 3 | (unsigned)items[i].state;
		unsigned char bytes[10];
		size_t len = 0;

		for (; value >= 0x80; value >>= 7)
			bytes[len++] = (unsigned char)(value | 0x80);
		bytes[len++] = (unsigned char)value;
		if (buf_append(out, bytes, len, err) < 0)
			return -1;
		before = items[i].number;
	}
	return 0;
}

struct status_walk status_begin(const void *bytes, size_t len)
{
	const unsigned char *at = bytes;

	return (struct status_walk){ .at = at, .end = at ? at + len : at };
}

int status_next(struct status_walk *w, struct status_item *item, struct error *err)
{
	uint64_t value = 0;
	unsigned shift = 0;

	if (w->at == w->end)
		return 0;
	for (;; shift += 7) {
		if (w->at == w->end || shift > 28)
			return error_set(err, ERROR_CLIENTS_CORRUPT,
					 "clients.db: a status is cut or malformed");
		value |= (uint64_t)(*w->at & 0x7f) << shift;
		if (!(*w->at++ & 0x80))
			break;
	}
	uint64_t number = w->number + (value >> 3) + 1;
	if (number > UINT32_MAX || (value & 7) >= COMPLIANCE_STATES_)
		return error_set(err, ERROR_CLIENTS_CORRUPT,
				 "clients.db: a status has a value that none can have");
	w->number = (uint32_t)number;
	*item = (struct status_item){ w->number, (enum compliance_state)(value & 7) };
	return 1;
}
