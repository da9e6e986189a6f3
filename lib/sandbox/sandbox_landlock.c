/*
 * Landlock by its system calls: the headers of Debian 12 stop at version 2, and
 * its C library has no functions for it.
 */
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/sandbox/sandbox_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { CREATE_RULESET_VERSION = 1, RULE_PATH_BENEATH = 1 };

/* Rights by the version that brought them. */
#define FS_EXECUTE (1ull << 0)
#define FS_WRITE_FILE (1ull << 1)
#define FS_READ_FILE (1ull << 2)
#define FS_READ_DIR (1ull << 3)
#define FS_REMOVE_DIR (1ull << 4)
#define FS_REMOVE_FILE (1ull << 5)
#define FS_MAKE_CHAR (1ull << 6)
#define FS_MAKE_DIR (1ull << 7)
#define FS_MAKE_REG (1ull << 8)
#define FS_MAKE_SOCK (1ull << 9)
#define FS_MAKE_FIFO (1ull << 10)
#define FS_MAKE_BLOCK (1ull << 11)
#define FS_MAKE_SYM (1ull << 12)
#define FS_REFER (1ull << 13)     /* 2 */
#define FS_TRUNCATE (1ull << 14)  /* 3 */
#define FS_IOCTL_DEV (1ull << 15) /* 5 */
#define NET_TCP 3ull              /* 4: bind and connect */
#define SCOPE_ALL 3ull            /* 6: abstract sockets and signals */

#define FS_OF_FILES (FS_EXECUTE | FS_WRITE_FILE | FS_READ_FILE | FS_TRUNCATE | FS_IOCTL_DEV)

struct ruleset {
	uint64_t fs, net, scoped;
};

struct beneath {
	uint64_t access;
	int32_t parent;
} __attribute__((packed));

int sandbox_landlock(void)
{
	long version =
		syscall(SYS_landlock_create_ruleset, NULL, (size_t)0, CREATE_RULESET_VERSION);

	return version < 0 ? 0 : (int)version;
}

static uint64_t known_rights(int version)
{
	uint64_t all = FS_REFER - 1;

	if (version >= 2)
		all |= FS_REFER;
	if (version >= 3)
		all |= FS_TRUNCATE;
	if (version >= 5)
		all |= FS_IOCTL_DEV;
	return all;
}

static uint64_t rights_of(enum sandbox_access access)
{
	/* Tapes are read by ioctl() too. */
	const uint64_t read = FS_READ_FILE | FS_READ_DIR | FS_IOCTL_DEV;
	const uint64_t update = read | FS_WRITE_FILE | FS_TRUNCATE;

	if (access == SANDBOX_READ)
		return read;
	if (access == SANDBOX_RUN)
		return read | FS_EXECUTE;
	if (access == SANDBOX_UPDATE)
		return update;
	return update | FS_REMOVE_DIR | FS_REMOVE_FILE | FS_MAKE_DIR | FS_MAKE_REG | FS_REFER;
}

/* The place, or, to write what is not there yet, the nearest directory above that is. */
static int open_place(const struct sandbox_place *place)
{
	char path[PATH_MAX];

	if ((size_t)snprintf(path, sizeof path, "%s", place->path) >= sizeof path)
		return -1;
	for (;;) {
		int fd = open(path, O_PATH | O_CLOEXEC);
		char *slash = strrchr(path, '/');

		if (fd >= 0 || errno != ENOENT || place->access != SANDBOX_WRITE)
			return fd;
		if (!slash)
			return open(".", O_PATH | O_CLOEXEC);
		/* "a/b/" and "a//b" have the same parents as "a/b" */
		if (slash == path)
			return open("/", O_PATH | O_CLOEXEC);
		*slash = '\0';
	}
}

/* A place that cannot be opened is left out: who opens it then says so better. */
static int add_place(int rules, uint64_t handled, const struct sandbox_place *place,
		     struct error *err)
{
	CLEANUP(file_close) int fd = open_place(place);
	struct beneath rule = { .access = rights_of(place->access) & handled, .parent = fd };
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return 0;
	if (!S_ISDIR(st.st_mode))
		rule.access &= FS_OF_FILES;
	if (syscall(SYS_landlock_add_rule, rules, RULE_PATH_BENEATH, &rule, 0) < 0)
		return error_set_errno(err, ERROR_SANDBOX_LANDLOCK, "%s: Landlock refuses a rule",
				       place->path);
	return 0;
}

int sandbox_landlock_enter(enum sandbox_role role, const struct sandbox_place *places, size_t count,
			   struct error *err)
{
	int version = sandbox_landlock(), least = sandbox_roles_writes(role) ? 2 : 1;

	/* Version 1 lets nobody move a file from one directory to another. */
	if (version < least)
		return error_set(err, ERROR_SANDBOX_LANDLOCK,
				 "role %s needs Landlock version %d, this kernel has %d",
				 sandbox_role_name(role), least, version);
	struct ruleset set = { .fs = known_rights(version), .net = NET_TCP, .scoped = SCOPE_ALL };
	size_t size = version >= 6 ? 24 : version >= 4 ? 16 : 8;
	CLEANUP(file_close) int rules = (int)syscall(SYS_landlock_create_ruleset, &set, size, 0);
	if (rules < 0)
		return error_set_errno(err, ERROR_SANDBOX_LANDLOCK, "Landlock refuses rules");
	for (size_t i = 0; i < count; i++)
		if (add_place(rules, set.fs, &places[i], err) < 0)
			return -1;
	if (syscall(SYS_landlock_restrict_self, rules, 0) < 0)
		return error_set_errno(err, ERROR_SANDBOX_LANDLOCK, "Landlock refuses to begin");
	return 0;
}
