/*
 * faults: a command of gapferry, again and again, each time with another one of its calls failing.
 *
 *   faults --shim FILE --base DIR --work DIR --repo NAME --serve COMMAND [--again COMMAND]
 *          [--after COMMAND] [--every N] [--memory N] [--persistent] [--part I --parts N] [--status
 * N]
 *          [--steps] [--garbage] COMMAND
 *
 * Each time the tree of --base is copied to --work; "@" in commands is that place.  Then
 *
 *   - COMMAND ends by itself: with its usual status, or with an error that has an id.  When memory
 *     is refused it may abort (docs/decisions/0001);
 *   - --serve prints what it printed before COMMAND or after it; after it, when COMMAND succeeded;
 *   - --again (COMMAND, where it is not given) ends as after an undisturbed run, and so does
 * --after;
 *   - then the repository below @/NAME is as after one or two undisturbed runs: every column of
 * every table and every file, but for those that differ between undisturbed runs.
 *
 * --status N: COMMAND ends with N, not with 0 or 2.  --steps: COMMAND commits more than once, so
 * what is between need not be as before or after.  --garbage: objects without rows may stay, with
 * their digest.
 * --every N: every N-th call; --memory N: every N-th allocation.  --persistent: all calls of the
 * class from there on fail, until COMMAND has ended.
 */
#include "lib/base/str.h"
#include "tests/fault/run.h"
#include "tests/fault/state.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { COMMAND = 4096, WAYS = 5, SHOWN = 20 };

static const char *const class_names[FAULT_CLASSES_] = { "open",   "read",   "write", "sync",
							 "rename", "unlink", "mkdir", "truncate",
							 "malloc", "mmap" };

/* In turn, by the number of the call; 0 ends a list. */
static const unsigned ways[FAULT_CLASSES_][WAYS] = {
	[FAULT_OPEN] = { EIO, ENOSPC, EMFILE, EROFS },
	[FAULT_READ] = { EIO, FAULT_SHORT, EINTR },
	[FAULT_WRITE] = { ENOSPC, FAULT_SHORT, EIO, EINTR, EDQUOT },
	[FAULT_SYNC] = { EIO, ENOSPC },
	[FAULT_RENAME] = { EIO, ENOSPC, EROFS },
	[FAULT_UNLINK] = { EIO, EROFS },
	[FAULT_MKDIR] = { ENOSPC, EIO, EDQUOT },
	[FAULT_TRUNCATE] = { EIO, ENOSPC },
	[FAULT_MALLOC] = { ENOMEM },
	[FAULT_MMAP] = { ENOMEM },
};

struct scenario {
	struct run run;
	const char *base, *work, *repo;
	char command[COMMAND], serve[COMMAND], again[COMMAND], after[COMMAND];
	uint64_t every, memory, part, parts;
	bool persistent, steps, garbage;
	int usual; /* status that it ends with; -1: 0 or 2 */
	/* what undisturbed runs do */
	uint64_t count[FAULT_PROCESSES][FAULT_CLASSES_];
	int status, again_status, after_status;
	char before[RUN_OUTPUT], done[RUN_OUTPUT];
	struct state rows, once, twice, mask; /* rows: before */
	/* results */
	uint64_t runs, missed, survived, refused, aborted, wrong;
};

static void expand(const char *text, const char *work, char *out)
{
	size_t at = 0;

	for (; *text && at + strlen(work) + 1 < COMMAND; text++) {
		if (*text != '@') {
			out[at++] = *text;
			continue;
		}
		memcpy(out + at, work, strlen(work));
		at += strlen(work);
	}
	out[at] = '\0';
}

static bool fresh(struct scenario *s)
{
	state_remove_tree(s->work);
	return state_copy_tree(s->base, s->work);
}

static bool look(struct scenario *s, struct state *out)
{
	char path[COMMAND];

	snprintf(path, sizeof path, "%s/%s", s->work, s->repo);
	return state_load(out, path) && out->wrong == 0;
}

static bool look_rows(struct scenario *s, struct state *out)
{
	char path[COMMAND];

	snprintf(path, sizeof path, "%s/%s", s->work, s->repo);
	return state_load_rows(out, path);
}

static int serve(struct scenario *s, char *out)
{
	run_clear(&s->run);
	int status = run_command(&s->run, s->serve);
	run_text(s->run.out_path, out, RUN_OUTPUT);
	return status;
}

static int again(struct scenario *s)
{
	run_clear(&s->run);
	return run_command(&s->run, s->again);
}

static int after(struct scenario *s)
{
	run_clear(&s->run);
	return s->after[0] ? run_command(&s->run, s->after) : 0;
}

