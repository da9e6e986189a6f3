/*
 * What of a repository can go into an export package for WSUS: the revisions whose full document
 * is here, each once, with what package.xml says of them, in an order that WSUS can import; and why
 * the others stay out.
 */
#ifndef IMPORTER_EXPORT_SET_H
#define IMPORTER_EXPORT_SET_H

#include "importer/export_order.h"
#include "lib/base/arena.h"
#include "lib/base/cleanup.h"
#include "lib/catalog/catalog_model.h"
#include "lib/store/documents.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct progress;
struct store;

enum export_reason {
	EXPORT_TAKEN = 0,
	EXPORT_QUARANTINED,  /* the catalog rules hold it back */
	EXPORT_PREREQUISITE, /* no alternative of some prerequisite can be exported */
	EXPORT_CHILD,        /* an update that it bundles cannot */
	EXPORT_FRAGMENTS,    /* only fragments of a scan catalog are here */
	EXPORT_REASONS_
};

/* A file that a document names: payload, or a licence text. */
struct export_file {
	struct catalog_sha1 sha1;
	const char *extension; /* with its dot, of the file name; "" for none */
};

struct export_item {
	struct catalog_guid update_id;
	uint32_t revision;
	uint32_t source; /* index into sources */
	struct documents_row document;
	bool usable;  /* not quarantined */
	bool is_base; /* a category or a detectoid */
	bool is_product;
	const struct catalog_sha1 *listed; /* what package.xml lists, as it came */
	const struct catalog_guid *products, *classifications;
	const struct export_file *files;
	size_t listed_count, products_count, classifications_count, files_count;
	uint64_t record_bytes;  /* in metadata.txt */
	uint64_t package_bytes; /* in package.xml, at most */
	enum export_reason reason;
};

/* A file of the list at the head of package.xml. */
struct export_listed {
	struct catalog_sha1 sha1;
	const char *url, *name;
};

struct export_source {
	int64_t id, created;
	const char *languages; /* the element as it came */
	size_t languages_len;
	const char *server_id, *protocol_version;
};

/* A revision that stays out although no document of it is here. */
struct export_left {
	struct catalog_guid update_id;
	uint32_t revision;
};

struct export_set {
	struct arena arena;
	struct export_source *sources; /* newest first */
	size_t source_count, source_capacity;
	struct export_item *items; /* in the order of their sources and packages */
	size_t item_count, item_capacity;
	struct export_order_item *relations; /* of each item */
	struct export_order order;
	struct export_listed *files; /* of all sources, newest first */
	size_t file_count, file_capacity;
	struct export_left *left;
	size_t left_count, left_capacity;
	size_t reasons[EXPORT_REASONS_];
};

/* -1 with WSUS_NOTHING, or of the store; *out is the caller's to clear. */
int export_set_load(struct store *s, struct progress *progress, struct export_set *out,
		    struct error *err) __attribute__((nonnull, warn_unused_result));
void export_set_clear(struct export_set *set);
DEFINE_CLEANUP_IN_PLACE(struct export_set, export_set_clear);

/* In words, for the report. */
const char *export_set_reason(enum export_reason reason) __attribute__((returns_nonnull));

/* ---- between export_set.c and export_read.c ---- */

/* Sources, files and items, without relations. */
int export_read_sources(struct store *s, struct export_set *set, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* Read the document of every item, and fill in what it says; makes the relations. */
int export_read_documents(struct store *s, struct export_set *set, struct progress *progress,
			  struct error *err) __attribute__((nonnull, warn_unused_result));

#endif
