/*
 * A whole scan catalog in memory, small enough for 137,000 updates with
 * relations, titles and files (well under 256 MiB), and the verdict on each
 * revision.  Exporter and importer fill it the same way and get the same answer.
 *
 * Lifecycle: catalog_new(); any number of catalog_add_...() and
 * catalog_set_package() in any order, fragments before or after the master
 * document; catalog_finish(); catalog_validate(); catalog_quarantine(); then
 * only questions.  What is wrong with one revision is a finding, not a failure.  The order of
 * adding makes no difference to any answer.
 */
#ifndef CATALOG_H
#define CATALOG_H

#include "lib/base/cleanup.h"
#include "lib/catalog/catalog_fragment.h"
#include "lib/catalog/catalog_master.h"
#include "lib/catalog/catalog_model.h"

struct error;
struct catalog;

enum catalog_verdict { CATALOG_OK, CATALOG_QUARANTINED };

struct catalog_revision {
	uint32_t revision_id, revision_number;
	struct catalog_guid update_id;
	uint64_t offset; /* of <Update> in package.xml */
	int64_t creation;
	const char *title, *title_language, *kb, *severity, *bulletin, *update_type;
	const char *default_language, *action_text;
	const struct catalog_group *prerequisites;
	const uint32_t *superseded_by, *bundled_by;
	const struct catalog_category *categories;
	const char *const *languages;
	const struct catalog_sha1 *payload;     /* of the master document */
	const struct catalog_file *files;       /* of the extended fragment */
	const struct catalog_licence *licences; /* of the licence fragments, else of the master */
	uint32_t prerequisites_count, superseded_by_count, bundled_by_count, categories_count;
	uint32_t languages_count, payload_count, files_count, licences_count;
	enum catalog_action action;
	enum catalog_verdict verdict;
	uint32_t cause; /* quarantined because of this revision; own id: own error */
	bool has_update_id, is_leaf, is_bundle, is_software;
	bool has_core, has_extended, has_title;
	bool has_document; /* a full document: there are no fragments */
	bool is_duplicate; /* a later copy of a RevisionId: lookups never find it */

	/* What the fragments state, to compare with the master document. */
	bool is_deployable; /* ExplicitlyDeployable of the core fragment */
	bool has_max_size;
	uint64_t max_size; /* MaxDownloadSize */
	struct catalog_applicability applicability;
	const struct catalog_guid *core_bundled, *core_superseded;
	const struct catalog_licence *stated_licences; /* of the master document */
	uint32_t core_bundled_count, core_superseded_count, stated_licences_count;

	/* For this component only. */
	bool has_master, core_has_id, has_licence_fragment;
	bool has_bad_core; /* a core fragment or a full document that is malformed */
	uint32_t original; /* the revision before it that has the same identity, 0: none */
	uint32_t sequence, core_number, licence_room;
	struct catalog_licence *licence_list;      /* of the licence fragments */
	struct catalog_title *titles, *last_title; /* that came before the master document */
	struct catalog_guid core_id;
	const struct catalog_links *links;                 /* of the full document */
	uint64_t master_prerequisites, core_prerequisites; /* digests, to compare */
};

struct catalog_summary {
	size_t updates;   /* in the master document */
	size_t processed; /* of which may be used */
	size_t quarantined;
	size_t dependents; /* of the quarantined: because of another one */
	size_t locations;
	size_t orphans; /* revisions with fragments but no update, dropped */
	uint64_t errors, warnings, notes;
};

struct catalog *catalog_new(void) __attribute__((malloc, returns_nonnull, warn_unused_result));
void catalog_free(struct catalog *c);
DEFINE_CLEANUP(struct catalog *, catalog_free);

/*
 * Add a piece of the master document; it is copied.  offset is where the piece begins in
 * package.xml (u->offset when it came from the stream).  CATALOG_LIMIT above
 * LIMIT_CATALOG_UPDATES, nothing else fails.
 */
int catalog_add_update(struct catalog *c, const struct catalog_update *u, uint64_t offset,
		       struct error *err) __attribute__((nonnull, warn_unused_result));
/* One of which is known that another with its RevisionId stands before it; in any order. */
int catalog_add_again(struct catalog *c, const struct catalog_update *u, uint64_t offset,
		      struct error *err) __attribute__((nonnull, warn_unused_result));
int catalog_add_location(struct catalog *c, const struct catalog_location *l, uint64_t offset,
			 struct error *err) __attribute__((nonnull, warn_unused_result));
void catalog_set_package(struct catalog *c, const struct catalog_package *p, uint64_t offset)
	__attribute__((nonnull));
