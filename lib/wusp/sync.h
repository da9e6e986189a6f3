/*
 * SyncUpdates as a pure function (docs/PROTOCOL.md, "SyncUpdates"): what a client has, what is
 * deployed to its groups, what it must be told.  One call is one round; the client decides when a
 * scan ends.
 */
#ifndef WUSP_SYNC_H
#define WUSP_SYNC_H

#include "lib/base/cleanup.h"
#include "lib/wusp/deploy.h"
#include "lib/wusp/graph.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;

/*
 * How far a client has been told; travels in its cookie, all zero: nothing yet.  The software and
 * the driver pass have one each.
 */
struct wusp_stamp {
	int64_t change;   /* highest last_change */
	uint64_t scope;   /* of the deployments */
	int32_t revision; /* highest revision id of the graph */
};

/* Versions of the client protocol: WUSP_VERSION(2, 90). */
#define WUSP_VERSION(major, minor) ((uint32_t)(major) << 16 | (uint32_t)(minor))

/* Any part may be missing.  Texts are compared without case. */
struct wusp_installed_driver {
	bool present;
	const char *matching_id, *provider, *manufacturer; /* "" or NULL: absent */
	bool has_computer;
	struct catalog_guid computer; /* MatchingComputerHWID */
	int64_t date;
	uint64_t version;
	bool has_rank;
	uint32_t rank; /* DriverRank; its third byte is the feature score */
};
struct wusp_device {
	const char *const *hardware_ids; /* best first */
	size_t hardware_ids_count;
	const char *const *compatible_ids;
	size_t compatible_ids_count;
	bool is_printer;
	struct wusp_installed_driver installed;
};

struct wusp_sync_request {
	bool driver_pass;         /* SkipSoftwareSync */
	uint32_t client_version;  /* WUSP_VERSION() */
	const int32_t *installed; /* InstalledNonLeafUpdateIDs, repeats and all */
	size_t installed_count;
	const int32_t *cached; /* OtherCachedUpdateIDs */
	size_t cached_count;
	const int32_t *cached_drivers; /* CachedDriverIDs */
	size_t cached_drivers_count;
	const struct catalog_guid *filter; /* FilterCategoryIds; none: no filter */
	size_t filter_count;
	bool two_group; /* NeedTwoGroupOutOfScopeUpdates */
	const struct wusp_device *devices;
	size_t devices_count;
	const struct catalog_guid *computers; /* ComputerSpec/HardwareIDs, best first; those after
						 LIMIT_WUSP_COMPUTERS do not count */
	size_t computers_count;
	const char *feature_key; /* FeatureScoreMatchingKey; NULL: absent */
	struct wusp_stamp stamp; /* of this pass, from the cookie */
};

/* One UpdateInfo; the Deployment is as it goes to this client. */
struct wusp_sync_item {
	uint32_t node;
	bool is_leaf;
	struct wusp_deployment deployment; /* BLOCK has become PRE_DEPLOYMENT_CHECK, and so on */
	const char *const *hardware_ids;   /* of drivers, borrowed from the graph */
	size_t hardware_ids_count;
};

/*
 * An answer.  Begin with WUSP_SYNC_REPLY_INIT; it can be used again and again, and keeps its memory
 * until wusp_sync_clear().  Nothing in it outlives the graph and the deployments.
 */
struct wusp_sync_reply {
	struct wusp_sync_item
		*new_updates; /* with Xml; bundle before its children, non-leaf first */
	size_t new_count;
	struct wusp_sync_item *changed; /* without Xml */
	size_t changed_count;
	int32_t *out_of_scope; /* each id once; ids of nothing last */
	size_t out_of_scope_count;
	int32_t *deployed_out_of_scope;
	size_t deployed_out_of_scope_count;
	bool truncated;
	bool driver_sync_not_needed; /* meant for clients from 1.7 on */
	struct wusp_stamp stamp;     /* for the new cookie */

	/* For this component only. */
	struct wusp_sync_scratch *scratch;
};
#define WUSP_SYNC_REPLY_INIT     \
	{                        \
		.scratch = NULL, \
	}
void wusp_sync_clear(struct wusp_sync_reply *r);
DEFINE_CLEANUP_IN_PLACE(struct wusp_sync_reply, wusp_sync_clear);

/*
 * Answer one round.  WUSP_PARAMETERS, with the path of the parameter as message, when
 * InstalledNonLeafUpdateIDs has more than LIMIT_WUSP_INSTALLED entries.  d was made from g.
 */
int wusp_sync(const struct wusp_graph *g, const struct wusp_deployments *d,
	      const struct wusp_sync_request *q, struct wusp_sync_reply *reply, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/*
 * The deployment of one node as it goes to a client of this version, outside a scan (RefreshCache).
 * false when it is not to be told: not deployed.
 */
bool wusp_sync_item(const struct wusp_graph *g, const struct wusp_deployments *d, uint32_t node,
		    uint32_t client_version, struct wusp_sync_item *out) __attribute__((nonnull));

/* ---- StartCategoryScan ---- */

struct wusp_category {
	int32_t group; /* IndexOfAndGroup */
	struct catalog_guid id;
};
struct wusp_category_answer {
	struct catalog_guid *preferred, *in_error;
	size_t preferred_count, in_error_count;
};
void wusp_category_clear(struct wusp_category_answer *a);
DEFINE_CLEANUP_IN_PLACE(struct wusp_category_answer, wusp_category_clear);

/*
 * WUSP_PARAMETERS from LIMIT_WUSP_CATEGORIES categories on.  out is filled from {0}.
 */
int wusp_category_scan(const struct wusp_graph *g, const struct wusp_category *wanted, size_t count,
		       struct wusp_category_answer *out, struct error *err)
	__attribute__((nonnull(1, 4, 5), warn_unused_result));

#endif
