/* Compliance, for this component.  Callers hold c->lock. */
#ifndef CLIENTS_COMPLIANCE_INTERNAL_H
#define CLIENTS_COMPLIANCE_INTERNAL_H

#include "lib/clients/clients_internal.h"
#include "lib/clients/compliance.h"

/* compliance_sets_new() inside a transaction of the caller. */
struct compliance_sets *compliance_sets_read(struct clients *c, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* Index of a set, from 0, the same for the life of s; and the set of an index. */
size_t compliance_sets_index(struct compliance_sets *s, const struct group_set *set)
	__attribute__((nonnull));
const struct approval_rows *compliance_sets_at(struct compliance_sets *s, size_t i)
	__attribute__((nonnull, returns_nonnull));
/* One more than the highest number. */
size_t compliance_sets_numbers(const struct compliance_sets *s) __attribute__((nonnull));
/* The GUID of a number of lib/clients/status.h; NULL when it has none. */
const unsigned char *compliance_sets_guid(const struct compliance_sets *s, uint32_t number)
	__attribute__((nonnull));
/* Every approval, as it was made. */
const struct approval_rows *compliance_sets_all(const struct compliance_sets *s)
	__attribute__((nonnull, returns_nonnull));

/* What one computer says of updates: its status with its failures, ascending number. */
struct compliance_named {
	uint32_t number;
	enum compliance_state state;
	uint32_t result;
	int32_t failed_event;
	int64_t failed_at;
};
struct compliance_said {
	struct compliance_named *items;
	size_t count, capacity;
};
void compliance_said_clear(struct compliance_said *s);
DEFINE_CLEANUP_IN_PLACE(struct compliance_said, compliance_said_clear);
/* Reuses what *out has. */
int compliance_said_read(struct clients *c, int64_t computer, struct compliance_said *out,
			 struct error *err) __attribute__((nonnull, warn_unused_result));

#endif
