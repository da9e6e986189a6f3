/*
 * Receipts of this site: what it holds and needs, signed by its importer key, for
 * the way back (docs/FORMAT.md "Receipt").
 */
#ifndef IMPORTER_ISSUE_H
#define IMPORTER_ISSUE_H

#include "media/receipt.h"

#include <stdbool.h>
#include <stdint.h>

struct error;
struct store;

struct issue_request {
	const char *key_path;   /* an importer key of the channel's trust root */
	const char *passphrase; /* or NULL */
	const char *out;        /* directory for the file */
	uint64_t counter;       /* 0: the one after the last; else above it */
	bool qr;                /* a page of QR codes as well */
};

struct issue_result {
	struct receipt receipt;
	char file[RECEIPT_FILE_SIZE];       /* in the directory */
	char need[RECEIPT_FILE_SIZE];       /* the need list beside it; empty when there is none */
	char checkpoint[RECEIPT_FILE_SIZE]; /* of the log, cosigned; empty when none was seen */
	char page[RECEIPT_FILE_SIZE + 8];   /* of QR codes; empty when there is none */
};

/*
 * Make the next receipt.  Its number and text are committed before the file
 * appears, so that no number is ever used twice.  WRITE_KEY, WRITE_EXPIRY,
 * RECEIPT_COUNTER, RECEIPT_SIGNATURE, FILE_WRITE.
 */
int issue_receipt(struct store *s, const struct issue_request *request, struct issue_result *out,
		  struct error *err) __attribute__((nonnull, warn_unused_result));

#endif
