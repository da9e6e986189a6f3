/* The part of the verb "status" that both programs share: sizes, ages, ledger. */
#ifndef CARE_STATUS_H
#define CARE_STATUS_H

#include "lib/cli/cli.h"

struct error;
struct store;

/* Adds "care": {"kinds", "free_bytes", "scrub", "damaged", "bundles", "last", "ledger"}. */
int status_add(struct store *s, json_t *status, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* Print what status_add() added. */
void status_print(const json_t *status) __attribute__((nonnull));

#endif
