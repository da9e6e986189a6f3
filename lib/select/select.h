/*
 * Which updates a selection takes, and why: a decision for each node of a graph.  Pure.
 *
 * Rules judge updates that can be offered: bundles, and what no bundle holds.  What they need
 * comes along whatever the rules say: the other parts of a bundle, the bundle of a part that is
 * needed by itself, every revision that can fulfil a prerequisite (docs/OPERATIONS.md).
 */
#ifndef SELECT_SELECT_H
#define SELECT_SELECT_H

#include "lib/base/cleanup.h"
#include "lib/select/graph.h"
#include "lib/select/rules.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct error;

enum select_reason {
	SELECT_UNDECIDED,
	/* neither in nor out: nothing but metadata, which is always carried whole */
	SELECT_METADATA,
	/* in */
	SELECT_RULES,        /* the rules take it, or there is none */
	SELECT_NAMED,        /* kb or update-id; rule says which */
	SELECT_PART,         /* of the bundle `by` */
	SELECT_WHOLE,        /* the bundle of `by` */
	SELECT_PREREQUISITE, /* of `by` */
	/* out */
	SELECT_QUARANTINED,
	SELECT_EXCLUDED, /* by rule */
	SELECT_OTHER_PRODUCT,
	SELECT_OTHER_CLASSIFICATION,
	SELECT_OTHER_SEVERITY,
	SELECT_OLD,
	SELECT_SUPERSEDED, /* by the update `by` */
	SELECT_DRIVER,
	SELECT_UNNAMED,   /* there are only rules that name updates */
	SELECT_NO_BUNDLE, /* a part, and no bundle of it is in: `by` is one */
	SELECT_REASONS
};

enum { SELECT_NO_RULE = UINT16_MAX };

struct select_decision {
	uint8_t reason; /* enum select_reason */
	uint16_t rule;  /* number in rules->entries of one that says so, or SELECT_NO_RULE */
	uint32_t by;    /* node, or GRAPH_NONE */
};

struct select_result {
	struct select_decision *decisions; /* one for each node */
	size_t count;
	size_t reasons[SELECT_REASONS];       /* how many of each */
	bool matched[LIMIT_SELECTION_VALUES]; /* the rule's value is in the catalog */
	const struct graph *graph;            /* borrowed */
	const struct rules *rules;            /* borrowed */
};

void select_decide(const struct graph *g, const struct rules *rules, struct select_result *out)
	__attribute__((nonnull));
void select_clear(struct select_result *r);
DEFINE_CLEANUP_IN_PLACE(struct select_result, select_clear);

bool select_is_in(enum select_reason reason);
const char *select_reason_name(enum select_reason reason) __attribute__((returns_nonnull));

/* Whether the node is in. */
bool select_takes(const struct select_result *r, uint32_t node) __attribute__((nonnull));

/*
 * Whether a file of the node is carried.  Licences of what is in always are; payload is not when
 * it is an express file that is not wanted, or of an update in other languages alone.
 */
struct select_file {
	uint32_t node;
	bool is_licence, is_express;
};
bool select_takes_file(const struct select_result *r, const struct select_file *f)
	__attribute__((nonnull));

/* Whether a file with this PatchingType and name ("": not known) is an express one. */
bool select_is_express(const char *patching_type, const char *name) __attribute__((nonnull));

/* Whether one rule fits an update by itself; rules about files and ages never do. */
bool select_fits(const struct graph *g, uint32_t node, const struct rules_entry *e)
	__attribute__((nonnull));

/* The decision in words, with the chain of updates that lead to it, appended. */
int select_explain(const struct select_result *r, uint32_t node, struct buf *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

#endif
