/*
 * Media profiles: how large a volume may be so that it fits its medium
 * (docs/FORMAT.md "Media profiles").
 */
#ifndef MEDIA_PROFILE_H
#define MEDIA_PROFILE_H

#include <stddef.h>
#include <stdint.h>

struct error;

struct profile {
	const char *name;
	const char *text;      /* one line for --help */
	uint64_t capacity;     /* bytes of the medium; 0 when a medium holds several volumes */
	uint64_t volume_limit; /* bytes of one volume file; 0: what fits the medium with parity */
};

/* The profile of this place in the table, or NULL after the last: for lists in help texts. */
const struct profile *profile_at(size_t i);

/*
 * The volume limit for a profile's name, "usb:64" (a stick sold as 64 GB, for one volume) or a
 * size ("4700M", 1M to 1T, rounded down to 512).  -1 with MEDIA_PROFILE.
 */
int profile_volume_limit(const char *text, uint64_t *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

#endif
