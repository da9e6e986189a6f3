/*
 * The medium in somebody's hands: what is printed on it, how it is sealed, who
 * carries it.  Stated on the command line; serial and label of a mounted
 * removable device are read from the system when they are not.
 */
#ifndef CARE_MEDIUM_H
#define CARE_MEDIUM_H

#include "lib/cli/cli.h"

struct error;
struct ledger_body;

/* Rows for a table of options: write, media write, import, handover. */
#define MEDIUM_OPTIONS                                                                        \
	{ "serial", CLI_TEXT, "SERIAL", NULL, false, "serial number of the medium" },         \
		{ "label", CLI_TEXT, "LABEL", NULL, false, "what stands on the medium" },     \
		{ "seal", CLI_TEXT, "NUMBER", NULL, false, "number of the seal on the bag" }, \
	{                                                                                     \
		"carrier", CLI_TEXT, "WHO", NULL, false, "who carries it"                     \
	}

enum { MEDIUM_VALUE_SIZE = 129 };

struct medium {
	char serial[MEDIUM_VALUE_SIZE], label[MEDIUM_VALUE_SIZE]; /* "" when unknown */
	const char *seal, *carrier;                               /* borrowed; NULL */
};

/* Where the system tells about devices; tests have a place of their own. */
struct medium_system {
	const char *mountinfo, *sys, *dev; /* /proc/self/mountinfo /sys /dev */
};
extern const struct medium_system medium_here;

/*
 * Serial and label of the removable device that path lies on; left "" when it is no such device
 * or the system does not know.  Never fails: it is a convenience.
 */
void medium_detect(const struct medium_system *system, const char *path, struct medium *out)
	__attribute__((nonnull));

/*
 * The options of MEDIUM_OPTIONS, completed by what is detected at path (NULL: nothing is).
 * -1 with LEDGER_VALUE, or MEDIUM_SERIAL when the serial stated is not the one detected.
 */
int medium_read(const struct cli_args *args, const struct medium_system *system, const char *path,
		struct medium *out, struct error *err)
	__attribute__((nonnull(1, 2, 4, 5), warn_unused_result));

/* Add what is known to a record. */
void medium_add(const struct medium *m, struct ledger_body *body) __attribute__((nonnull));

#endif
