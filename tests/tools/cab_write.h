/*
 * Writes one cabinet, sequentially: one folder, stored or LZX, any number of members up to the
 * format's limits, which are checked.  Knows nothing of what the members mean.  Format: [MS-CAB].
 */
#ifndef TOOLS_CAB_WRITE_H
#define TOOLS_CAB_WRITE_H

#include "lib/base/cleanup.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct cab_write;

enum {
	CAB_MEMBERS_MAX = 65535, /* u16 in the header */
	CAB_BLOCKS_MAX = 65535,  /* of one folder, 32 KiB each */
};

struct cab_write_options {
	int dirfd;        /* where the cabinet appears; borrowed */
	const char *name; /* of the cabinet, borrowed; replaced when it exists */
	bool lzx;         /* else stored */
	uint16_t reserve; /* zero bytes in the header, as genuine inner cabinets have 6,144 */
	int64_t time;     /* of every member, seconds UTC, shown to two seconds */
};

/* A new cabinet; NULL when the place is not writable.  Data lies in an unnamed file until the end.
 */
struct cab_write *cab_write_new(const struct cab_write_options *options, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/*
 * Begin a member; its name is stored as given, so the separator is a backslash.  LIMIT_BYTES when
 * there are CAB_MEMBERS_MAX already.
 */
int cab_write_member(struct cab_write *w, const char *name, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* More bytes of the newest member; LIMIT_BYTES past CAB_BLOCKS_MAX. */
int cab_write_data(struct cab_write *w, const void *bytes, size_t len, struct error *err)
	__attribute__((nonnull(1, 4), warn_unused_result));

/* Both at once. */
int cab_write_add(struct cab_write *w, const char *name, const void *bytes, size_t len,
		  struct error *err) __attribute__((nonnull(1, 2, 5), warn_unused_result));

/* Put the file together.  Only cab_write_free() may follow. */
int cab_write_finish(struct cab_write *w, struct error *err)
	__attribute__((nonnull, warn_unused_result));

void cab_write_free(struct cab_write *w);
DEFINE_CLEANUP(struct cab_write *, cab_write_free);

#endif
