/* The system calls of a role as a seccomp filter; the only place that includes libseccomp. */
#include "lib/base/error.h"
#include "lib/sandbox/sandbox_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sched.h>
#include <seccomp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mtio.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { FILTER_SECONDS = 10 }; /* takes 2 ms */

enum condition {
	ANY,
	NO_EXEC,     /* memory that is not to be executed */
	READ_ONLY,   /* open nothing to write, make nothing */
	KNOWN_IOCTL, /* terminals, tapes, sizes of devices */
	THREAD,      /* of this process */
	REFUSED,     /* ENOSYS: its arguments lie where a filter cannot see them */
	OWN_PROCESS, /* signals */
	OWN_LIMIT,   /* limits: of this process */
	CANCEL,      /* of an alarm, not the setting */
	SET_NAME,    /* of a thread */
	UNIX,        /* a socket of this machine */
	QUESTION,    /* the question, not the deed */
};

struct call {
	const char *name, *roles;
	enum condition condition;
};

static const struct call calls[] = {
#define CALL(name, roles, condition) { #name, roles, condition },
#include "lib/sandbox/calls.def"
#undef CALL
};

static const char letters[SANDBOX_ROLES_] = {
	[SANDBOX_PROVE] = 'P', [SANDBOX_READER] = 'R', [SANDBOX_UNPACK] = 'U',
	[SANDBOX_STORE] = 'W', [SANDBOX_SIGN] = 'S',   [SANDBOX_TOOL] = 'T',
	[SANDBOX_SERVE] = 'V'
};

/* A PIN is typed without echo. */
static const uint32_t ioctls[] = { TCGETS,  TCSETS,   TCSETSW,  TCSETSF,      TIOCGWINSZ, FIONREAD,
				   FIONBIO, MTIOCTOP, MTIOCGET, BLKGETSIZE64, BLKSSZGET };

static int allow(scmp_filter_ctx f, int call, struct scmp_arg_cmp arg)
{
	return seccomp_rule_add(f, SCMP_ACT_ALLOW, call, 1, arg);
}

static int allow_ioctls(scmp_filter_ctx f, int call)
{
	int failed = 0;

	for (size_t i = 0; i < sizeof ioctls / sizeof *ioctls && !failed; i++)
		failed = allow(f, call, SCMP_A1(SCMP_CMP_MASKED_EQ, UINT32_MAX, ioctls[i]));
	return failed;
}

static int add(scmp_filter_ctx f, const struct call *c)
{
	const uint64_t making = O_ACCMODE | O_CREAT | O_TRUNC | O_APPEND;
	int call = seccomp_syscall_resolve_name(c->name);

	switch (c->condition) {
	case ANY:
		return seccomp_rule_add(f, SCMP_ACT_ALLOW, call, 0);
	case NO_EXEC:
		return allow(f, call, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	case READ_ONLY:
		return allow(f, call, SCMP_A2(SCMP_CMP_MASKED_EQ, making, O_RDONLY));
	case KNOWN_IOCTL:
		return allow_ioctls(f, call);
	case THREAD:
		return allow(f, call, SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD));
	case REFUSED:
		return seccomp_rule_add(f, SCMP_ACT_ERRNO(ENOSYS), call, 0);
	case OWN_PROCESS:
		return allow(f, call, SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid(), 0));
	case OWN_LIMIT:
	case CANCEL:
		return allow(f, call, SCMP_A0(SCMP_CMP_EQ, 0, 0));
	case SET_NAME:
		return allow(f, call, SCMP_A0(SCMP_CMP_EQ, PR_SET_NAME, 0));
	case UNIX:
		return allow(f, call, SCMP_A0(SCMP_CMP_EQ, AF_UNIX, 0));
	case QUESTION:
		return allow(f, call, SCMP_A2(SCMP_CMP_EQ, 1, 0));
	default:
		return -EINVAL;
	}
}

static int fill(scmp_filter_ctx f, enum sandbox_role role)
{
	int failed = 0;

	/* Other call tables (32 bits, x32) are no way around. */
	failed = failed ? failed
			: seccomp_attr_set(f, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	failed = failed ? failed : seccomp_attr_set(f, SCMP_FLTATR_CTL_TSYNC, 1);
	failed = failed ? failed : seccomp_attr_set(f, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	for (size_t i = 0; i < sizeof calls / sizeof *calls && !failed; i++)
		if (strchr(calls[i].roles, letters[role]))
			failed = add(f, &calls[i]);
	return failed ? failed : seccomp_load(f);
}

int sandbox_filter_enter(enum sandbox_role role, struct error *err)
{
	/* What a program of somebody else tries besides, only he knows: it hears that there is
	 * none. */
	scmp_filter_ctx f =
		seccomp_init(role == SANDBOX_TOOL ? SCMP_ACT_ERRNO(ENOSYS) : SCMP_ACT_KILL_PROCESS);

	/* Where memory is refused to it, libseccomp may search its lists for ever. */
	alarm(FILTER_SECONDS);
	int failed = f ? fill(f, role) : -ENOSYS;
	alarm(0);
	seccomp_release(f);
	if (!failed)
		return 0;
	errno = -failed;
	return error_set_errno(err, ERROR_SANDBOX_SECCOMP,
			       "role %s: the kernel refuses a filter of system calls",
			       sandbox_role_name(role));
}
