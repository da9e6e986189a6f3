/* Programs below the shim: their page, their command lines, what they said. */
#ifndef FAULT_RUN_H
#define FAULT_RUN_H

#include "tests/fault/fault.h"

#include <stdbool.h>
#include <stddef.h>

enum { RUN_OUTPUT = 1 << 16, RUN_HUNG = 1000 };

struct run {
	const char *shim; /* the shared object */
	char page_path[4096], log_path[4096], out_path[4096], err_path[4096];
	int64_t now; /* the clock of all programs: when this was opened */
	struct fault_page *page;
	const unsigned char *log;
};

/* Files below dir, which must exist. */
bool run_open(struct run *r, const char *shim, const char *dir);

/*
 * Run a command line (blanks part its words) with the page as it is; the exit status, 128 + signal,
 * or RUN_HUNG. What it printed is in out_path and err_path.
 */
int run_command(struct run *r, const char *command);

/* The page before a run: nothing fails. */
void run_clear(struct run *r);

/* A file as text, cut at size. */
void run_text(const char *path, char *out, size_t size);

#endif
