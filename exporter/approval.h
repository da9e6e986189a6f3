/* What remains of an approval in the repository: a record of the ledger, a leaf of the log. */
#ifndef EXPORTER_APPROVAL_H
#define EXPORTER_APPROVAL_H

struct error;
struct store;

struct approval {
	const char *bundle; /* its name */
	const unsigned char *manifest;
	const char *role, *holder, *short_id; /* who signed */
};

int approval_record(struct store *s, const struct approval *a, struct error *err)
	__attribute__((nonnull, warn_unused_result));

#endif