void catalog_add_problem(struct catalog *c, const struct catalog_problem *p)
	__attribute__((nonnull));

/* These, but catalog_add_again(), as callbacks of a master parser; ctx is the struct catalog. */
extern const struct catalog_master_handler catalog_fill;

/*
 * Add a fragment of a revision.  language is "" except for streams l and e.  Malformed bytes are
 * an error finding on the revision.  CATALOG_LIMIT above LIMIT_CATALOG_UPDATES.
 */
int catalog_add_fragment(struct catalog *c, enum catalog_stream stream, const char *language,
			 uint32_t revision_id, const void *bytes, size_t len, struct error *err)
	__attribute__((nonnull(1, 3, 7), warn_unused_result));

/*
 * The same for a fragment that was parsed elsewhere; f is NULL when it is no XML: then why begins
 * with CATALOG_ELSEWHERE in place of its name, and offset says where.
 */
#define CATALOG_ELSEWHERE "@"
int catalog_add_parsed(struct catalog *c, enum catalog_stream stream, const char *language,
		       uint32_t revision_id, const struct catalog_fragment *f, const char *why,
		       uint64_t offset, struct error *err)
	__attribute__((nonnull(1, 3, 6, 8), warn_unused_result));

/*
 * Join part, to which nothing but fragments was added: everything it knows is copied.  Workers
 * fill parts side by side; joined in a fixed order they give the same catalog as one after the
 * other.  CATALOG_LIMIT as above.
 */
int catalog_merge(struct catalog *c, const struct catalog *part, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/*
 * Of past, which catalog_part_read() filled: forget every core about which something was found.
 * Then: let c know of the core fragment of a revision what past knows of the same bytes.  1; 0 when
 * it knows nothing, and they have to be parsed; -1 with CATALOG_LIMIT.
 */
void catalog_merge_trust(struct catalog *past) __attribute__((nonnull));
int catalog_merge_core(struct catalog *c, struct catalog *past, uint32_t revision,
		       struct error *err) __attribute__((nonnull, warn_unused_result));

/* Merge, sort by revision id, build the indexes.  Once. */
int catalog_finish(struct catalog *c, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* Judge every revision, then quarantine what depends on a bad one. */
void catalog_validate(struct catalog *c) __attribute__((nonnull));
void catalog_quarantine(struct catalog *c) __attribute__((nonnull));

/*
 * A finding that somebody else made who knows more than the documents: of a cabinet, of the
 * catalog before.  The rule must not be an error.  At any time before the questions; whoever adds
 * some after catalog_quarantine() calls catalog_sort_findings() once.  UpdateID and KB are filled
 * in from revision_id (0: none).
 */
struct catalog_remark {
	enum catalog_rule rule;
	uint32_t revision_id;
	const char *file;
	uint64_t offset;
	const char *value, *detail; /* NULL: none */
};
void catalog_add_remark(struct catalog *c, const struct catalog_remark *r) __attribute__((nonnull));
void catalog_sort_findings(struct catalog *c) __attribute__((nonnull));

/* ---- questions, after catalog_finish() ---- */

/* Revisions by ascending revision id; duplicates follow their original. */
size_t catalog_count(const struct catalog *c) __attribute__((nonnull));
const struct catalog_revision *catalog_at(const struct catalog *c, size_t i)
	__attribute__((nonnull, returns_nonnull));
/* NULL when absent. */
const struct catalog_revision *catalog_by_revision(const struct catalog *c, uint32_t revision_id)
	__attribute__((nonnull));
/* The location of a file, NULL when absent; raw is not kept. */
const struct catalog_location *catalog_find_location(const struct catalog *c,
						     const struct catalog_sha1 *sha1)
	__attribute__((nonnull));
/* File locations, one for each digest, in the order of the digests. */
size_t catalog_location_count(const struct catalog *c) __attribute__((nonnull));
const struct catalog_location *catalog_location_at(const struct catalog *c, size_t i)
	__attribute__((nonnull, returns_nonnull));
/* NULL when the head was never given; raw is not kept. */
const struct catalog_package *catalog_package(const struct catalog *c) __attribute__((nonnull));

/* Findings in their final order (after catalog_quarantine()). */
size_t catalog_finding_count(const struct catalog *c) __attribute__((nonnull));
const struct catalog_finding *catalog_finding_at(const struct catalog *c, size_t i)
	__attribute__((nonnull, returns_nonnull));
void catalog_summarize(const struct catalog *c, struct catalog_summary *out)
	__attribute__((nonnull));

#endif
