/*
 * refuse CALL PROGRAM...: run it below a kernel that has not got this system call, by number.
 * (ENOSYS, as an old kernel answers.)
 */
#include <errno.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	scmp_filter_ctx f = seccomp_init(SCMP_ACT_ALLOW);
	char *end;
	long call = argc > 2 ? strtol(argv[1], &end, 10) : -1;

	if (call < 0 || !f || seccomp_rule_add(f, SCMP_ACT_ERRNO(ENOSYS), (int)call, 0) != 0 ||
	    seccomp_load(f) != 0) {
		fprintf(stderr, "refuse: cannot\n");
		return 99;
	}
	execvp(argv[2], argv + 2);
	return 98;
}
