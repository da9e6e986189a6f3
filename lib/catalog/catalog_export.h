/*
 * Parser of package.xml in an export package of WSUS (docs/FORMAT.md, "Export package of WSUS"),
 * as a stream, and of single pieces cut out of one: the start tag of ExportPackage, Languages,
 * File, Update.
 *
 * As in catalog_master.h, what is malformed inside a piece is a problem that is delivered with
 * it; only a document that is not well formed, breaks a limit or has another root fails.
 */
#ifndef CATALOG_EXPORT_H
#define CATALOG_EXPORT_H

#include "lib/base/cleanup.h"
#include "lib/catalog/catalog_model.h"

struct error;
struct catalog_export;

/* The attributes of <ExportPackage>; raw is its start tag alone. */
struct catalog_export_head {
	const char *server_id, *creation_text, *format_version, *protocol_version;
	int64_t creation; /* 0 when absent or malformed */
	const void *raw;
	size_t raw_len;
	uint64_t offset;
	struct catalog_problems problems;
};

/* <Languages> as a whole, or one <File> of the list of all files. */
struct catalog_export_file {
	bool has_sha1;
	struct catalog_sha1 sha1;
	const char *url, *name;
	const void *raw;
	size_t raw_len;
	uint64_t offset;
	struct catalog_problems problems;
};

/* One <Update>. */
struct catalog_export_update {
	bool has_update_id;
	struct catalog_guid update_id;
	uint32_t revision_number;
	const struct catalog_sha1 *files;
	const struct catalog_guid *products, *classifications;
	size_t files_count, products_count, classifications_count;
	const void *raw;
	size_t raw_len;
	uint64_t offset;
	struct catalog_problems problems;
};

/* Called in document order; any member may be NULL.  -1 with *err filled stops the parser. */
struct catalog_export_handler {
	int (*head)(void *ctx, const struct catalog_export_head *h, struct error *err);
	/* Only raw, raw_len and offset are filled in. */
	int (*languages)(void *ctx, const struct catalog_export_file *l, struct error *err);
	int (*file)(void *ctx, const struct catalog_export_file *f, struct error *err);
	int (*update)(void *ctx, const struct catalog_export_update *u, struct error *err);
	/* What is wrong between them; nothing of it reaches whoever has the pieces alone. */
	int (*problem)(void *ctx, const struct catalog_problem *p, struct error *err);
};

/* Never fails.  handler and ctx are borrowed. */
struct catalog_export *catalog_export_new(const struct catalog_export_handler *handler, void *ctx)
	__attribute__((malloc, nonnull(1), returns_nonnull, warn_unused_result));
void catalog_export_free(struct catalog_export *e);
DEFINE_CLEANUP(struct catalog_export *, catalog_export_free);

/* The next bytes of package.xml.  Errors: those of xml_reader_feed(), CATALOG_ROOT. */
int catalog_export_feed(struct catalog_export *e, const void *bytes, size_t len, struct error *err)
	__attribute__((nonnull(1, 4), warn_unused_result));
int catalog_export_finish(struct catalog_export *e, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/*
 * One piece as it was delivered in `raw`: exactly one callback on success; offsets count from
 * its first byte.  CATALOG_ROOT when it is anything else than one such piece.
 */
int catalog_export_piece(struct catalog_export *e, const char *label, const void *bytes, size_t len,
			 struct error *err) __attribute__((nonnull(1, 2, 5), warn_unused_result));

#endif
