/*
 * The custody report: for every bundle what the ledger knows of its way, in
 * order of time, and what in it deserves attention.  Ledgers of other sites can
 * be laid beside the repository's own, since a seal that changed on the way is
 * seen only where both ends are known.
 */
#ifndef CARE_CUSTODY_H
#define CARE_CUSTODY_H

#include "lib/cli/cli.h"

struct buf;
struct error;
struct ledger_reader;

/* The verb "custody" of both programs. */
int custody_verb(const struct cli_args *args, struct error *err);

/*
 * The report as a document: {"bundles": [{"bundle", "events": [{"time", "ledger", "number",
 * "event", "values": [[key, value], ...]}], "signers": ["role holder key"], "sites": [{"site",
 * "state", "time", "by"}], "attention": [text]}]}.  bundle (may be NULL) limits it
 * to one.  Free with json_decref().  NULL with what reading a ledger can report, or LEDGER_UNKNOWN.
 */
struct custody_ledger {
	const char *name; /* of the ledger, for people */
	/* Feeds the whole ledger to r, and finishes it. */
	int (*read)(void *ctx, struct ledger_reader *r, struct error *err);
	void *ctx;
};
json_t *custody_report(const struct custody_ledger *ledgers, size_t count, const char *bundle,
		       struct error *err) __attribute__((nonnull(1, 4), warn_unused_result));

/* Print it for people; write it as one page of HTML that needs nothing else. */
void custody_print(const json_t *report) __attribute__((nonnull));
int custody_html(const json_t *report, const char *made, struct buf *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

#endif
