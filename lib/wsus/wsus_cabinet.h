/*
 * Writes the cabinet of an export package: one folder, MSZIP, the room for a signature that
 * genuine packages have, members in the order in which they are given.  What WSUS itself writes
 * is LZX; MSZIP is what Microsoft's own exporter writes, and what WSUS 2016 reads.  Format:
 * [MS-CAB].
 */
#ifndef WSUS_CABINET_H
#define WSUS_CABINET_H

#include "lib/base/cleanup.h"

#include <stddef.h>
#include <stdint.h>

struct error;
struct wsus_cabinet;

enum {
	WSUS_CABINET_BLOCK = 32768,
	WSUS_CABINET_BLOCKS = 65535, /* of one folder: the format counts them in 16 bits */
	WSUS_CABINET_MEMBERS = 2,    /* package.xml and metadata.txt */
};

/* What a folder can hold: 2,147,450,880 bytes. */
#define WSUS_CABINET_BYTES ((uint64_t)WSUS_CABINET_BLOCKS * WSUS_CABINET_BLOCK)

/*
 * A new cabinet called name in dirfd, both borrowed; it appears under that name when it is
 * finished, and replaces what has it.  time (UTC) is that of the members.  NULL with FILE_WRITE.
 */
struct wsus_cabinet *wsus_cabinet_begin(int dirfd, const char *name, int64_t time,
					struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* Begin a member: at most WSUS_CABINET_MEMBERS, names of at most 12 characters. */
void wsus_cabinet_member(struct wsus_cabinet *c, const char *name) __attribute__((nonnull));

/* More bytes of the newest member.  -1 with WSUS_FOLDER past WSUS_CABINET_BYTES, FILE_WRITE. */
int wsus_cabinet_append(struct wsus_cabinet *c, const void *bytes, size_t len, struct error *err)
	__attribute__((nonnull(1, 4), warn_unused_result));

/* Durable under its name on return.  c is finished either way. */
int wsus_cabinet_commit(struct wsus_cabinet *c, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* Drop it and its bytes.  NULL is allowed. */
void wsus_cabinet_abandon(struct wsus_cabinet *c);
DEFINE_CLEANUP(struct wsus_cabinet *, wsus_cabinet_abandon);

#endif
