/*
 * Parsers of the per-revision fragments of a scan catalog: core (c), extended
 * (x), localized (l), licences (e), and the complete update (s), of which only
 * well-formedness is checked.  Values that are malformed are problems of the
 * fragment; only XML that is not well formed or breaks a limit fails.
 */
#ifndef CATALOG_FRAGMENT_H
#define CATALOG_FRAGMENT_H

#include "lib/base/cleanup.h"
#include "lib/catalog/catalog_model.h"

struct error;
struct catalog_fragment_parser;

enum catalog_stream {
	CATALOG_STREAM_CORE = 'c',
	CATALOG_STREAM_EXTENDED = 'x',
	CATALOG_STREAM_LOCALIZED = 'l',
	CATALOG_STREAM_LICENCE = 'e',
	CATALOG_STREAM_COMPLETE = 's',
};

struct catalog_core {
	bool has_update_id;
	struct catalog_guid update_id;
	uint32_t revision_number;
	const char *update_type, *licence_id;
	bool explicitly_deployable;
	const struct catalog_guid *superseded; /* UpdateIDs */
	size_t superseded_count;
	const struct catalog_group *prerequisites; /* flattened: empty groups are left out */
	size_t prerequisites_count;
	const struct catalog_guid *bundled; /* UpdateIDs, alternatives in one list */
	size_t bundled_count;
	struct catalog_applicability applicability;
};

struct catalog_extended {
	const char *kb, *severity, *bulletin, *support_url, *more_info_url, *handler;
	const char *default_language;
	bool has_max_size;
	uint64_t max_size;
	const struct catalog_file *files;
	size_t files_count;
};

struct catalog_localized {
	const char *language, *title, *description;
};

struct catalog_eula {
	const char *language; /* of the first file */
	const struct catalog_licence *files;
	size_t files_count;
};

struct catalog_fragment {
	enum catalog_stream stream; /* says which member below is filled */
	struct catalog_core core;
	struct catalog_extended extended;
	struct catalog_localized localized;
	struct catalog_eula eula;
	struct catalog_problems problems;
};

/* Never fails; meant to be used for many fragments. */
struct catalog_fragment_parser *catalog_fragment_new(void)
	__attribute__((malloc, returns_nonnull, warn_unused_result));
void catalog_fragment_free(struct catalog_fragment_parser *p);
DEFINE_CLEANUP(struct catalog_fragment_parser *, catalog_fragment_free);

/*
 * Parse one fragment; label names it in messages ("c/123").  *out is valid until the next call.
 * Errors: as xml_reader_fragment(); the parser stays usable.
 */
int catalog_fragment_parse(struct catalog_fragment_parser *p, enum catalog_stream stream,
			   const char *label, const void *bytes, size_t len,
			   struct catalog_fragment *out, struct error *err)
	__attribute__((nonnull(1, 3, 6, 7), warn_unused_result));

/* After a failure: the offset in the fragment. */
uint64_t catalog_fragment_fault(const struct catalog_fragment_parser *p) __attribute__((nonnull));

#endif
