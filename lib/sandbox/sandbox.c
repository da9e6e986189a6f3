#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/limits.h"
#include "lib/sandbox/sandbox_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* What every process needs of the system: random numbers, and where a medium is plugged in. */
static const struct sandbox_place system_places[] = {
	{ "/dev/urandom", SANDBOX_READ },
	{ "/dev/null", SANDBOX_UPDATE },
	{ "/dev/disk", SANDBOX_READ },
	{ "/etc/localtime", SANDBOX_READ },
	{ "/proc/self/mountinfo", SANDBOX_READ },
	{ "/sys", SANDBOX_READ },
#if SANDBOX_INSTRUMENTED
	{ "/proc", SANDBOX_UPDATE },
	{ "build", SANDBOX_WRITE },
#endif
};

/* Of SANDBOX_TOOL: programs, their libraries and what these read. */
static const struct sandbox_place program_places[] = {
	{ "/usr", SANDBOX_RUN },
	{ "/bin", SANDBOX_RUN },
	{ "/lib", SANDBOX_RUN },
	{ "/lib64", SANDBOX_RUN },
	{ "/etc/ld.so.cache", SANDBOX_READ },
	{ "/dev/shm", SANDBOX_UPDATE },
};

enum {
	SYSTEM_PLACES = sizeof system_places / sizeof *system_places,
	PROGRAM_PLACES = sizeof program_places / sizeof *program_places,
	PATH_PLACES = 32
};

/* Where programs are looked for; path is cut into its parts. */
static size_t add_path(char *path, struct sandbox_place *out)
{
	size_t count = 0;

	for (char *next = path; next && count < PATH_PLACES;) {
		char *colon = strchr(next, ':');

		out[count++] = (struct sandbox_place){ next, SANDBOX_RUN };
		if (colon)
			*colon++ = '\0';
		next = colon;
	}
	return count;
}

/* All that a role may reach: *path is what some of it borrows from. */
static struct sandbox_place *make_places(enum sandbox_role role, const struct sandbox_place *places,
					 size_t *count, char **path)
{
	const char *searched = getenv("PATH");
	struct sandbox_place *all =
		buf_calloc(SYSTEM_PLACES + PROGRAM_PLACES + PATH_PLACES + *count, sizeof *all);
	size_t used = SYSTEM_PLACES;

	memcpy(all, system_places, sizeof system_places);
	if (role == SANDBOX_TOOL) {
		memcpy(all + used, program_places, sizeof program_places);
		used += PROGRAM_PLACES;
		*path = buf_strdup(searched ? searched : "/usr/bin");
		used += add_path(*path, all + used);
	}
	if (*count > 0)
		memcpy(all + used, places, *count * sizeof *all);
	*count += used;
	return all;
}

int sandbox_enter(enum sandbox_role role, const struct sandbox_place *places, size_t count,
		  struct error *err)
{
	char *path = NULL;
	struct sandbox_place *all = make_places(role, places, &count, &path);
	int failed = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
		     prctl(PR_SET_DUMPABLE, SANDBOX_INSTRUMENTED, 0, 0, 0) < 0;

	if (role == SANDBOX_UNPACK && !SANDBOX_INSTRUMENTED)
		count = 0;
	if (failed)
		error_set_errno(err, ERROR_SANDBOX_PROCESS, "privileges cannot be given up");
	else
		failed = sandbox_landlock_enter(role, all, count, err) < 0 ||
			 sandbox_roles_limit(role, err) < 0 || sandbox_filter_enter(role, err) < 0;
	free(all);
	free(path);
	return failed ? -1 : 0;
}

/* ---- processes ---- */

/* Whoever takes this process over finds no passphrase in it. */
static void forget_environment(void)
{
	for (char **e = environ; e && *e; e++)
		explicit_bzero(*e, strlen(*e));
}

/* Nothing but its end of the socket, as 0; what it prints goes nowhere. */
static void keep_one(int fd)
{
	int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (nowhere < 0 || dup2(fd, STDIN_FILENO) < 0 || dup2(nowhere, STDOUT_FILENO) < 0)
		_exit(EXIT_FAILURE);
	/* Sanitizers say there what they found. */
	if (!SANDBOX_INSTRUMENTED && dup2(nowhere, STDERR_FILENO) < 0)
		_exit(EXIT_FAILURE);
	if (syscall(SYS_close_range, 3u, ~0u, 0u) < 0)
		_exit(EXIT_FAILURE);
}

