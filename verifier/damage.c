#include "verifier/damage.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { SECTOR = 512, ROT_BITS = 8 };

static void add_byte(struct damage *d, uint64_t at, unsigned char flipped)
{
	if (d->bytes == 0 || at != d->last + 1) {
		if (d->count < DAMAGE_RANGES)
			d->ranges[d->count].first = at;
		d->count++;
	}
	if (d->count <= DAMAGE_RANGES)
		d->ranges[d->count - 1].last = at;
	d->last = at;
	d->bytes++;
	d->bits += (uint64_t)__builtin_popcount(flipped);
}

static bool is_constant(const unsigned char *bytes, size_t len)
{
	return memcmp(bytes, bytes + 1, len - 1) == 0;
}

void damage_compare(const unsigned char *medium, const unsigned char *genuine, size_t len,
		    uint64_t offset, struct damage *out)
{
	bool sectors = true;

	*out = (struct damage){ 0 };
	for (size_t at = 0; at < len;) {
		size_t n = SECTOR - (size_t)((offset + at) % SECTOR);

		if (n > len - at)
			n = len - at;
		if (memcmp(medium + at, genuine + at, n) != 0) {
			for (size_t i = at; i < at + n; i++)
				if (medium[i] != genuine[i])
					add_byte(out, offset + i,
						 (unsigned char)(medium[i] ^ genuine[i]));
			sectors = sectors && is_constant(medium + at, n);
		}
		at += n;
	}
	if (out->bytes > 0)
		out->cause = out->bits <= ROT_BITS || sectors ? DAMAGE_ROT : DAMAGE_EDIT;
}

void damage_lost(uint64_t offset, size_t len, struct damage *out)
{
	*out = (struct damage){ .cause = DAMAGE_LOST, .bytes = len, .count = 1 };
	out->last = offset + len - 1;
	out->ranges[0] = (struct damage_range){ offset, out->last };
}

const char *damage_cause_name(enum damage_cause cause)
{
	static const char *const names[] = { [DAMAGE_NONE] = "none",
					     [DAMAGE_ROT] = "rot",
					     [DAMAGE_EDIT] = "edit",
					     [DAMAGE_LOST] = "lost" };

	return names[cause];
}

void damage_describe(const struct damage *d, char out[DAMAGE_TEXT])
{
	unsigned long long first = d->ranges[0].first, last = d->last;

	if (d->cause == DAMAGE_NONE)
		snprintf(out, DAMAGE_TEXT, "nothing differs any more");
	else if (d->cause == DAMAGE_LOST)
		snprintf(out, DAMAGE_TEXT, "bytes %llu-%llu, not readable", first, last);
	else if (d->count == 1)
		snprintf(out, DAMAGE_TEXT, "bytes %llu-%llu, %llu bit%s flipped, likely %s", first,
			 last, (unsigned long long)d->bits, d->bits == 1 ? "" : "s",
			 damage_cause_name(d->cause));
	else
		snprintf(out, DAMAGE_TEXT,
			 "bytes %llu-%llu in %llu runs, %llu bytes, %llu bits flipped, likely %s",
			 first, last, (unsigned long long)d->count, (unsigned long long)d->bytes,
			 (unsigned long long)d->bits, damage_cause_name(d->cause));
}
