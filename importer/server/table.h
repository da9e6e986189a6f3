/*
 * The answer of a report: rows of JSON values under named columns, printed as aligned text, as CSV
 * (RFC 4180) or as one JSON document.
 */
#ifndef SERVER_TABLE_H
#define SERVER_TABLE_H

#include <jansson.h>
#include <stddef.h>
#include <stdio.h>

struct cli_args;
struct error;

struct table {
	const char *name;           /* of the rows in the JSON document */
	const char *const *columns; /* keys of the rows, in order; ends with NULL */
	json_t *rows;               /* array of objects */
};

/*
 * Print and release rows.  --csv and --json of args choose; REPORT_FORMAT when both are given.
 * Texts that a spreadsheet would take for a formula get an apostrophe in front in CSV.
 */
int table_print(struct table *t, const struct cli_args *args, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* One value as a CSV field: quoted where needed. */
void table_csv_field(const char *text, FILE *out) __attribute__((nonnull));

#endif