__attribute__((noreturn)) static void become(const struct sandbox_child *child, int fd)
{
	struct error err = ERROR_INIT; /* the other side sees that there is no answer */

	static const int crashes[] = { SIGILL, SIGSEGV, SIGBUS, SIGFPE, SIGABRT };

	/* Handlers of the other side know nothing of this one. */
	for (size_t i = 0; i < sizeof crashes / sizeof *crashes; i++)
		if (!SANDBOX_INSTRUMENTED || crashes[i] == SIGILL)
			if (signal(crashes[i], SIG_DFL) == SIG_ERR)
				_exit(EXIT_FAILURE);
	/* Who is asked to stop is the process that has the other end: this one ends with it. */
	if (signal(SIGINT, SIG_IGN) == SIG_ERR || signal(SIGTERM, SIG_IGN) == SIG_ERR ||
	    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
		_exit(EXIT_FAILURE);
	if (child->at_liberty)
		_exit(child->run(child->ctx, fd));
	keep_one(fd);
	if (sandbox_enter(child->role, child->places, child->count, &err) < 0)
		_exit(EXIT_FAILURE);
	/* Not before: places may be named by it. */
	forget_environment();
	_exit(child->run(child->ctx, STDIN_FILENO));
}

/* Reads and writes of our end fail after so much silence; its end may wait for ever. */
static int set_patience(int fd, unsigned milliseconds)
{
	struct timeval t = { .tv_sec = milliseconds / 1000,
			     .tv_usec = (suseconds_t)(milliseconds % 1000) * 1000 };

	return setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof t) < 0
		       ? -1
		       : setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &t, sizeof t);
}

int sandbox_start(const struct sandbox_child *child, struct sandbox_process *out, struct error *err)
{
	unsigned patience =
		child->patience ? child->patience : LIMIT_SANDBOX_SILENCE_SECONDS * 1000;
	int ends[2];

	*out = (struct sandbox_process){ .fd = -1 };
	/* To write to one that is gone is an error, not our end. */
	if (signal(SIGPIPE, SIG_IGN) == SIG_ERR ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return error_set_errno(err, ERROR_SANDBOX_PROCESS, "no socket for a process");
	pid_t pid = set_patience(ends[0], patience) < 0 ? -1 : fork();
	if (pid == 0) {
		/* It must see the end of ours. */
		file_close(ends[0]);
		become(child, ends[1]);
	}
	file_close(ends[1]);
	if (pid < 0) {
		error_set_errno(err, ERROR_SANDBOX_PROCESS, "no process for role %s",
				sandbox_role_name(child->role));
		file_close(ends[0]);
		return -1;
	}
	*out = (struct sandbox_process){ .pid = pid, .fd = ends[0], .patience = patience };
	return 0;
}

void sandbox_give_up(struct sandbox_process *p)
{
	file_close(p->fd);
	p->fd = -1;
	p->pid = 0;
	p->silent = true;
}

/* Its status once it has ended; -1 when that is not to be known. */
static int wait_for(struct sandbox_process *p)
{
	enum { LONGEST_MS = 16, NS = 1000000 };
	unsigned waited = 0, pause = 1;
	int status = -1;

	file_close(p->fd);
	p->fd = -1;
	while (p->pid != 0) {
		pid_t ended = waitpid(p->pid, &status, WNOHANG);

		if (ended == p->pid) {
			p->pid = 0;
			return status;
		}
		if (ended < 0 && errno != EINTR)
			p->pid = 0;
		else if (waited >= p->patience)
			sandbox_give_up(p);
		else
			nanosleep(&(struct timespec){ .tv_nsec = (long)pause * NS }, NULL);
		waited += pause;
		pause = pause < LONGEST_MS ? 2 * pause : pause;
	}
	return -1;
}

int sandbox_explain(struct sandbox_process *p, const char *what, struct error *err)
{
	int status = wait_for(p);

	if (p->silent)
		return error_set(err, ERROR_SANDBOX_SILENT,
				 "%s: nothing came from its process for %u s", what,
				 (p->patience + 999) / 1000);
	if (status >= 0 && WIFSIGNALED(status) &&
	    (WTERMSIG(status) == SIGKILL || WTERMSIG(status) == SIGTERM))
		return error_set(err, ERROR_SANDBOX_KILLED, "%s: signal %d ended its process", what,
				 WTERMSIG(status));
	if (status >= 0 && WIFSIGNALED(status))
		return error_set(err, ERROR_SANDBOX_CRASHED, "%s: its process ended by signal %d%s",
				 what, WTERMSIG(status),
				 WTERMSIG(status) == SIGSYS ? ", a forbidden system call" : "");
	return error_set(err, ERROR_SANDBOX_CRASHED, "%s: its process gave no answer", what);
}

void sandbox_end(struct sandbox_process *p)
{
	(void)wait_for(p); /* what it had to say was asked for before */
}
