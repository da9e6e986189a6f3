/*
 * Findings as other programs want to read them, one after the other and never all in memory:
 * JSON, SARIF 2.1.0, CSV (RFC 4180), and the two line forms of the logs that site servers and
 * CMTrace write, with the lines by which the failure of 2008 is known.
 *
 * Everything comes from catalogs and is hostile: control characters never leave, CSV cells cannot
 * begin a formula, a log line is one line and cannot end its own text.
 */
#ifndef REPORT_FORMAT_H
#define REPORT_FORMAT_H

#include "lib/base/cleanup.h"
#include "lib/catalog/catalog.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct error;

enum report_kind {
	REPORT_FORMAT_TEXT, /* for people: not written here, see report.h */
	REPORT_FORMAT_JSON,
	REPORT_FORMAT_SARIF,
	REPORT_FORMAT_CSV,
	REPORT_FORMAT_WSYNCMGR, /* text  $$<COMPONENT><date time><thread> */
	REPORT_FORMAT_CMTRACE,  /* <![LOG[text]LOG]!><time ...> */
};

/* "text", "json", ...; NULL is text.  -1 with USAGE. */
int report_format_parse(const char *text, enum report_kind *out, struct error *err)
	__attribute__((nonnull(2, 3), warn_unused_result));

struct report_about {
	const char *program; /* "gapferry-export" */
	const char *command; /* its command line, for the logs */
	const char *subject; /* file or repository */
	int64_t now;         /* seconds, for the logs */
};

/* A finding, wherever it comes from; texts are not NULL. */
struct report_item {
	const char *rule; /* "GF-C001" */
	enum catalog_severity severity;
	uint32_t revision_id;           /* 0: none */
	const unsigned char *update_id; /* 16 bytes, NULL: none */
	const char *kb, *file, *value, *message, *next_step;
	uint64_t offset;
	uint32_t cause, dependents;
};

struct report_totals {
	uint64_t updates, processed, quarantined;
	uint64_t counts[CATALOG_SEVERITIES_];
};

struct report_format;

/* about is borrowed until the end.  kind is not text. */
struct report_format *report_format_begin(FILE *out, enum report_kind kind,
					  const struct report_about *about)
	__attribute__((nonnull, warn_unused_result, returns_nonnull));
void report_format_add(struct report_format *r, const struct report_item *item)
	__attribute__((nonnull));
/* Writes what follows the last one, and frees r.  The caller checks and closes the file. */
void report_format_end(struct report_format *r, const struct report_totals *totals)
	__attribute__((nonnull));

/* A finding of a catalog as an item; update_id and texts are borrowed. */
void report_format_item(const struct catalog_finding *f, struct report_item *out)
	__attribute__((nonnull));

#endif
