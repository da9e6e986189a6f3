/*
 * What a run says about catalogs: findings and totals, as text for people and
 * as JSON.  The summary is never silently zero (docs/OPERATIONS.md).
 */
#ifndef REPORT_REPORT_H
#define REPORT_REPORT_H

#include "lib/catalog/catalog.h"

#include <jansson.h>
#include <stdio.h>

enum { REPORT_WARNINGS_SHOWN = 20, REPORT_DEPENDENTS_SHOWN = 10 };

/* One finding with the keys id, severity, revision_id, update_id, kb, file, offset, value, ... */
json_t *report_finding_json(const struct catalog_finding *f)
	__attribute__((nonnull, returns_nonnull));

/* Append the findings of c to an array. */
void report_findings_json(const struct catalog *c, json_t *array) __attribute__((nonnull));

/* {error, warning, note} */
json_t *report_counts_json(const struct catalog_summary *s)
	__attribute__((nonnull, returns_nonnull));

/*
 * Errors with everything about them (for a deployment action also the log line by which the
 * failure of 2008 is known), the first dependents and warnings, the number of notes.
 */
void report_findings_text(FILE *out, const struct catalog *c) __attribute__((nonnull));

/* "Updates summary: 764 processed, 1 quarantined ..." */
void report_summary_text(FILE *out, const struct catalog_summary *s) __attribute__((nonnull));

/* Add b to a. */
void report_add_summary(struct catalog_summary *a, const struct catalog_summary *b)
	__attribute__((nonnull));

#endif