/* One undisturbed run, twice: what it counts, what it leaves, what differs between two. */
static bool reference(struct scenario *s)
{
	struct state twice = { 0 };

	if (!fresh(s) || serve(s, s->before) != 0 || !look_rows(s, &s->rows))
		return false;
	run_clear(&s->run);
	s->status = run_command(&s->run, s->command);
	for (unsigned p = 0; p < FAULT_PROCESSES; p++)
		for (unsigned c = 0; c < FAULT_CLASSES_; c++)
			s->count[p][c] = s->run.page->count[p][c];
	if (s->usual < 0 ? s->status != 0 && s->status != 2 : s->status != s->usual)
		return false;
	if (serve(s, s->done) != 0 || !look(s, &s->once))
		return false;
	s->again_status = again(s);
	if (!look(s, &s->twice))
		return false;
	s->after_status = after(s);
	if (!fresh(s))
		return false;
	run_clear(&s->run);
	run_command(&s->run, s->command);
	again(s);
	if (!look(s, &twice))
		return false;
	state_mask(&s->twice, &twice, &s->mask);
	state_clear(&twice);
	return true;
}

static void wrong(struct scenario *s, const char *what, const char *detail)
{
	char text[2000];

	if (s->wrong++ >= SHOWN)
		return;
	run_text(s->run.err_path, text, sizeof text);
	printf("  WRONG: %s: %s\n", what, detail);
	for (char *line = text, *end; *line; line = end + 1) {
		end = strchr(line, '\n');
		if (!end)
			break;
		*end = '\0';
		printf("    | %s\n", line);
	}
}

/* The command has ended with status; was that an end that is allowed? */
static bool check_end(struct scenario *s, int status, enum fault_class class, const char *what)
{
	char text[RUN_OUTPUT], detail[200];

	run_text(s->run.err_path, text, sizeof text);
	snprintf(detail, sizeof detail, "status %d %s", status, s->run.page->caller);
	if (status == s->status) {
		s->survived++;
		return true;
	}
	/* libseccomp does not say everywhere that it had no memory: its filter then lacks rows,
	 * which kills. */
	bool filter =
		strncmp(s->run.page->caller, "libseccomp", 10) == 0 &&
		(status == 128 + SIGSYS || status == 128 + SIGSEGV || status == 128 + SIGALRM);
	/* libarchive has places where it ends the process instead, and says so. */
	bool archive = status == 1 && strstr(text, "libarchive: Out of memory") != NULL;
	if ((class == FAULT_MALLOC || class == FAULT_MMAP) &&
	    (status == 128 + SIGABRT || filter || archive)) {
		s->aborted++;
		return true;
	}
	if (status >= 1 && status < 100 && strstr(text, ": GF-")) {
		s->refused++;
		return true;
	}
	wrong(s, what, detail);
	return false;
}

/* What is committed: nothing, or all; all when it was acknowledged. */
static void check_rows(struct scenario *s, bool success, const char *what)
{
	struct state now = { 0 }, done = { 0 };
	char where[STATE_KEY] = "";

	for (size_t i = 0; i < s->once.count; i++)
		if (strncmp(s->once.entries[i].key, "rows ", 5) == 0)
			state_add(&done, &s->once.entries[i]);
	if (!look_rows(s, &now))
		wrong(s, what, "the database is corrupt");
	else if (!s->steps && state_compare(&now, &done, &s->mask, where) > 0 &&
		 (success || state_compare(&now, &s->rows, &s->mask, where) > 0))
		wrong(s, what, where);
	state_clear(&now);
	state_clear(&done);
}

static void check_after(struct scenario *s, bool success, const char *what)
{
	struct state now = { 0 };
	char out[RUN_OUTPUT], where[STATE_KEY] = "", other[STATE_KEY] = "", detail[400];
	int status = serve(s, out);
	bool is_new = strcmp(out, s->done) == 0;

	if (status != 0 || (!is_new && !s->steps && (success || strcmp(out, s->before) != 0)))
		wrong(s, what, status != 0 ? "nothing is served" : "what is served is neither");
	check_rows(s, success, what);
	status = again(s);
	snprintf(detail, sizeof detail, "the same again ends with %d", status);
	if (status != s->status && status != s->again_status) {
		wrong(s, what, detail);
		return;
	}
	if (!look(s, &now)) {
		wrong(s, what, "the repository cannot be read, or an object is damaged");
		state_clear(&now);
		return;
	}
	if (s->garbage)
		state_drop_others(&now, "file content/", &s->once);
	if (state_compare(&now, &s->once, &s->mask, where) > 0 &&
	    state_compare(&now, &s->twice, &s->mask, other) > 0) {
		snprintf(detail, sizeof detail, "ends otherwise: %s; %s", where, other);
		wrong(s, what, detail);
	}
	state_clear(&now);
	if (after(s) != s->after_status)
		wrong(s, what, "what comes after it fails");
}

static void fail_once(struct scenario *s, unsigned process, enum fault_class class, uint64_t n)
{
	char what[200];
	unsigned count = 0;

	while (count < WAYS && ways[class][count])
		count++;
	unsigned how = ways[class][n % count];
	snprintf(what, sizeof what, "process %u, %s %llu, %s", process, class_names[class],
		 (unsigned long long)n, how == FAULT_SHORT ? "short" : strerror((int)how));
	if (!fresh(s)) {
		wrong(s, what, "the tree cannot be copied");
		return;
	}
	run_clear(&s->run);
	s->run.page->process = process;
	s->run.page->class = class;
	s->run.page->index = n;
	s->run.page->how = how;
	s->run.page->persistent = s->persistent;
	int status = run_command(&s->run, s->command);
	s->runs++;
	if (s->run.page->hit == 0)
		s->missed++;
	check_end(s, status, class, what);
	check_after(s, status == s->status, what);
}

