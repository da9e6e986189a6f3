/*
 * The records of metadata.txt in an export package of WSUS, as a stream (docs/FORMAT.md, "Export
 * package of WSUS"):
 *
 *	<update id> , <revision> , <length> , <XML> CR LF
 *
 * length counts UTF-16 code units, not bytes.  What is framed wrong is refused; what is in the XML
 * is somebody else's.
 */
#ifndef WSUS_RECORD_H
#define WSUS_RECORD_H

#include "lib/base/cleanup.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct error;
struct source;
struct wsus_reader;

struct wsus_record {
	unsigned char update_id[16];
	uint32_t revision;
	uint32_t units; /* UTF-16 code units of the XML */
	const void *xml;
	size_t len;      /* bytes of the XML, UTF-8 */
	uint64_t offset; /* of the record, in metadata.txt */
};

/* What was read although no genuine package has it. */
struct wsus_oddities {
	bool mark;         /* a byte order mark at the beginning */
	uint64_t newlines; /* records that end with LF alone */
};

/* Reads records from src, which is borrowed; label names it in messages and is copied. */
struct wsus_reader *wsus_reader_new(struct source *src, const char *label)
	__attribute__((malloc, nonnull, returns_nonnull, warn_unused_result));
void wsus_reader_free(struct wsus_reader *r);
DEFINE_CLEANUP(struct wsus_reader *, wsus_reader_free);

/*
 * 1 and *out, borrowed until the next call; 0 at the end; -1 with WSUS_RECORD (framing, with the
 * record and its offset), WSUS_LIMIT, or what the source reports.
 */
int wsus_reader_next(struct wsus_reader *r, struct wsus_record *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

struct wsus_oddities wsus_reader_oddities(const struct wsus_reader *r) __attribute__((nonnull));

/*
 * How many UTF-16 code units a text of valid UTF-8 has; SIZE_MAX when it is not valid.  NUL is
 * not.
 */
size_t wsus_units(const void *text, size_t len) __attribute__((nonnull));

/*
 * Append what stands in front of the XML of a record.  The XML and "\r\n" follow.  -1 with
 * WSUS_RECORD when the XML is no UTF-8, WSUS_LIMIT when it is too long.
 */
int wsus_record_head(const unsigned char update_id[16], uint32_t revision, const void *xml,
		     size_t len, struct buf *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

#endif
