/*
 * Media and the ledger: what was written onto which medium, and which media of a
 * bundle the ledger knows, for somebody who is asked for the next one.
 */
#ifndef CARE_MEDIUM_NOTE_H
#define CARE_MEDIUM_NOTE_H

#include "lib/base/cleanup.h"

#include <stdbool.h>
#include <stddef.h>

struct buf;
struct error;
struct file_list;
struct medium;
struct store;
struct verified_bundle;

enum { MEDIUM_NOTE_LIST = 400 };

/*
 * The record "media-write", in a transaction of its own: the files (of the bundle's directory on
 * the medium) say which volumes and segments lie there.  -1 as ledger_rows_add().
 */
int medium_note_write(struct store *s, const struct verified_bundle *b, const char *path,
		      const struct file_list *files, const struct medium *m, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/*
 * Append a line for each medium of the bundle that has a label or a serial number in the ledger:
 * "Stick 7 (serial 0781-AB12): volumes 1-4; read here".  In order of the records.
 */
int medium_note_known(struct store *s, const char *bundle, struct buf *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

#endif
