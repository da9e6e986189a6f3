/*
 * What is deployed to one set of groups: the approvals of that set, closed over prerequisites,
 * category clauses and bundles.  Immutable; one value serves every client of the set.
 *
 * What is approved gets the action of its approval.  What it needs gets EVALUATE, or
 * PRE_DEPLOYMENT_CHECK where it has files of its own, because Evaluate together with payload is
 * malformed (GF-C003); the children of a deployed bundle get BUNDLE.  An own approval wins over
 * what is derived, BUNDLE over EVALUATE.
 */
#ifndef WUSP_DEPLOY_H
#define WUSP_DEPLOY_H

#include "lib/base/cleanup.h"
#include "lib/wusp/graph.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum wusp_action {
	WUSP_ACTION_NONE = 0, /* not deployed; as an approval: it was approved until last_change */
	WUSP_INSTALL,
	WUSP_OPTIONAL_INSTALL,
	WUSP_UNINSTALL,
	WUSP_PRE_DEPLOYMENT_CHECK,
	WUSP_BLOCK,    /* goes out as PreDeploymentCheck */
	WUSP_EVALUATE, /* never approved, always derived */
	WUSP_BUNDLED,  /* likewise */
	WUSP_ACTIONS_
};

/* As the protocol writes it; "" for NONE. */
const char *wusp_deploy_action_text(enum wusp_action action) __attribute__((returns_nonnull));

/*
 * One row that holds for the set of groups.  Rows of one update are merged: BLOCK before INSTALL,
 * UNINSTALL, OPTIONAL_INSTALL, PRE_DEPLOYMENT_CHECK, NONE; of equal ones the one with the earlier
 * deadline (0 is none), then the assigned one, then the smaller id.  The newest last_change of all
 * of them counts.
 */
struct wusp_approval {
	struct catalog_guid update_id;
	enum wusp_action action;
	bool declined; /* never served, whatever else says so; not even as a dependency */
	bool is_assigned;
	int32_t id;          /* 1 .. 2^30 - 1, for ever */
	int64_t deadline;    /* seconds, 0: none */
	int64_t last_change; /* seconds; every change must have a later one than the change before
			      */
};

/* Deployment id of what is derived: this and the revision id. */
#define WUSP_DERIVED_ID 0x40000000

struct wusp_deployment {
	enum wusp_action action;
	bool is_assigned;
	int32_t id;
	int64_t deadline, last_change;
};

/* Why an approval has no effect, or less than it says. */
enum wusp_problem_kind {
	WUSP_PROBLEM_UNKNOWN,    /* no such update in the graph */
	WUSP_PROBLEM_ACTION,     /* an action that cannot be approved */
	WUSP_PROBLEM_ROLE,       /* a category, detectoid or part of bundles cannot be deployed */
	WUSP_PROBLEM_FILES,      /* its files, or those of a bundle child, are not all here */
	WUSP_PROBLEM_INCOMPLETE, /* a bundle child is unknown or declined */
	WUSP_PROBLEM_MALFORMED,  /* lib/catalog would refuse it: GF-C004, GF-C005 */
	WUSP_PROBLEM_CLAUSE,     /* only noted: a clause names nothing known; taken as satisfied */
	WUSP_PROBLEM_DEPENDENCY, /* every alternative of a clause is declined */
	WUSP_PROBLEM_SCOPE,      /* more than LIMIT_WUSP_SCOPE in all; of no update */
	WUSP_PROBLEMS_
};
struct wusp_problem {
	enum wusp_problem_kind kind;
	struct catalog_guid update_id; /* of the approval */
	uint32_t node;                 /* that is to blame, WUSP_NONE when unknown */
};
/* One word for programs, and one line for people. */
const char *wusp_deploy_problem_name(enum wusp_problem_kind kind) __attribute__((returns_nonnull));
const char *wusp_deploy_problem_text(enum wusp_problem_kind kind) __attribute__((returns_nonnull));

struct wusp_deployments;

/*
 * g is borrowed and must outlive the result.  scope tells sets of groups apart: a client whose last
 * answer came from another scope is told everything anew.  It must be the same number for the same
 * set of groups for ever (a hash of the sorted group ids).  Cannot fail.
 */
struct wusp_deployments *wusp_deploy(const struct wusp_graph *g,
				     const struct wusp_approval *approvals, size_t count,
				     uint64_t scope)
	__attribute__((nonnull(1), returns_nonnull, warn_unused_result));
void wusp_deploy_free(struct wusp_deployments *d);
DEFINE_CLEANUP(struct wusp_deployments *, wusp_deploy_free);

/* What is deployed at node; action NONE when nothing is. */
struct wusp_deployment wusp_deploy_at(const struct wusp_deployments *d, uint32_t node)
	__attribute__((nonnull, pure));

/* Number of nodes that are deployed in any way. */
size_t wusp_deploy_count(const struct wusp_deployments *d) __attribute__((nonnull, pure));

/* In the order of UpdateIDs; borrowed. */
const struct wusp_problem *wusp_deploy_problems(const struct wusp_deployments *d, size_t *count)
	__attribute__((nonnull));

#endif
