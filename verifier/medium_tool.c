#include "verifier/medium_tool.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/cli/progress.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WAIT_MS = 100, READ_BYTES = 64 << 10 };

void medium_tool_clear(struct medium_tool *t)
{
	for (size_t i = 0; i < t->count; i++)
		free(t->words[i]);
	free(t->words);
	*t = (struct medium_tool){ 0 };
}

void medium_tool_add(struct medium_tool *t, const char *const *words)
{
	for (; *words; words++) {
		t->words = buf_grow(t->words, &t->capacity, t->count + 1, sizeof *t->words);
		t->words[t->count++] = buf_strdup(*words);
		t->words[t->count] = NULL;
	}
}

static int start(const struct medium_tool *t, int output, pid_t *pid, struct error *err)
{
	posix_spawn_file_actions_t actions;

	if (posix_spawn_file_actions_init(&actions) != 0)
		return error_set(err, ERROR_MEDIUM_TOOL, "%s: cannot be started", t->words[0]);
	int failed = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY,
						      0) != 0 ||
		     posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO) != 0;
	int code =
		failed ? EINVAL : posix_spawnp(pid, t->words[0], &actions, NULL, t->words, environ);
	posix_spawn_file_actions_destroy(&actions);
	if (code == 0)
		return 0;
	errno = code;
	return error_set_errno(err, ERROR_MEDIUM_TOOL, "%s: cannot be started", t->words[0]);
}

/* Until the child closes its output: 0, or -1 when it is to be ended. */
static int drain(int input, struct progress *progress, struct buf *out, struct error *err)
{
	CLEANUP(free) unsigned char *bytes = buf_malloc(READ_BYTES);
	struct pollfd wait = { .fd = input, .events = POLLIN };

	for (;;) {
		if (progress_tick(progress))
			return error_set(err, ERROR_STOPPED, "stopped");
		if (poll(&wait, 1, WAIT_MS) <= 0)
			continue;
		ssize_t n = read(input, bytes, READ_BYTES);
		if (n == 0)
			return 0;
		if (n < 0 && errno != EINTR)
			return error_set_errno(err, ERROR_MEDIUM_TOOL, "its output cannot be read");
		if (n > 0 && out && buf_append(out, bytes, (size_t)n, err) < 0)
			return -1;
	}
}

int medium_tool_run(const struct medium_tool *t, struct progress *progress, struct buf *out,
		    struct error *err)
{
	CLEANUP(file_close) int input = -1, output = -1;
	int ends[2], status = 0;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return error_set_errno(err, ERROR_MEDIUM_TOOL, "%s: cannot be started",
				       t->words[0]);
	input = ends[0];
	output = ends[1];
	if (start(t, output, &pid, err) < 0)
		return -1;
	file_close(output);
	output = -1;
	int failed = drain(input, progress, out, err);
	if (failed)
		(void)kill(pid, SIGTERM); /* it may have ended just now */
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return error_set_errno(err, ERROR_MEDIUM_TOOL, "%s: lost", t->words[0]);
	if (failed || (WIFEXITED(status) && WEXITSTATUS(status) == 0))
		return failed;
	return error_set(err, ERROR_MEDIUM_TOOL, "%s: ended with status %d", t->words[0],
			 WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}
