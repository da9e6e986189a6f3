/*
 * What one state of a set of catalogs has and another one has not: updates,
 * files and findings.  Pure; both states stay as they are, and what comes out
 * points into them.
 */
#ifndef CATALOG_DIFF_H
#define CATALOG_DIFF_H

#include "lib/base/cleanup.h"
#include "lib/catalog/catalog.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One catalog, judged; marks[i], when given, is a digest of all documents of catalog_at(i). */
struct catalog_diff_source {
	const struct catalog *catalog;
	const unsigned char (*marks)[32];
};

struct catalog_diff_state {
	const struct catalog_diff_source *sources;
	size_t count;
};

enum catalog_diff_kind {
	CATALOG_DIFF_ADDED,
	CATALOG_DIFF_REVISED, /* other revisions, or (marks) the same ones with other documents */
	CATALOG_DIFF_WITHDRAWN,
	CATALOG_DIFF_KINDS_
};

/*
 * An update is what has one UpdateId, in whichever source; what has none is known by its
 * RevisionId.  Each side is its newest revision (the highest id), NULL where it has none.
 */
struct catalog_diff_update {
	enum catalog_diff_kind kind;
	const struct catalog_revision *before, *after;
};

struct catalog_diff_file {
	bool added; /* else removed */
	struct catalog_sha1 sha1;
	bool has_size;
	uint64_t size;
	const char *name; /* "" when the catalog states none */
};

/* Findings are the same when rule, revision, file and value are; places move from day to day. */
struct catalog_diff_finding {
	bool added; /* else resolved */
	const struct catalog_finding *finding;
};

/* Updates by UpdateId, files by SHA-1, findings by severity, rule and revision. */
struct catalog_diff {
	struct catalog_diff_update *updates;
	size_t update_count, update_capacity, kinds[CATALOG_DIFF_KINDS_];
	struct catalog_diff_file *files;
	size_t file_count, file_capacity, files_added, files_removed;
	uint64_t bytes_added, bytes_removed; /* of the files that have a size */
	struct catalog_diff_finding *findings;
	size_t finding_count, finding_capacity, findings_added, findings_resolved;
};

/* *out borrows from both states and is the caller's to clear. */
void catalog_diff_compute(const struct catalog_diff_state *before,
			  const struct catalog_diff_state *after, struct catalog_diff *out)
	__attribute__((nonnull));
void catalog_diff_clear(struct catalog_diff *d);
DEFINE_CLEANUP_IN_PLACE(struct catalog_diff, catalog_diff_clear);

/* "added", "revised", "withdrawn". */
const char *catalog_diff_kind_name(enum catalog_diff_kind kind) __attribute__((returns_nonnull));

#endif
