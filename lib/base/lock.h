/* A lock for a value that several threads share.  Not recursive; held for the length of a scope. */
#ifndef BASE_LOCK_H
#define BASE_LOCK_H

#include "lib/base/cleanup.h"

struct lock;

struct lock *lock_new(void) __attribute__((warn_unused_result, returns_nonnull));
void lock_free(struct lock *l);
DEFINE_CLEANUP(struct lock *, lock_free);

/* Wait for the lock: CLEANUP(lock_release) struct lock *held = lock_take(l). */
struct lock *lock_take(struct lock *l) __attribute__((nonnull, warn_unused_result));
void lock_release(struct lock *l);
DEFINE_CLEANUP(struct lock *, lock_release);

#endif
