/*
 * Connections that are open, and how long each has owed us a request.  The library ends those that
 * say nothing; this ends those that say a byte now and then.
 */
#ifndef SERVER_WATCH_H
#define SERVER_WATCH_H

#include "lib/base/cleanup.h"

#include <stddef.h>
#include <stdint.h>

struct watch;
struct watch_entry;

struct watch *watch_new(void) __attribute__((returns_nonnull, warn_unused_result));
/* After its last entry.  NULL is allowed. */
void watch_free(struct watch *w);
DEFINE_CLEANUP(struct watch *, watch_free);

/* A connection begins; now is clock_ticks().  fd stays open until watch_remove(). */
struct watch_entry *watch_add(struct watch *w, int fd, uint64_t now)
	__attribute__((nonnull, returns_nonnull, warn_unused_result));
void watch_remove(struct watch *w, struct watch_entry *e) __attribute__((nonnull));

/* A request is complete: the client owes nothing until the answer is sent. */
void watch_complete(struct watch_entry *e) __attribute__((nonnull));
/* The answer is sent: now the next request is due. */
void watch_due(struct watch_entry *e, uint64_t now) __attribute__((nonnull));

/*
 * Shut down what has owed a request for more than limit milliseconds (how many), and what its peer
 * has left.
 */
size_t watch_expire(struct watch *w, uint64_t now, uint64_t limit) __attribute__((nonnull));

#endif
