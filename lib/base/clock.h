/* The time of day, in seconds since 1970, UTC. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

/* What the machine believes now. */
int64_t clock_now(void);

/*
 * The time written into things this program makes: SOURCE_DATE_EPOCH when it is set to a plain
 * number, so that output is reproducible, else clock_now().  Never used to judge anything.
 */
int64_t clock_stamp(void);

/* Monotonic, for how long something took. */
uint64_t clock_nanoseconds(void);

/* Monotonic milliseconds, for progress and time-outs. */
uint64_t clock_ticks(void);

#endif
