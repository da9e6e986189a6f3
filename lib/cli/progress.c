#include "lib/cli/progress.h"

#include "lib/base/clock.h"

#include <signal.h>
#include <stdio.h>
#include <unistd.h>

enum { QUIET_MS = 1000, EVERY_MS = 200 };

/* Signals and the terminal belong to the process, so this state does too. */
static volatile sig_atomic_t stop_requested;
static _Atomic bool line_shown;

static void on_signal(int number)
{
	(void)number;
	stop_requested = 1;
}

void progress_begin(struct progress *p, const char *what, uint64_t total)
{
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	*p = (struct progress){ .what = what, .total = total, .started = clock_ticks() };
	p->terminal = isatty(STDERR_FILENO);
}

static void show(const struct progress *p, uint64_t now)
{
	double done = (double)p->done, elapsed = (double)(now - p->started) / 1000.0;
	double rate = done / elapsed;

	fprintf(stderr, "\r\033[K%s: %.1f MiB", p->what, done / 1048576.0);
	if (p->total > 0)
		fprintf(stderr, " of %.1f MiB (%.0f%%)", (double)p->total / 1048576.0,
			100.0 * done / (double)p->total);
	fprintf(stderr, ", %.1f MiB/s", rate / 1048576.0);
	if (p->total > p->done && rate > 0) {
		unsigned long left = (unsigned long)(((double)p->total - done) / rate);

		fprintf(stderr, ", %lu:%02lu:%02lu left", left / 3600, left / 60 % 60, left % 60);
	}
	line_shown = true;
}

int progress_tick(void *progress)
{
	struct progress *p = progress;
	uint64_t now = clock_ticks(), last = p->shown;

	/* Of several threads that find the line due, one shows it. */
	if (p->terminal && now - p->started >= QUIET_MS && now - last >= EVERY_MS &&
	    atomic_compare_exchange_strong(&p->shown, &last, now))
		show(p, now);
	return stop_requested;
}

int progress_add(struct progress *p, uint64_t bytes)
{
	p->done += bytes;
	return progress_tick(p);
}

void progress_end(struct progress *p)
{
	(void)p;
	progress_clear_line();
}

void progress_clear_line(void)
{
	if (line_shown)
		fputs("\r\033[K", stderr);
	line_shown = false;
}
