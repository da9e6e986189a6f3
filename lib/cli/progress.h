/*
 * A progress line on a terminal for work longer than a second: what, how much,
 * rate and time left.  Silent when stderr is not a terminal.  Also the wish to
 * stop (SIGINT, SIGTERM), which long work asks for at safe points.
 */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct progress {
	const char *what;       /* "verifying" */
	uint64_t total;         /* bytes, or 0 when unknown */
	_Atomic uint64_t done;  /* bytes; workers add to it */
	uint64_t started;       /* clock_ticks() */
	_Atomic uint64_t shown; /* likewise, the newest line */
	bool terminal;
};

/* Start, and catch SIGINT and SIGTERM from now on. */
void progress_begin(struct progress *p, const char *what, uint64_t total) __attribute__((nonnull));

/*
 * Show the line if it is due.  Returns 1 when somebody asked the program to stop.
 * The signature fits pool_each.tick.
 */
int progress_tick(void *progress) __attribute__((nonnull));

/* Add to done and tick: for work on the main thread. */
int progress_add(struct progress *p, uint64_t bytes) __attribute__((nonnull));

void progress_end(struct progress *p) __attribute__((nonnull));

/* Remove a half-drawn line before other text is printed. */
void progress_clear_line(void);

#endif
