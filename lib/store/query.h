/*
 * The read side of a repository: updates, files, findings and totals, page by
 * page.  Statements are compiled once and kept, so a handle is what one thread
 * of a server, or one run of a command, holds for as long as it reads.
 *
 * It knows rows and cursors, nothing of HTTP or of how answers are printed.
 */
#ifndef STORE_QUERY_H
#define STORE_QUERY_H

#include "lib/base/cleanup.h"
#include "lib/catalog/catalog.h"
#include "lib/store/stored.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct query;
struct store;

/* A reader on s, which is borrowed and must outlive it.  One thread at a time.  Cannot fail. */
struct query *query_open(struct store *s)
	__attribute__((nonnull, warn_unused_result, returns_nonnull));
void query_close(struct query *q);
DEFINE_CLEANUP(struct query *, query_close);

/*
 * A snapshot: from query_begin() on, until query_scope_end(), everything read shows one committed
 * state, whatever is imported meanwhile.  Never inside a transaction of the same store.  Declared
 * as CLEANUP(query_scope_end) struct query_scope scope = { NULL }.
 */
struct query_scope {
	struct query *query; /* NULL: nothing to end */
};
int query_begin(struct query *q, struct query_scope *scope, struct error *err)
	__attribute__((nonnull, warn_unused_result));
void query_scope_end(struct query_scope *scope);
DEFINE_CLEANUP_IN_PLACE(struct query_scope, query_scope_end);

/* The object with this SHA-1: 1 and *out, 0 when there is none, -1. */
int query_find_sha1(struct query *q, const unsigned char sha1[20], struct stored_object *out,
		    struct error *err) __attribute__((nonnull, warn_unused_result));

/* ---- totals ---- */

struct query_counts {
	uint64_t updates, quarantined; /* rows of the catalogs, and those of them held back */
	uint64_t findings[CATALOG_SEVERITIES_];
	struct stored_totals objects;
	int64_t last_import; /* when a bundle was recorded last; 0: never */
};

/*
 * Totals of the repository.  Counted again only after another connection has committed: changes
 * made through the same store after the first call are not seen.
 */
int query_counts(struct query *q, struct query_counts *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* ---- updates ---- */

/* A place in the order of updates: the repository's revision, then the source that tells of it. */
struct query_cursor {
	int64_t revision_id, source_id, source_revision; /* all 0: before the first */
};

struct query_update {
	struct query_cursor id;
	unsigned char update_id[16];
	uint32_t revision_number;
	const char *type, *action_text, *kb, *severity, *bulletin, *title; /* "": not known */
	int64_t created;                                                   /* 0: not known */
	bool is_leaf, is_bundle, is_software;
	enum catalog_action action;
	enum catalog_verdict verdict;
	int64_t cause; /* quarantined because of this revision of the source */
};

enum { QUERY_ANY = -1 };

/*
 * An iteration.  The caller sets what is wanted and `at` (rows after it are delivered), and reads
 * `at` and `done` afterwards.  Texts are compared as ASCII without case.  Set everything with a
 * designated initialiser; what is left out does not restrict, except verdict: QUERY_ANY.
 */
struct query_updates {
	const unsigned char *update_id; /* 16 bytes or NULL */
	const char *kb, *title;         /* KB number; part of the title; NULL: any */
	int64_t source_revision;        /* 0: any */
	int verdict;                    /* enum catalog_verdict or QUERY_ANY */
	struct query_cursor at;         /* of the last row looked at, wanted or not */
	uint64_t scanned;               /* rows looked at; stops at LIMIT_QUERY_SCAN */
	bool done;                      /* there are no rows after `at` */
	bool running;
};

/*
 * The next update wanted: 1 and *out, whose texts are borrowed until the next call; 0 at the end
 * of the table (done) or of the budget (not done: continue from `at` later); -1.
 * One iteration of updates at a time; query_updates_end() before the next begins.
 */
int query_updates_next(struct query *q, struct query_updates *it, struct query_update *out,
		       struct error *err) __attribute__((nonnull, warn_unused_result));
void query_updates_end(struct query *q, struct query_updates *it) __attribute__((nonnull));

/* ---- files ---- */

enum query_file_kind { QUERY_FILE_PAYLOAD = 0, QUERY_FILE_LICENCE = 1 };

struct query_file {
	enum query_file_kind kind;
	unsigned char sha1[20], sha256[32];
	bool has_sha256, has_size;
	uint64_t size;
	const char *name, *language; /* "": not known */
	bool present;                /* the object is in this repository */
	bool is_express;             /* see select_is_express() */
};

/*
 * The files of one update, in order: query_files_begin(), then query_files_next() until it does
 * not return 1.  May run inside an iteration of updates.
 */
int query_files_begin(struct query *q, const struct query_cursor *update, struct error *err)
	__attribute__((nonnull, warn_unused_result));
int query_files_next(struct query *q, struct query_file *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* ---- findings ---- */

struct query_finding {
	int64_t id;
	const char *rule; /* "GF-C001" */
	enum catalog_severity severity;
	int64_t revision_id; /* the repository's; 0 when the finding belongs to no revision */
	int64_t source_revision;
	bool has_update_id;
	unsigned char update_id[16];
	const char *kb, *file, *value, *message, *next_step;
	uint64_t offset;
	int64_t cause, dependents; /* as in struct catalog_finding, of the source's revisions */
};

/* As struct query_updates. */
struct query_findings {
	int severity;                         /* enum catalog_severity or QUERY_ANY */
	int64_t revision_id, source_revision; /* 0: any */
	int64_t at;
	uint64_t scanned;
	bool done, running;
};
int query_findings_next(struct query *q, struct query_findings *it, struct query_finding *out,
			struct error *err) __attribute__((nonnull, warn_unused_result));
void query_findings_end(struct query *q, struct query_findings *it) __attribute__((nonnull));

#endif
