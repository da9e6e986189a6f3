/*
 * Receipts that came back from isolated sites: verified against the trust root of
 * the channel and the history of this repository, then recorded as what the site
 * is known to hold.
 */
#ifndef EXPORTER_RECEIVE_H
#define EXPORTER_RECEIVE_H

#include "lib/crypto/key.h"
#include "media/receipt.h"

#include <stdbool.h>
#include <stdint.h>

struct error;
struct sandbox_process;
struct store;
struct trust_signer;

struct receive_request {
	const char *path;               /* the receipt, or what a scanner read from its QR codes */
	struct sandbox_process *reader; /* receive_read_serve(), which has the same path */
	const char *need;               /* the need list made with it, or NULL */
};

struct receive_result {
	struct receipt receipt;
	char signer[KEY_HOLDER_SIZE];
	bool known;      /* this very receipt was received before; only a need list counts */
	bool lowered;    /* the site has less than was confirmed: it was restored, or reset */
	uint64_t before; /* the sequence confirmed until now */
	uint64_t missed; /* receipts of the site that never came here */
	uint64_t needed; /* objects and listings of the need list that the next bundle would have
			    assumed */
	uint64_t unheld; /* those that it would have carried anyway */
	uint64_t behind; /* bundles written since the one it confirms */
};

/*
 * Judge one receipt and record it in one transaction.  -1 with RECEIPT_FORMAT,
 * SCAN_*, TRUST_UNKNOWN_KEY, TRUST_EXPIRED, CMS_* or RECEIVE_*.  A genuine receipt
 * that contradicts our history (RECEIVE_CHAIN, RECEIVE_FORK, RECEIVE_UNKNOWN) is
 * kept as evidence all the same.
 */
int receive_receipt(struct store *s, const struct receive_request *request,
		    struct receive_result *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/*
 * Whether the importer who is said to have signed is one of the channel.  -1 with RECEIVE_ROLE or
 * SANDBOX_RECORD.
 */
int receive_check_signer(struct store *s, const char *channel, const struct trust_signer *signer,
			 struct error *err) __attribute__((nonnull, warn_unused_result));

#endif
