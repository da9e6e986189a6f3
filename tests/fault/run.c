#include "tests/fault/run.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* SECONDS: after which a program hangs. */
enum { SECONDS = 30, WORDS = 64 };

static void *make_file(const char *path, size_t size)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	void *at = fd < 0 || ftruncate(fd, (off_t)size) < 0
			   ? MAP_FAILED
			   : mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (fd >= 0)
		close(fd);
	return at == MAP_FAILED ? NULL : at;
}

bool run_open(struct run *r, const char *shim, const char *dir)
{
	r->shim = shim;
	r->now = time(NULL);
	snprintf(r->page_path, sizeof r->page_path, "%s/fault.page", dir);
	snprintf(r->log_path, sizeof r->log_path, "%s/fault.log", dir);
	snprintf(r->out_path, sizeof r->out_path, "%s/fault.out", dir);
	snprintf(r->err_path, sizeof r->err_path, "%s/fault.err", dir);
	r->page = make_file(r->page_path, sizeof *r->page);
	r->log = make_file(r->log_path, FAULT_LOG_BYTES);
	if (!r->page || !r->log)
		return false;
	run_clear(r);
	return true;
}

void run_clear(struct run *r)
{
	memset(r->page, 0, sizeof *r->page);
	r->page->now = r->now;
}

static int redirect(const char *path, int to)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	return fd < 0 ? -1 : dup2(fd, to);
}

/* Blanks part words; there are no quotes. */
__attribute__((noreturn)) static void become(struct run *r, const char *command)
{
	char *words[WORDS], *text = strdup(command), *save = NULL;
	size_t n = 0;

	for (char *w = strtok_r(text, " ", &save); w && n < WORDS - 1;
	     w = strtok_r(NULL, " ", &save))
		words[n++] = w;
	words[n] = NULL;
	if (n == 0 || setenv("LD_PRELOAD", r->shim, 1) < 0 ||
	    setenv("GAPFERRY_FAULT_PAGE", r->page_path, 1) < 0 ||
	    setenv("GAPFERRY_FAULT_LOG", r->log_path, 1) < 0 ||
	    redirect(r->out_path, STDOUT_FILENO) < 0 || redirect(r->err_path, STDERR_FILENO) < 0)
		_exit(126);
	setpgid(0, 0);
	execvp(words[0], words);
	_exit(127);
}

int run_command(struct run *r, const char *command)
{
	pid_t pid = fork();
	int status = 0;
	sigset_t child;
	const struct timespec wait = { .tv_sec = 1 };

	if (pid == 0)
		become(r, command);
	if (pid < 0)
		return 126;
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child, NULL);
	for (unsigned i = 0; waitpid(pid, &status, WNOHANG) == 0; i++) {
		if (i == SECONDS) {
			kill(-pid, SIGKILL);
			waitpid(pid, &status, 0);
			return RUN_HUNG;
		}
		sigtimedwait(&child, NULL, &wait);
	}
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

void run_text(const char *path, char *out, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, out, size - 1);

	out[n < 0 ? 0 : n] = '\0';
	if (fd >= 0)
		close(fd);
}
