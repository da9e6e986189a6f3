/* Groups, for this component.  Callers hold c->lock where there is a handle. */
#ifndef CLIENTS_GROUP_INTERNAL_H
#define CLIENTS_GROUP_INTERNAL_H

#include "lib/clients/clients.h"
#include "lib/clients/group.h"

struct error;

/* Put id into a set; what does not fit is left out. */
void group_set_add(struct group_set *set, int64_t id) __attribute__((nonnull));

/* group_list_load() without the lock. */
int group_list_read(struct clients *c, struct group_list *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/*
 * The groups of a computer: with client targeting those of claimed ("a;b") that exist, else those
 * it was put into, else Unassigned.  Pure.
 */
void group_resolve(const struct group_list *l, enum clients_targeting mode,
		   const struct group_set *members, const char *claimed, struct group_set *out)
	__attribute__((nonnull));

#endif
