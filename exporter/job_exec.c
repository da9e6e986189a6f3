#include "exporter/job_exec.h"

#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/base/error.h"
#include "lib/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { POLL_MS = 50 };

static void free_environment(char **environment)
{
	free(environment);
}
DEFINE_CLEANUP(char **, free_environment);

/* Our environment without the passphrase and what is replaced, and the additions. */
static char **make_environment(const char *const *add)
{
	static const char *const hidden[] = { "GAPFERRY_KEY_PASSPHRASE=", "GAPFERRY_JOB=",
					      "GAPFERRY_STATUS=", "GAPFERRY_REPORT=" };
	size_t count = 0, used = 0;

	while (environ[count])
		count++;
	for (size_t i = 0; add && add[i]; i++)
		count++;
	char **out = buf_calloc(count + 1, sizeof *out);
	for (size_t i = 0; environ[i]; i++) {
		bool drop = false;

		for (size_t h = 0; h < sizeof hidden / sizeof *hidden; h++)
			drop |= strncmp(environ[i], hidden[h], strlen(hidden[h])) == 0;
		if (!drop)
			out[used++] = environ[i];
	}
	for (size_t i = 0; add && add[i]; i++) {
		/* posix_spawn() does not write to them. */
		memcpy(&out[used], &add[i], sizeof *out);
		used++;
	}
	return out;
}

/* An errno. */
static int start(const struct job_exec *x, char **environment, int output, pid_t *pid)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t defaults;

	sigemptyset(&defaults);
	sigaddset(&defaults, SIGXFSZ);
	sigaddset(&defaults, SIGPIPE);
	sigaddset(&defaults, SIGINT);
	sigaddset(&defaults, SIGTERM);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF);
	posix_spawnattr_setpgroup(&attributes, 0);
	posix_spawnattr_setsigdefault(&attributes, &defaults);
	posix_spawn_file_actions_init(&actions);
	int failed = x->input >= 0
			     ? posix_spawn_file_actions_adddup2(&actions, x->input, STDIN_FILENO)
			     : posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null",
								O_RDONLY, 0);
	if (!failed)
		failed = posix_spawn_file_actions_adddup2(
			&actions, output >= 0 ? output : STDERR_FILENO, STDOUT_FILENO);
	if (!failed)
		failed = posix_spawnp(pid, x->argv[0], &actions, &attributes, x->argv, environment);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
	return failed;
}

/* What is there to read now, at most for POLL_MS.  What passes the ceiling is dropped. */
static void drain(int fd, struct buf *out)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	struct error full = ERROR_INIT;
	unsigned char bytes[4096];

	if (poll(&p, 1, POLL_MS) <= 0)
		return;
	ssize_t n = read(fd, bytes, sizeof bytes);
	if (n > 0 && buf_append(out, bytes, (size_t)n, &full) < 0)
		error_clear(&full);
	if (n <= 0)
		(void)poll(NULL, 0, POLL_MS); /* its end: only the program itself is waited for */
}

static int wait_for(const struct job_exec *x, pid_t pid, int output, int *status, struct error *err)
{
	uint64_t end = clock_ticks() + x->timeout * 1000ull;
	int raw = 0;

	for (;;) {
		pid_t done = waitpid(pid, &raw, WNOHANG);

		if (done == pid)
			break;
		if (done < 0 && errno != EINTR)
			return error_set_errno(err, ERROR_JOB_COMMAND, "%s: cannot wait",
					       x->argv[0]);
		if (clock_ticks() >= end) {
			(void)kill(-pid, SIGKILL); /* it may have ended by now */
			(void)waitpid(pid, &raw, 0);
			return error_set(err, ERROR_JOB_COMMAND,
					 "%s: killed after %u seconds without an end", x->argv[0],
					 x->timeout);
		}
		if (output >= 0)
			drain(output, x->output);
		else
			(void)poll(NULL, 0, POLL_MS);
	}
	*status = WIFEXITED(raw) ? WEXITSTATUS(raw) : 128 + WTERMSIG(raw);
	return 1;
}

int job_exec(const struct job_exec *x, int *status, struct error *err)
{
	CLEANUP(free_environment) char **environment = make_environment(x->environment);
	int ends[2] = { -1, -1 };
	pid_t pid;

	if (x->output && pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
		return error_set_errno(err, ERROR_JOB_COMMAND, "%s: no pipe", x->argv[0]);
	CLEANUP(file_close) int from = ends[0];
	int failed = start(x, environment, ends[1], &pid);
	file_close(ends[1]);
	if (failed == ENOENT)
		return 0;
	if (failed) {
		errno = failed;
		return error_set_errno(err, ERROR_JOB_COMMAND, "%s: cannot start", x->argv[0]);
	}
	int ended = wait_for(x, pid, from, status, err);
	for (size_t before = SIZE_MAX; ended == 1 && x->output && before != x->output->len;) {
		before = x->output->len;
		drain(from, x->output); /* what it left in the pipe */
	}
	return ended;
}
