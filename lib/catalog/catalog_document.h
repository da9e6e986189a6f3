/*
 * Parser of full update documents (upd:Update), as WSUS stores and exports them
 * (docs/FORMAT.md, "Export package of WSUS").
 *
 * Elements are known by their place and their name without its prefix; the prefix of the root
 * must stand for the namespace of updates.  Values that are malformed are problems of the
 * document; only XML that is not well formed, breaks a limit or has another root fails.
 */
#ifndef CATALOG_DOCUMENT_H
#define CATALOG_DOCUMENT_H

#include "lib/base/cleanup.h"
#include "lib/catalog/catalog_model.h"

struct error;
struct catalog_document_parser;

struct catalog_document_title {
	const char *language, *title;
};

/* A bundled update: pinned to a revision. */
struct catalog_document_child {
	struct catalog_guid update_id;
	uint32_t revision_number;
};

struct catalog_document {
	bool has_update_id;
	struct catalog_guid update_id;
	uint32_t revision_number;
	const char *update_type; /* "Software", "Driver", "Category", "Detectoid" */
	const char *publication_state, *default_language, *severity, *kb, *bulletin;
	int64_t creation; /* 0 when absent or malformed */
	bool explicitly_deployable;
	enum catalog_category_type category; /* of a category document */
	const struct catalog_document_title *titles;
	const char *const *languages;
	const struct catalog_group *prerequisites; /* empty groups are left out */
	const struct catalog_guid *superseded;
	const struct catalog_document_child *bundled; /* alternatives in one list */
	const struct catalog_file *files;
	const struct catalog_licence *licences;
	size_t titles_count, languages_count, prerequisites_count, superseded_count;
	size_t bundled_count, files_count, licences_count;
	struct catalog_problems problems;
};

/* Never fails; meant to be used for many documents. */
struct catalog_document_parser *catalog_document_new(void)
	__attribute__((malloc, returns_nonnull, warn_unused_result));
void catalog_document_free(struct catalog_document_parser *p);
DEFINE_CLEANUP(struct catalog_document_parser *, catalog_document_free);

/*
 * Parse one document; label names it in messages.  *out is valid until the next call.  Errors: as
 * xml_reader_fragment(), CATALOG_ROOT; the parser stays usable.
 */
int catalog_document_parse(struct catalog_document_parser *p, const char *label, const void *bytes,
			   size_t len, struct catalog_document *out, struct error *err)
	__attribute__((nonnull(1, 2, 5, 6), warn_unused_result));

/* After a failure: the offset in the document. */
uint64_t catalog_document_fault(const struct catalog_document_parser *p) __attribute__((nonnull));

#endif
