/*
 * Roles: what a process may do once it has read its command line and before it
 * reads what others have written.  A role is a column of lib/sandbox/calls.def
 * (system calls) and a row of sandbox_roles.c (limits); which files it may reach
 * is said by places.  There is no way back and no option that leaves it out.
 *
 * The kernel kills a process that makes another call.  Opening another file fails.
 * docs/SECURITY.md, "Roles".
 */
#ifndef SANDBOX_SANDBOX_H
#define SANDBOX_SANDBOX_H

#include "lib/base/cleanup.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct error;

enum sandbox_role {
	SANDBOX_PROVE,  /* reads small files that nobody vouches for; answers by a descriptor */
	SANDBOX_READER, /* reads files and prints */
	SANDBOX_UNPACK, /* computes: bytes in by one descriptor, records out by it */
	SANDBOX_STORE,  /* reads files, writes a repository */
	SANDBOX_SIGN,   /* the same with a key in a token: somebody else's code in our process */
	SANDBOX_TOOL,   /* the same, and programs of this machine, which are in it as well */
	SANDBOX_SERVE,  /* answers on a socket that is open already */
	SANDBOX_ROLES_
};

/* "reader" */
const char *sandbox_role_name(enum sandbox_role role);

enum sandbox_access {
	SANDBOX_READ,   /* read what is beneath */
	SANDBOX_UPDATE, /* and change it; nothing new, nothing removed */
	SANDBOX_WRITE,  /* everything but devices and programs */
	SANDBOX_RUN,    /* read what is beneath, and start it as a program */
};

/* A file or directory.  What is not there yet and is to be written is made beneath its parent. */
struct sandbox_place {
	const char *path;
	enum sandbox_access access;
};

/*
 * Take on the role, for good: no new privileges, no core, limits, files, system calls.  Before the
 * first thread is started.  -1 with SANDBOX_LANDLOCK or SANDBOX_SECCOMP when the kernel refuses;
 * the caller must then end.
 */
int sandbox_enter(enum sandbox_role role, const struct sandbox_place *places, size_t count,
		  struct error *err) __attribute__((nonnull(4), warn_unused_result));

/* Version of Landlock that the kernel has; 0: none. */
int sandbox_landlock(void);

/*
 * A process of ours in a role, beside this one.  It has one descriptor, and whatever it does with
 * its memory is not ours.
 */
struct sandbox_process {
	pid_t pid;         /* 0: none */
	int fd;            /* this end of a stream socket */
	unsigned patience; /* milliseconds without a byte of it after which it is given up */
	bool silent;       /* it was */
};

/*
 * Start it: run() in the child, which may use 0 (its end) and ends with the status run() returns.
 * Before the first thread, and before anything is open that it must not have.  -1 with
 * SANDBOX_PROCESS.  In the child a kernel that refuses ends it: the first exchange fails.
 */
struct sandbox_child {
	enum sandbox_role role;
	const struct sandbox_place *places;
	size_t count;
	int (*run)(void *ctx, int fd);
	void *ctx;
	unsigned patience; /* milliseconds; 0: LIMIT_SANDBOX_SILENCE_SECONDS */
	/* In no role: it does for one that is what was decided before, and nothing that it is told.
	 */
	bool at_liberty;
};
int sandbox_start(const struct sandbox_child *child, struct sandbox_process *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/*
 * Give it up: who neither answers nor takes a message is not waited for.  The kernel ends it with
 * us, which no process of a role can prevent.
 */
void sandbox_give_up(struct sandbox_process *p) __attribute__((nonnull));

/*
 * Why it does not answer: waits for its end, and says which signal it was.  -1 with
 * SANDBOX_KILLED (somebody ended it), SANDBOX_CRASHED (it ended itself) or SANDBOX_SILENT (it was
 * given up, or does not end).
 */
int sandbox_explain(struct sandbox_process *p, const char *what, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* Close its descriptor, at which it ends by itself, and wait for that as long as for an answer. */
void sandbox_end(struct sandbox_process *p) __attribute__((nonnull));
DEFINE_CLEANUP_IN_PLACE(struct sandbox_process, sandbox_end);

#endif
