/* Rows of the repository while a snapshot is made of them; for view_load.c and view_rows.c. */
#ifndef SERVER_VIEW_LOAD_H
#define SERVER_VIEW_LOAD_H

#include "importer/server/view_internal.h"
#include "lib/base/cleanup.h"

#include <stddef.h>
#include <stdint.h>

struct db;
struct error;

/* One usable revision; of several sources that tell of it, the one chosen. */
struct view_row {
	int64_t source, source_revision;
	int64_t revision; /* of the table, small enough for a client */
	int64_t identity;
	uint32_t number, action, node, core_bytes;
	enum wusp_type type;
	bool has_document; /* a core fragment or a complete document */
	uint32_t document; /* which: the complete one if there is one */
	bool has_files, files_here;
	bool has_full;                   /* a file that is no express one */
	size_t relations, relations_len; /* in blobs */
};

struct view_object {
	unsigned char sha1[20], sha256[32];
	uint64_t size;
};

/* A fragment in its pack. */
struct view_place {
	int64_t fragment;
	uint32_t pack, offset, size;
};

struct view_loaded_document {
	uint32_t row;
	struct view_document document;
};

struct view_loaded_file {
	uint32_t row;
	struct view_file file;
};

struct view_load {
	struct db *db;
	struct view *view;
	struct catalog_guid *guids; /* by number of the identity */
	size_t guids_count, guids_capacity;
	struct view_row *rows; /* by source and revision of the source */
	size_t rows_count, rows_capacity;
	unsigned char *blobs;
	size_t blobs_len, blobs_capacity;
	struct view_object *objects; /* by SHA-1 */
	size_t objects_count, objects_capacity;
	int64_t *pack_ids; /* ascending, like view->packs */
	size_t packs_capacity, languages_capacity;
	struct view_place *places; /* by fragment */
	size_t places_count, places_capacity;
	struct view_loaded_document *documents;
	size_t documents_count, documents_capacity;
	struct view_loaded_file *files;
	size_t files_count, files_capacity;
};
void view_rows_clear(struct view_load *l);
DEFINE_CLEANUP_IN_PLACE(struct view_load, view_rows_clear);

/* Read all tables into l, in one transaction of the caller. */
int view_rows_read(struct view_load *l, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* The row of a revision of a source, or NULL. */
struct view_row *view_rows_find(const struct view_load *l, int64_t source, int64_t source_revision)
	__attribute__((nonnull));

#endif