static void all(struct scenario *s)
{
	uint64_t turn = 0;

	for (unsigned p = 0; p < FAULT_PROCESSES; p++)
		for (unsigned c = 0; c < FAULT_CLASSES_; c++) {
			uint64_t step = c == FAULT_MALLOC ? s->memory : s->every;

			/* Not always the first of each class, and never none. */
			for (uint64_t n = 1 + (s->count[p][c] > step ? (p + c) % step : 0);
			     step > 0 && n <= s->count[p][c]; n += step)
				if (turn++ % s->parts == s->part)
					fail_once(s, p, c, n);
		}
}

static void print(const struct scenario *s)
{
	printf("calls:");
	for (unsigned p = 0; p < FAULT_PROCESSES; p++)
		for (unsigned c = 0; c < FAULT_CLASSES_; c++)
			if (s->count[p][c])
				printf(" %u.%s=%llu", p, class_names[c],
				       (unsigned long long)s->count[p][c]);
	printf("\n%llu runs: %llu refused, %llu survived, %llu aborted for want of memory, %llu met"
	       " no such call; %llu wrong\n",
	       (unsigned long long)s->runs, (unsigned long long)s->refused,
	       (unsigned long long)s->survived, (unsigned long long)s->aborted,
	       (unsigned long long)s->missed, (unsigned long long)s->wrong);
}

static uint64_t number(const char *text)
{
	uint64_t n = 0;

	if (!str_to_u64(text, strlen(text), 1000000000, &n)) {
		fprintf(stderr, "faults: %s: not a number\n", text);
		exit(1);
	}
	return n;
}

static void parse(struct scenario *s, int argc, char **argv)
{
	static const struct option options[] = {
		{ "shim", 1, NULL, 's' },   { "base", 1, NULL, 'b' },
		{ "work", 1, NULL, 'w' },   { "repo", 1, NULL, 'r' },
		{ "serve", 1, NULL, 'q' },  { "again", 1, NULL, 'a' },
		{ "after", 1, NULL, 'f' },  { "every", 1, NULL, 'e' },
		{ "memory", 1, NULL, 'm' }, { "part", 1, NULL, 'p' },
		{ "parts", 1, NULL, 'n' },  { "persistent", 0, NULL, 'P' },
		{ "steps", 0, NULL, 'S' },  { "garbage", 0, NULL, 'g' },
		{ "status", 1, NULL, 'u' }, { NULL, 0, NULL, 0 },
	};
	const char *texts[128] = { 0 };

	for (int o; (o = getopt_long(argc, argv, "", options, NULL)) != -1;) {
		if (o == '?')
			exit(1);
		texts[o] = optarg ? optarg : "";
	}
	if (optind != argc - 1 || !texts['s'] || !texts['b'] || !texts['w'] || !texts['r'] ||
	    !texts['q']) {
		fprintf(stderr, "faults: see the head of faults.c\n");
		exit(1);
	}
	s->run.shim = texts['s'];
	s->base = texts['b'];
	s->work = texts['w'];
	s->repo = texts['r'];
	s->every = texts['e'] ? number(texts['e']) : 1;
	s->memory = texts['m'] ? number(texts['m']) : 1;
	s->part = texts['p'] ? number(texts['p']) : 0;
	s->parts = texts['n'] ? number(texts['n']) : 1;
	s->persistent = texts['P'] != NULL;
	s->steps = texts['S'] != NULL;
	s->garbage = texts['g'] != NULL;
	s->usual = texts['u'] ? (int)number(texts['u']) : -1;
	expand(argv[optind], s->work, s->command);
	expand(texts['q'], s->work, s->serve);
	expand(texts['a'] ? texts['a'] : argv[optind], s->work, s->again);
	expand(texts['f'] ? texts['f'] : "", s->work, s->after);
}

int main(int argc, char **argv)
{
	struct scenario *s = calloc(1, sizeof *s);
	char dir[COMMAND];

	if (!s)
		return 1;
	parse(s, argc, argv);
	snprintf(dir, sizeof dir, "%s.d", s->work);
	if ((mkdir(dir, 0700) < 0 && errno != EEXIST) || !run_open(&s->run, s->run.shim, dir) ||
	    !reference(s)) {
		char text[RUN_OUTPUT];

		run_text(s->run.err_path, text, sizeof text);
		printf("faults: undisturbed, it does not work: %s\n", text);
		return 1;
	}
	all(s);
	print(s);
	uint64_t count = s->wrong;
	state_remove_tree(s->work);
	state_remove_tree(dir);
	return count > 0 ? 3 : 0;
}
