/*
 * Events that clients report (MS-WUSP 2.2.2.4; ReportEventBatch), and what they change.
 *
 * Each is stored once, by its EventInstanceID.  A newer 156 replaces what a computer said of its
 * updates before; 161 and 182 mark an update failed with their code; 147 and 148 are the
 * detection; everything else is kept as history only.  The client's clock orders the events of
 * one computer, but never counts as later than ours.
 */
#ifndef CLIENTS_EVENT_H
#define CLIENTS_EVENT_H

#include "lib/base/cleanup.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct clients;
struct error;

/* Texts are borrowed, need not be clean, and may be NULL. */
struct event {
	unsigned char instance[16]; /* EventInstanceID */
	int64_t time_at_target;     /* 0: not said */
	int32_t namespace_id, event_id, source_id;
	unsigned char update_id[16]; /* zeros: none */
	uint32_t revision;
	int32_t result; /* Win32HResult */
	const char *app_name;
	const char *const *replacements; /* ReplacementStrings */
	size_t replacement_count;
	const char *const *misc; /* MiscData: "K=value" */
	size_t misc_count;
};

struct event_batch {
	const char *client_id; /* TargetID/Sid; must be valid */
	const char *address;   /* or NULL */
	int64_t now;
	const struct event *events;
	size_t count; /* what is above LIMIT_EVENTS_BATCH is dropped and counted */
	/* Is this an update that the server serves?  NULL: all are.  Others are not remembered. */
	bool (*known)(void *ctx, const unsigned char update_id[16]);
	void *ctx;
};

struct event_outcome {
	uint64_t stored, duplicate, dropped;
};

/*
 * Store a batch in one transaction, and the contact with it; what is older than LIMIT_EVENT_DAYS
 * goes, a share with each batch.  A computer never seen is made (see
 * computer_contact()).  Malformed content of an event is dropped, never an error: the answer to
 * the client is true in any case.
 */
int event_store(struct clients *c, const struct event_batch *batch, struct event_outcome *out,
		struct error *err) __attribute__((nonnull, warn_unused_result));

/* One stored event. */
struct event_row {
	int64_t id, computer;
	unsigned char instance[16], update_id[16];
	int64_t received, time_at_target;
	int32_t event_id;
	uint32_t revision;
	int32_t result;
	const char *app_name, *text; /* borrowed until the next call */
};

/* The newest events of a computer, newest first: calls row for each; it returns false to stop. */
int event_list(struct clients *c, int64_t computer, size_t max,
	       bool (*row)(void *ctx, const struct event_row *e), void *ctx, struct error *err)
	__attribute__((nonnull(1, 4, 6), warn_unused_result));

/* "installation failed"; NULL for a number that is not in the table. */
const char *event_text(int32_t event_id);

#endif
