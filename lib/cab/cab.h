/*
 * Cabinets (.cab), read strictly from front to back: nothing is skipped, nothing is written to
 * disk, and the memory used does not depend on the size of the members.
 *
 * The format is Microsoft's CAB 1.3; docs/SECURITY.md says what we refuse and why.  This module
 * checks the header, the tables and every data block (checksum included) itself.  libarchive only
 * decompresses blocks that passed, one folder at a time, behind a header of our own making: it
 * sees neither names nor counts from the input, so its faults with skipped members and with
 * counts that lie cannot be reached.  Its decoders are still C that reads hostile bytes: where
 * the cabinet is not yet authenticated, call this from a sandboxed process.
 *
 * It knows nothing of what the members mean, and it does not verify the Authenticode signature:
 * it only proves where the signature lies.
 */
#ifndef CAB_CAB_H
#define CAB_CAB_H

#include "lib/base/cleanup.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct error;
struct source;

struct cab;

enum cab_method { CAB_STORED = 0, CAB_MSZIP = 1, CAB_LZX = 3 };

/* What the header and the tables say.  All of it was checked before any member is returned. */
struct cab_info {
	uint32_t members;
	uint32_t folders;
	uint64_t cabinet_bytes; /* cbCabinet: header, tables and data, without the signature */
	uint64_t output_bytes;  /* of all members together */
	bool has_signature;
	uint64_t signature_offset; /* always cabinet_bytes */
	uint64_t signature_bytes;  /* to the end of the stream; proved when cab_next() returns 0 */
	uint32_t reserve_bytes;    /* of the header's reserved area */
	uint16_t set_id;
	enum cab_method method; /* of the first folder */
	unsigned window_bits;   /* 15..21 for LZX, else 0 */
};

struct cab_member {
	const char *name; /* with '/' between components; borrowed until cab_close() */
	uint64_t size;
	uint64_t index; /* position in the cabinet, from 0 */
};

/*
 * Start reading a cabinet from src, which must stand at its first byte and is borrowed until
 * cab_close(); it is read ahead, so nothing else can follow in it.  label (copied) names the
 * cabinet in messages.  Reads and checks the header, the folders and the table of members.  A
 * source of cab_member_source() may be given, to depth LIMIT_CAB_DEPTH (a source wrapped around one
 * counts as a new beginning).  NULL with CAB_HEADER, CAB_SPANNED, CAB_COUNT, CAB_TABLE, CAB_NAME,
 * CAB_METHOD, CAB_TRUNCATED, CAB_TAIL, CAB_LIMIT, or whatever src reports.
 */
struct cab *cab_open(struct source *src, const char *label, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* Borrowed until cab_close(). */
const struct cab_info *cab_info(const struct cab *c) __attribute__((nonnull, returns_nonnull));

/* Whether the table lists a member of this name, in any case of ASCII letters. */
bool cab_holds(const struct cab *c, const char *name) __attribute__((nonnull));

/*
 * Go to the next member, decoding and checking whatever was not read of the current one.  1 with
 * *m filled; 0 after the last member, when the rest of the stream was proved to be the announced
 * signature or nothing; -1 with CAB_CHAIN, CAB_CHECKSUM, CAB_TRUNCATED, CAB_DECODE, CAB_TAIL, or
 * whatever the source reports.  After a failure every later call reports it again.  Members
 * are whole only when the call after them did not fail.
 */
int cab_next(struct cab *c, struct cab_member *m, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/*
 * Up to len bytes of the current member: the count, 0 at its end, -1 as for cab_next().  Before
 * the first and after the last member there are none.
 */
ssize_t cab_read(struct cab *c, void *buf, size_t len, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/*
 * The current member as a source, so that a cabinet inside a cabinet can be opened.  Borrowed; it
 * always stands for the member that is current, so finish with it before cab_next().
 */
struct source *cab_member_source(struct cab *c)
	__attribute__((nonnull, warn_unused_result, returns_nonnull));

void cab_close(struct cab *c);
DEFINE_CLEANUP(struct cab *, cab_close);

#endif
