/*
 * The ledger: who did what with which bundle, one record per line, each bound
 * to all before it (docs/FORMAT.md "Ledger").  Bytes to records and back;
 * knows no files and no repository.
 */
#ifndef MEDIA_LEDGER_H
#define MEDIA_LEDGER_H

#include "lib/base/limits.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;

#define LEDGER_FIRST "ledger format=1" /* the body of record 1 */

enum {
	LEDGER_BODY_SIZE = 3840, /* event, keys and values of one record, with NUL */
	LEDGER_NAME_MAX = 31,    /* bytes of an event or a key */
	LEDGER_VALUE_MAX = 512,  /* bytes of a decoded value */
	LEDGER_STATED_MAX = 128, /* bytes of a value that a person states */
	LEDGER_PAIRS = 64,
};

/* ---- writing ---- */

/* "event key=value ...": what a record says, without number, time and chain. */
struct ledger_body {
	char text[LEDGER_BODY_SIZE];
	size_t len, pairs;
	bool cut; /* something did not fit: the record says cut=yes */
};

void ledger_begin(struct ledger_body *b, const char *event) __attribute__((nonnull));

/*
 * Add a value.  NULL and "" leave the pair out.  What is no printable UTF-8 becomes '?', and at
 * most LEDGER_VALUE_MAX bytes are kept: an event is never lost because of an odd path.
 */
void ledger_text(struct ledger_body *b, const char *key, const char *value)
	__attribute__((nonnull(1, 2)));
void ledger_number(struct ledger_body *b, const char *key, uint64_t value) __attribute__((nonnull));
void ledger_digest(struct ledger_body *b, const char *key, const unsigned char sha256[32])
	__attribute__((nonnull));

/* Whether a person may state this value: printable UTF-8 of 1 to LEDGER_STATED_MAX bytes. */
bool ledger_is_stated(const char *value) __attribute__((nonnull));

/* ---- reading ---- */

struct ledger_pair {
	const char *key, *value; /* decoded; printable UTF-8 */
};

/* One record whose chain held; borrowed for the duration of the call it is passed to. */
struct ledger_record {
	uint64_t number;
	int64_t time;
	const char *event;
	struct ledger_pair pairs[LEDGER_PAIRS];
	size_t pair_count;
	unsigned char digest[32]; /* binds this record and all before it */
};

/* The first value of a key, or NULL. */
const char *ledger_value(const struct ledger_record *r, const char *key) __attribute__((nonnull));

/*
 * Reads and proves a ledger.  The caller fills the first group and leaves the rest zero.
 * After a failure it must not be fed again.
 */
struct ledger_reader {
	const char *file; /* for messages */
	int (*record)(void *ctx, const struct ledger_record *r, struct error *err); /* or NULL */
	void *ctx;

	uint64_t count, bytes;
	unsigned char head[32]; /* of the last record */
	size_t held;
	char part[LIMIT_LEDGER_LINE]; /* the beginning of a line that has not ended yet */
};

/*
 * The next bytes.  -1 with LEDGER_FORMAT, LEDGER_CHAIN (a record was changed), LEDGER_ORDER
 * (records are missing, repeated or moved), MEDIA_LIMIT, or what record() reported.
 */
int ledger_feed(struct ledger_reader *r, const void *bytes, size_t len, struct error *err)
	__attribute__((nonnull(1, 4), warn_unused_result));

/* No more bytes follow.  -1 with LEDGER_TORN when the last line is incomplete. */
int ledger_finish(const struct ledger_reader *r, struct error *err)
	__attribute__((nonnull, warn_unused_result));

#endif
