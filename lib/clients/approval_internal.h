/* Approvals, for this component. */
#ifndef CLIENTS_APPROVAL_INTERNAL_H
#define CLIENTS_APPROVAL_INTERNAL_H

#include "lib/clients/approval.h"

/* approval_list_all() and approval_declined_load() for callers that hold c->lock. */
int approval_read(struct clients *c, struct approval_rows *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));
int approval_read_declined(struct clients *c, struct approval_declined *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/*
 * What holds for a set of groups, of all rows (ascending update_id): see approval_list().  Pure;
 * time is proportional to the rows.
 */
void approval_resolve(const struct approval_rows *all, const struct approval_declined *declined,
		      const struct group_list *groups, const struct group_set *set,
		      struct approval_rows *out) __attribute__((nonnull));

#endif
