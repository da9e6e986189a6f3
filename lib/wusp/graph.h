/*
 * What can be served to Windows Update clients, as one immutable value: a node per update,
 * numbered from 0 by ascending revision id, relations as index arrays.  Nothing here knows SQL,
 * HTTP or SOAP; any number of threads may read a graph.
 *
 * Nodes are the newest revision of each UpdateID that was added, and older revisions that a bundle
 * among the nodes names exactly.  A relation names an UpdateID; it means its newest revision.
 */
#ifndef WUSP_GRAPH_H
#define WUSP_GRAPH_H

#include "lib/base/cleanup.h"
#include "lib/catalog/catalog_model.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct wusp_graph;
struct wusp_graph_builder;

/* No node. */
#define WUSP_NONE UINT32_MAX

enum wusp_type { WUSP_SOFTWARE = 0, WUSP_DRIVER, WUSP_CATEGORY, WUSP_DETECTOID };

enum wusp_flag {
	WUSP_LEAF = 1,   /* no prerequisite clause anywhere in the graph names it */
	WUSP_BUNDLE = 2, /* it has bundle children */
	WUSP_FILES = 4,  /* it has payload files of its own */
	WUSP_FILES_HERE =
		8,      /* all that are offered of them are in the repository; so if it has none */
	WUSP_PART = 16, /* only meant to be deployed by a bundle */
	WUSP_INCOMPLETE = 32, /* a bundle child (at any depth) is not in the graph */
	WUSP_NEWEST = 64,     /* the newest revision of its UpdateID */
};

/* ---- building ---- */

/* One installation target of a driver: <d.WindowsDriverMetaData>. */
struct wusp_driver_score {
	const char *system; /* "AMD64.10.0": compared with FeatureScoreMatchingKey without case */
	unsigned char score;
};
struct wusp_driver {
	const char *hardware_id, *provider, *manufacturer, *driver_class, *model; /* "": absent */
	int64_t date;     /* DriverVerDate, seconds; 0: absent */
	uint64_t version; /* DriverVerVersion: four numbers of 16 bits */
	const struct catalog_guid
		*computers; /* computer hardware ids, in order; none: any computer */
	size_t computers_count;
	const struct wusp_driver_score *scores;
	size_t scores_count;
};

struct wusp_child {
	struct catalog_guid update_id;
	uint32_t revision_number; /* 0: the newest */
};

/* Everything is copied. */
struct wusp_revision {
	int32_t revision_id; /* revision.id of catalog.db: positive, for ever */
	struct catalog_guid update_id;
	uint32_t revision_number;
	enum wusp_type type;
	bool has_files, files_here, part;
	uint32_t core_bytes; /* size of its core fragment, for paging; 0: not known */
	const struct catalog_group *prerequisites; /* plain ones and those with IsCategory alike */
	size_t prerequisites_count;
	const struct catalog_category *categories; /* as the master document lists them */
	size_t categories_count;
	const struct wusp_child *children;
	size_t children_count;
	const struct wusp_driver *drivers; /* of type WUSP_DRIVER */
	size_t drivers_count;
};

struct wusp_graph_builder *wusp_graph_begin(void)
	__attribute__((malloc, returns_nonnull, warn_unused_result));
void wusp_graph_abandon(struct wusp_graph_builder *b);
DEFINE_CLEANUP(struct wusp_graph_builder *, wusp_graph_abandon);

/* WUSP_GRAPH when the revision id is not positive, LIMIT_CATALOG_UPDATES is passed, or a relation
 * is too large. */
int wusp_graph_add(struct wusp_graph_builder *b, const struct wusp_revision *r, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/*
 * A revision id that this UpdateID had once: a client that has it installed has the update.
 * Revisions that were added and did not become nodes are known anyway.
 */
void wusp_graph_add_former(struct wusp_graph_builder *b, int32_t revision_id,
			   const struct catalog_guid *update_id) __attribute__((nonnull));

/*
 * The graph; the builder is empty afterwards and only to be abandoned.  WUSP_GRAPH when two
 * revisions have one id or one (UpdateID, RevisionNumber).
 */
struct wusp_graph *wusp_graph_finish(struct wusp_graph_builder *b, struct error *err)
	__attribute__((nonnull, warn_unused_result));
void wusp_graph_free(struct wusp_graph *g);
DEFINE_CLEANUP(struct wusp_graph *, wusp_graph_free);

/* ---- questions ---- */

uint32_t wusp_graph_count(const struct wusp_graph *g) __attribute__((nonnull, pure));

/* WUSP_NONE when there is none.  By GUID: the newest revision. */
uint32_t wusp_graph_by_revision(const struct wusp_graph *g, int32_t revision_id)
	__attribute__((nonnull, pure));
uint32_t wusp_graph_by_guid(const struct wusp_graph *g, const struct catalog_guid *id)
	__attribute__((nonnull, pure));
uint32_t wusp_graph_by_identity(const struct wusp_graph *g, const struct catalog_guid *id,
				uint32_t revision_number) __attribute__((nonnull, pure));

struct wusp_node {
	int32_t revision_id;
	struct catalog_guid update_id;
	uint32_t revision_number;
	enum wusp_type type;
	unsigned flags; /* enum wusp_flag */
	uint32_t core_bytes;
};
struct wusp_node wusp_graph_node(const struct wusp_graph *g, uint32_t node)
	__attribute__((nonnull, pure));

/* Borrowed arrays of nodes. */
struct wusp_nodes {
	const uint32_t *items;
	size_t count;
};
struct wusp_nodes wusp_graph_children(const struct wusp_graph *g, uint32_t node)
	__attribute__((nonnull, pure));
struct wusp_nodes wusp_graph_parents(const struct wusp_graph *g, uint32_t node)
	__attribute__((nonnull, pure));

/* Clauses of which no alternative is in the graph: taken as satisfied. */
size_t wusp_graph_unknown_clauses(const struct wusp_graph *g, uint32_t node)
	__attribute__((nonnull, pure));

#endif
