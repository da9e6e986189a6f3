/*
 * All updates of a repository with their relations, in memory: what is chosen, explained and
 * asked about (lib/select/select.h, tree.h).  Pure; lib/store/graph_rows.h fills it.
 *
 * Add identities, sources and nodes in ascending order, then graph_finish(); then only read.
 * Nodes are numbered from 0 in the order of (source, revision).
 */
#ifndef SELECT_GRAPH_H
#define SELECT_GRAPH_H

#include "lib/base/arena.h"
#include "lib/base/cleanup.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { GRAPH_NONE = UINT32_MAX };

/* A piece of one of the arrays of struct graph. */
struct graph_span {
	uint32_t first, count;
};

struct graph_category {
	unsigned type;     /* enum catalog_category_type */
	uint32_t identity; /* number in identities, GRAPH_NONE when unknown */
};

struct graph_identity {
	int64_t id; /* row of the repository */
	unsigned char guid[16];
	struct graph_span nodes; /* in identity_nodes: its revisions */
};

struct graph_source {
	int64_t id;
	int64_t created; /* of the catalog; -1: not known, then its newest update */
};

struct graph_node {
	int64_t source_id, identity_id;
	uint32_t revision, number;                /* RevisionId of the source, RevisionNumber */
	uint32_t source, identity;                /* numbers in sources and identities */
	int64_t created;                          /* 0: not known */
	const char *type, *kb, *severity, *title; /* "": not known */
	bool is_leaf, is_bundle, is_evaluate, is_quarantined;
	struct graph_span groups;        /* in groups: AND of ORs */
	struct graph_span superseded_by; /* in links: nodes */
	struct graph_span bundled_by;    /* in links */
	struct graph_span supersedes;    /* in reverse_superseded */
	struct graph_span bundles;       /* in reverse_bundled */
	struct graph_span categories;    /* in categories */
	struct graph_span languages;     /* in languages */
};

struct graph {
	struct arena texts;
	struct graph_identity *identities;
	struct graph_source *sources;
	struct graph_node *nodes;
	struct graph_span *groups; /* in links: identities */
	uint32_t *links;
	struct graph_category *categories;
	const char **languages;
	uint32_t *identity_nodes, *reverse_superseded, *reverse_bundled;
	size_t identity_count, source_count, node_count, group_count, link_count, category_count,
		language_count;
	size_t identity_capacity, source_capacity, node_capacity, group_capacity, link_capacity,
		category_capacity, language_capacity;
};

struct graph *graph_new(void) __attribute__((returns_nonnull, warn_unused_result));
void graph_free(struct graph *g);
DEFINE_CLEANUP(struct graph *, graph_free);

void graph_add_identity(struct graph *g, int64_t id, const unsigned char guid[16])
	__attribute__((nonnull));
void graph_add_source(struct graph *g, int64_t id, int64_t created) __attribute__((nonnull));

/*
 * Add a node; spans and numbers of n are ignored, texts are copied (NULL as "").  The calls below
 * belong to the node added last, all of one kind before those of the next.  Identities and
 * revisions that are never added are left out.
 */
void graph_add_node(struct graph *g, const struct graph_node *n) __attribute__((nonnull));
void graph_add_group(struct graph *g) __attribute__((nonnull));
void graph_add_alternative(struct graph *g, int64_t identity) __attribute__((nonnull));
void graph_add_superseded_by(struct graph *g, uint32_t revision) __attribute__((nonnull));
void graph_add_bundled_by(struct graph *g, uint32_t revision) __attribute__((nonnull));
void graph_add_category(struct graph *g, unsigned type, int64_t identity) __attribute__((nonnull));
void graph_add_language(struct graph *g, const char *text, size_t len) __attribute__((nonnull));

/* Resolve revisions and build what leads back. */
void graph_finish(struct graph *g) __attribute__((nonnull));

/* GRAPH_NONE when there is none. */
uint32_t graph_find(const struct graph *g, int64_t source_id, uint32_t revision)
	__attribute__((nonnull));

/* The UpdateID of a node. */
const unsigned char *graph_guid(const struct graph *g, uint32_t node)
	__attribute__((nonnull, returns_nonnull));

/* The title of the first revision of an identity that has one, or "". */
const char *graph_title(const struct graph *g, uint32_t identity)
	__attribute__((nonnull, returns_nonnull));

#endif
