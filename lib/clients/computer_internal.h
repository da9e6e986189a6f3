/* Computers, for this component.  Callers hold c->lock. */
#ifndef CLIENTS_COMPUTER_INTERNAL_H
#define CLIENTS_COMPUTER_INTERNAL_H

#include "lib/clients/clients_internal.h"
#include "lib/clients/computer.h"

/* As computer_contact(), and *id is the row.  Makes a transaction of its own when there is none. */
int computer_note(struct clients *c, const struct computer_contact *contact, int64_t *id,
		  struct error *err) __attribute__((nonnull, warn_unused_result));

/* Groups that an administrator put a computer into. */
int computer_members(struct clients *c, int64_t id, struct group_set *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

#endif
