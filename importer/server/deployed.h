/* What is deployed to a set of groups: the approvals of clients.db, applied to a snapshot. */
#ifndef SERVER_DEPLOYED_H
#define SERVER_DEPLOYED_H

#include <stdint.h>

struct clients;
struct error;
struct group_set;
struct view;
struct view_deployed;
struct wusp_deployments;

/*
 * Shared by everybody who asks for these groups.  version is what clients_version() said before
 * anything else was read.  NULL when clients.db cannot be read.
 */
const struct view_deployed *deployed_to(const struct view *v, struct clients *clients,
					const struct group_set *groups, int64_t version,
					struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* The same for the caller alone, who frees it; nobody's is displaced for it. */
struct wusp_deployments *deployed_afresh(const struct view *v, struct clients *clients,
					 const struct group_set *groups, struct error *err)
	__attribute__((nonnull, warn_unused_result));

#endif
