/*
 * Pieces of a catalog as bytes, from a process that parses to one that stores.  What is read is
 * hostile: every length, count and value is checked, and what comes out points nowhere but
 * into the arena.  `raw` does not travel.
 *
 * Integers are of the machine: both sides are one program.
 */
#ifndef CATALOG_RECORD_H
#define CATALOG_RECORD_H

#include "lib/catalog/catalog_document.h"
#include "lib/catalog/catalog_export.h"
#include "lib/catalog/catalog_fragment.h"
#include "lib/catalog/catalog_model.h"

#include <stddef.h>

struct arena;
struct buf;
struct error;

enum catalog_record_kind {
	CATALOG_RECORD_PACKAGE = 1, /* struct catalog_package */
	CATALOG_RECORD_UPDATE,      /* struct catalog_update */
	CATALOG_RECORD_LOCATION,    /* struct catalog_location */
	CATALOG_RECORD_FRAGMENT,    /* struct catalog_fragment, of any stream */
	CATALOG_RECORD_MALFORMED,   /* struct catalog_malformed: what is no XML */
	/* of an export package of WSUS */
	CATALOG_RECORD_EXPORT_HEAD,      /* struct catalog_export_head */
	CATALOG_RECORD_EXPORT_LANGUAGES, /* struct catalog_export_file, of which nothing travels */
	CATALOG_RECORD_EXPORT_FILE,      /* struct catalog_export_file */
	CATALOG_RECORD_EXPORT_UPDATE,    /* struct catalog_export_update */
	CATALOG_RECORD_DOCUMENT,         /* struct catalog_document */
	CATALOG_RECORD_KINDS_
};

struct catalog_malformed {
	const char *why; /* begins with the label that was given to the parser */
	uint32_t error;  /* enum error_id */
	uint64_t offset; /* in a fragment */
};

/* Append one record; -1 with LIMIT_BYTES at the ceiling of the buffer. */
int catalog_record_write(enum catalog_record_kind kind, const void *piece, struct buf *out,
			 struct error *err) __attribute__((nonnull, warn_unused_result));

/*
 * The record that fills these bytes exactly: *kind and *out, which lives as long as what is in the
 * arena.  -1 with SANDBOX_RECORD.
 */
union catalog_piece {
	struct catalog_package package;
	struct catalog_update update;
	struct catalog_location location;
	struct catalog_fragment fragment;
	struct catalog_malformed malformed;
	struct catalog_export_head export_head;
	struct catalog_export_file export_file;
	struct catalog_export_update export_update;
	struct catalog_document document;
};
int catalog_record_read(const void *bytes, size_t len, struct arena *arena,
			enum catalog_record_kind *kind, union catalog_piece *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

#endif
