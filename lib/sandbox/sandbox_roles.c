/* Limits of each role. */
#include "lib/base/error.h"
#include "lib/sandbox/sandbox_internal.h"

#include <stdint.h>
#include <sys/resource.h>

/* UINT64_MAX: as it was. */
struct role {
	const char *name;
	bool writes;
	uint64_t memory, seconds, file_size, processes, files;
};

#define MIB (1ull << 20)
#define AS_IT_WAS UINT64_MAX

/*
 * Roles without threads are held short.  A thread takes 136 MiB of address space before it does
 * anything (8 MiB of stack, 128 MiB of heap of its own), and there may be 64; the tables of a
 * bundle, its volumes and the database take another 2 GiB at their limits.  A thread counts as a
 * process, of all that the user has.  Media and repositories have as many files open as there are
 * volumes and workers.  Times are of the processor; an import of many media takes hours.
 */
static const struct role roles[SANDBOX_ROLES_] = {
	[SANDBOX_PROVE] = { "prove", false, 256 * MIB, 600, 0, 0, 16 },
	[SANDBOX_READER] = { "reader", false, 12288 * MIB, AS_IT_WAS, AS_IT_WAS, AS_IT_WAS,
			     AS_IT_WAS },
	[SANDBOX_UNPACK] = { "unpack", false, 512 * MIB, 600, 0, 0, 8 },
	[SANDBOX_STORE] = { "store", true, 12288 * MIB, AS_IT_WAS, AS_IT_WAS, AS_IT_WAS,
			    AS_IT_WAS },
	[SANDBOX_SIGN] = { "sign", true, AS_IT_WAS, AS_IT_WAS, AS_IT_WAS, AS_IT_WAS, AS_IT_WAS },
	[SANDBOX_TOOL] = { "tool", true, AS_IT_WAS, AS_IT_WAS, AS_IT_WAS, AS_IT_WAS, AS_IT_WAS },
	[SANDBOX_SERVE] = { "serve", false, 12288 * MIB, AS_IT_WAS, AS_IT_WAS, AS_IT_WAS,
			    AS_IT_WAS },
};

const char *sandbox_role_name(enum sandbox_role role)
{
	return roles[role].name;
}

bool sandbox_roles_writes(enum sandbox_role role)
{
	return roles[role].writes;
}

/* Never upwards: what the shell or the unit allowed stays the ceiling. */
static int lower(int resource, uint64_t limit, struct error *err)
{
	struct rlimit now;

	if (limit == AS_IT_WAS || getrlimit((__rlimit_resource_t)resource, &now) < 0)
		return 0;
	if (now.rlim_max > limit)
		now.rlim_max = limit;
	if (now.rlim_cur > now.rlim_max)
		now.rlim_cur = now.rlim_max;
	/* A signal that can be told from somebody's kill, a second before the kernel kills. */
	if (resource == RLIMIT_CPU && now.rlim_cur == limit)
		now.rlim_cur = limit - 1;
	if (setrlimit((__rlimit_resource_t)resource, &now) < 0)
		return error_set_errno(err, ERROR_SANDBOX_PROCESS, "a limit cannot be lowered");
	return 0;
}

int sandbox_roles_limit(enum sandbox_role role, struct error *err)
{
	const struct role *r = &roles[role];

	if (lower(RLIMIT_CORE, 0, err) < 0 || lower(RLIMIT_CPU, r->seconds, err) < 0)
		return -1;
	/* Sanitizers reserve terabytes and write what they found. */
	if (SANDBOX_INSTRUMENTED)
		return 0;
	if (lower(RLIMIT_AS, r->memory, err) < 0 || lower(RLIMIT_FSIZE, r->file_size, err) < 0 ||
	    lower(RLIMIT_NPROC, r->processes, err) < 0)
		return -1;
	return lower(RLIMIT_NOFILE, r->files, err);
}
