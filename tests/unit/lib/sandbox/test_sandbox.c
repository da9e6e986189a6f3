/*
 * Every system call, by number, from inside every role: what comes out must be
 * tests/sandbox/ROLE.table.  A table that differs is left in build/ROLE.table.
 */
#include "lib/sandbox/sandbox.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/sandbox/sandbox_internal.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { CALLS = 480, X32 = 0x40000000, LIMIT_MS = 300, REFUSED = 98, OWN_PID = -77 };

/* uretprobe and uprobe: the kernels that have them let no filter see them. */
enum { EXEMPT_FIRST = 335, EXEMPT_LAST = 336 };

typedef long arguments[6];

/* cmocka goes on with the next test after a signal: not in a child. */
static void default_signals(void)
{
	static const int signals[] = { SIGILL, SIGSEGV, SIGBUS, SIGFPE };

	for (size_t i = 0; i < COUNT(signals); i++)
		if (signal(signals[i], SIG_DFL) == SIG_ERR)
			_exit(99);
}

__attribute__((noreturn)) static void take_on(enum sandbox_role role, void (*act)(const void *what),
					      const void *what, atomic_bool *begun)
{
	struct itimerspec limit = { .it_value = { .tv_nsec = LIMIT_MS * 1000000L } };
	timer_t timer;
	struct error err = ERROR_INIT;

	default_signals();
	/* A call that is allowed may wait for ever; entering a role ends an alarm(). */
	if (timer_create(CLOCK_MONOTONIC, NULL, &timer) < 0 ||
	    timer_settime(timer, 0, &limit, NULL) < 0 || sandbox_enter(role, NULL, 0, &err) < 0)
		_exit(99);
	atomic_store(begun, true);
	act(what);
	_exit(0);
}

/* In a child: take on the role, do it, end.  Again, where a busy machine let no time for it. */
static int status_of(enum sandbox_role role, void (*act)(const void *what), const void *what)
{
	atomic_bool *begun = mmap(NULL, sizeof *begun, PROT_READ | PROT_WRITE,
				  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int status;

	assert_ptr_not_equal(begun, MAP_FAILED);
	do {
		pid_t pid = fork();

		if (pid == 0)
			take_on(role, act, what, begun);
		assert_true(pid > 0);
		assert_int_equal(waitpid(pid, &status, 0), pid);
	} while (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM && !atomic_load(begun));
	munmap(begun, sizeof *begun);
	assert_false(WIFEXITED(status) && WEXITSTATUS(status) == 99);
	return status;
}

static bool is_killed(int status)
{
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS;
}

static bool is_refused(int status)
{
	return WIFEXITED(status) && WEXITSTATUS(status) == REFUSED;
}

/* Programs of a tool hear that there is no such call. */
static bool is_out(enum sandbox_role role, int status)
{
	return is_killed(status) || (role == SANDBOX_TOOL && is_refused(status));
}

struct attempt {
	long number;
	arguments with;
};

#ifdef __x86_64__
/* What it starts uses this stack, so it may use none. */
static void attempt_vfork(void)
{
	long result = SYS_vfork;

	__asm__ volatile("syscall\n\ttest %%rax, %%rax\n\tjnz 1f\n\t"
			 "xor %%edi, %%edi\n\tmov %1, %%eax\n\tsyscall\n1:"
			 : "+a"(result)
			 : "i"(SYS_exit_group)
			 : "rcx", "r11", "rdi", "memory");
	_exit(result == -ENOSYS ? REFUSED : 0);
}
#endif

static void attempt(const void *what)
{
	const struct attempt *a = what;

#ifdef __x86_64__
	if (a->number == SYS_vfork)
		attempt_vfork();
#endif
	long first = a->with[0] == OWN_PID ? getpid() : a->with[0];

	if (syscall(a->number, first, a->with[1], a->with[2], a->with[3], a->with[4], a->with[5]) <
		    0 &&
	    errno == ENOSYS)
		_exit(REFUSED);
}

/* Arguments that a rule asks for, where neither zeros nor ones are. */
static bool wanted(long number, arguments out)
{
	memset(out, 0, sizeof(arguments));
	if (number == SYS_ioctl)
		out[1] = TIOCGWINSZ;
	else if (number == SYS_prctl)
		out[0] = PR_SET_NAME;
	else if (number == SYS_landlock_create_ruleset)
		out[2] = 1;
	else if (number == SYS_tgkill)
		out[0] = OWN_PID;
	else if (number == SYS_socket)
		out[0] = AF_UNIX;
	else
		return false;
	return true;
}

/* "allow", "depends" (on arguments), "refused" (it fails), or NULL: killed. */
static const char *verdict(enum sandbox_role role, long number)
{
	struct attempt zeros = { .number = number }, ones = { .number = number };
	struct attempt third = { .number = number };

	memset(ones.with, 0xff, sizeof ones.with);
	int first = status_of(role, attempt, &zeros);
	bool one = is_out(role, first);
	if (role != SANDBOX_TOOL && is_refused(first))
		return "refused";
	bool two = is_out(role, status_of(role, attempt, &ones));
	if (wanted(number, third.with))
		two = one && two ? is_out(role, status_of(role, attempt, &third)) : two;
	return one && two ? NULL : one || two ? "depends" : "allow";
}

static void load(const char *path, struct buf *out)
{
	struct error err = ERROR_INIT;
	FILE *f = fopen(path, "r");
	char line[256];

	while (f && fgets(line, sizeof line, f))
		assert_int_equal(buf_append(out, line, strlen(line), &err), 0);
	if (f)
		fclose(f);
}

static void compare(enum sandbox_role role)
{
	CLEANUP(buf_clear) struct buf want = BUF_INIT(1 << 20), have = BUF_INIT(1 << 20);
	struct error err = ERROR_INIT;
	char path[128];

	if (SANDBOX_INSTRUMENTED)
		skip(); /* the tables are those of a release */
	for (long n = 0; n < CALLS; n++) {
		bool exempt = n >= EXEMPT_FIRST && n <= EXEMPT_LAST;
		const char *v = exempt ? NULL : verdict(role, n);
		char *name;

		if (!v)
			continue;
		name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_X86_64, (int)n);
		assert_int_equal(buf_printf(&have, &err, "%ld %s %s\n", n, name ? name : "-", v),
				 0);
		free(name);
	}
	snprintf(path, sizeof path, "tests/sandbox/%s.table", sandbox_role_name(role));
	load(path, &want);
	if (want.len == have.len && memcmp(want.bytes, have.bytes, have.len) == 0)
		return;
	snprintf(path, sizeof path, "build/%s.table", sandbox_role_name(role));
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	fwrite(have.bytes, 1, have.len, f);
	fclose(f);
	fail_msg("%s is not tests/sandbox/%s.table", path, sandbox_role_name(role));
}

static void prove_is_its_table(void **state)
{
	(void)state;
	compare(SANDBOX_PROVE);
}

static void reader_is_its_table(void **state)
{
	(void)state;
	compare(SANDBOX_READER);
}

static void unpack_is_its_table(void **state)
{
	(void)state;
	compare(SANDBOX_UNPACK);
}

static void store_is_its_table(void **state)
{
	(void)state;
	compare(SANDBOX_STORE);
}

static void sign_is_its_table(void **state)
{
	(void)state;
	compare(SANDBOX_SIGN);
}

static void tool_is_its_table(void **state)
{
	(void)state;
	compare(SANDBOX_TOOL);
}

static void serve_is_its_table(void **state)
{
	(void)state;
	compare(SANDBOX_SERVE);
}

static void other_tables_of_the_kernel_are_no_way_around(void **state)
{
	(void)state;
	for (int role = 0; role < SANDBOX_ROLES_; role++)
		for (long n = 0; n < CALLS; n += role == SANDBOX_UNPACK ? 1 : 13) {
			struct attempt a = { .number = X32 + n };

			assert_true(is_killed(status_of((enum sandbox_role)role, attempt, &a)));
		}
}

#ifdef __x86_64__
/* getpid() by the gate of 32-bit programs. */
static void old_gate(const void *what)
{
	long result = 20;

	(void)what;
	__asm__ volatile("int $0x80" : "+a"(result) : : "memory");
}

static void so_is_the_gate_of_32_bits(void **state)
{
	(void)state;
	for (int role = 0; role < SANDBOX_ROLES_; role++)
		assert_true(is_killed(status_of((enum sandbox_role)role, old_gate, NULL)));
}
#endif

/* ---- arguments ---- */

static void map_code(const void *what)
{
	(void)what;
	(void)mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void protect_code(const void *what)
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)what;
	(void)mprotect(page, 4096, PROT_READ | PROT_EXEC);
}

static void open_to_write(const void *what)
{
	(void)open(what, O_WRONLY | O_CREAT, 0600);
}

static void start_program(const void *what)
{
	char *const none[] = { NULL };

	(void)execve(what, none, none);
}

static void open_socket(const void *what)
{
	(void)what;
	(void)socket(AF_INET, SOCK_STREAM, 0);
}

static void start_process(const void *what)
{
	(void)what;
	(void)fork();
}

static void nobody_makes_code_sockets_or_processes(void **state)
{
	(void)state;
	if (SANDBOX_INSTRUMENTED)
		skip();
	for (int i = 0; i < SANDBOX_ROLES_; i++) {
		enum sandbox_role role = (enum sandbox_role)i;

		/* below */
		if (role == SANDBOX_TOOL)
			continue;
		assert_true(is_killed(status_of(role, open_socket, NULL)));
		assert_true(is_killed(status_of(role, start_process, NULL)));
		assert_true(is_killed(status_of(role, start_program, "/bin/true")));
		/* the module of a token is loaded */
		if (role == SANDBOX_SIGN)
			continue;
		assert_true(is_killed(status_of(role, map_code, NULL)));
		assert_true(is_killed(status_of(role, protect_code, NULL)));
	}
	assert_true(is_killed(status_of(SANDBOX_READER, open_to_write, "/dev/null")));
	assert_true(is_killed(status_of(SANDBOX_PROVE, open_to_write, "/dev/null")));
}

static void start_shell(const void *what)
{
	char program[] = "/bin/bash", command[] = "-c", text[256];
	char *const words[] = { program, command, text, NULL };

	snprintf(text, sizeof text, "%s", (const char *)what);
	execv(program, words);
}

/* What a program of a tool may do is what the tool may. */
static void programs_of_a_tool_are_in_its_role(void **state)
{
	int status;

	(void)state;
	if (SANDBOX_INSTRUMENTED)
		skip();
	status = status_of(SANDBOX_TOOL, start_shell, "exit 7");
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 7);
	status = status_of(SANDBOX_TOOL, start_shell, "read -r x </etc/passwd && exit 7; : >/made");
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
	status = status_of(SANDBOX_TOOL, attempt,
			   &(struct attempt){ SYS_socket, { AF_INET, SOCK_STREAM } });
	assert_true(is_refused(status));
	/* This very program lies in no directory of programs. */
	status = status_of(SANDBOX_TOOL, start_shell,
			   "exec build/release/tests/unit/lib/sandbox/test_sandbox");
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 126);
}

/* ---- files ---- */

static const char *scratch;

static bool can_open(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC, 0600);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

/* In a child with one place: what works, as bits of its status. */
static int reach(enum sandbox_access access)
{
	char in[256], file[300], fresh[300], out[300];
	int status;

	snprintf(in, sizeof in, "%s/in", scratch);
	snprintf(file, sizeof file, "%s/in/file", scratch);
	snprintf(fresh, sizeof fresh, "%s/in/new", scratch);
	snprintf(out, sizeof out, "%s/out", scratch);
	assert_true(mkdir(in, 0700) == 0 || errno == EEXIST);
	assert_true(can_open(file, O_RDWR | O_CREAT));
	assert_true(can_open(out, O_RDWR | O_CREAT));
	unlink(fresh);
	pid_t pid = fork();
	if (pid == 0) {
		struct sandbox_place place = { in, access };
		struct error err = ERROR_INIT;

		if (sandbox_enter(SANDBOX_STORE, &place, 1, &err) < 0)
			_exit(99);
		_exit(can_open(file, O_RDONLY) | can_open(file, O_WRONLY) << 1 |
		      can_open(fresh, O_WRONLY | O_CREAT) << 2 | (unlink(file) == 0) << 3 |
		      can_open(out, O_RDONLY) << 4 | can_open(out, O_WRONLY) << 5);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void places_are_all_there_is(void **state)
{
	char path[] = "/tmp/gapferry-sandbox.XXXXXX";
	char command[128];

	(void)state;
	if (SANDBOX_INSTRUMENTED)
		skip();
	scratch = mkdtemp(path);
	assert_non_null(scratch);
	assert_int_equal(reach(SANDBOX_READ), 1);
	assert_int_equal(reach(SANDBOX_UPDATE), 1 | 2);
	assert_int_equal(reach(SANDBOX_WRITE), 1 | 2 | 4 | 8);
	for (const char *const *p =
		     (const char *const[]){ "in/new", "in/file", "in", "out", "", NULL };
	     *p; p++) {
		snprintf(command, sizeof command, "%s/%s", path, *p);
		(void)remove(command);
	}
}

/* ---- processes ---- */

static int echo(void *ctx, int fd)
{
	char byte;

	(void)ctx;
	while (read(fd, &byte, 1) == 1)
		if (write(fd, &byte, 1) != 1)
			return 1;
	return 0;
}

/* Limits of a process in that role, as the kernel has them. */
static void check_limits(enum sandbox_role role, const uint64_t wanted[4])
{
	static const int resources[] = { RLIMIT_AS, RLIMIT_CPU, RLIMIT_FSIZE, RLIMIT_NOFILE };
	const struct sandbox_child child = { .role = role, .run = echo };
	struct sandbox_process p;
	struct error err = ERROR_INIT;
	struct rlimit have;
	char byte;

	assert_int_equal(sandbox_start(&child, &p, &err), 0);
	/* Once it answers it has taken on its role. */
	assert_int_equal(write(p.fd, "x", 1), 1);
	assert_int_equal(read(p.fd, &byte, 1), 1);
	for (size_t i = 0; i < COUNT(resources); i++) {
		assert_int_equal(prlimit(p.pid, (__rlimit_resource_t)resources[i], NULL, &have), 0);
		assert_int_equal(have.rlim_max, wanted[i]);
		/* Of the processor: a signal that has a name, then the end. */
		assert_int_equal(have.rlim_cur, wanted[i] - (resources[i] == RLIMIT_CPU ? 1 : 0));
	}
	assert_int_equal(prlimit(p.pid, RLIMIT_NPROC, NULL, &have), 0);
	assert_int_equal(have.rlim_max, 0);
	assert_int_equal(prlimit(p.pid, RLIMIT_CORE, NULL, &have), 0);
	assert_int_equal(have.rlim_max, 0);
	sandbox_end(&p);
}

static void processes_that_parse_are_held_short(void **state)
{
	(void)state;
	if (SANDBOX_INSTRUMENTED)
		skip();
	check_limits(SANDBOX_PROVE, (const uint64_t[]){ 256u << 20, 600, 0, 16 });
	check_limits(SANDBOX_UNPACK, (const uint64_t[]){ 512u << 20, 600, 0, 8 });
}

static int misbehave(void *ctx, int fd)
{
	char byte;

	(void)ctx;
	if (read(fd, &byte, 1) == 1)
		(void)socket(AF_INET, SOCK_STREAM, 0);
	return 0;
}

static void a_process_answers(void **state)
{
	struct sandbox_process p;
	struct error err = ERROR_INIT;
	char byte = 0;

	(void)state;
	assert_int_equal(
		sandbox_start(&(struct sandbox_child){ .role = SANDBOX_UNPACK, .run = echo }, &p,
			      &err),
		0);
	assert_int_equal(write(p.fd, "x", 1), 1);
	assert_int_equal(read(p.fd, &byte, 1), 1);
	assert_int_equal(byte, 'x');
	sandbox_end(&p);
}

static void its_end_is_explained(void **state)
{
	struct sandbox_process p;
	struct error err = ERROR_INIT;
	char byte;

	(void)state;
	assert_int_equal(
		sandbox_start(&(struct sandbox_child){ .role = SANDBOX_UNPACK, .run = echo }, &p,
			      &err),
		0);
	assert_int_equal(kill(p.pid, SIGKILL), 0);
	assert_int_equal(sandbox_explain(&p, "pack", &err), -1);
	assert_int_equal(err.id, ERROR_SANDBOX_KILLED);
	error_clear(&err);
	assert_int_equal(
		sandbox_start(&(struct sandbox_child){ .role = SANDBOX_UNPACK, .run = misbehave },
			      &p, &err),
		0);
	assert_int_equal(write(p.fd, "x", 1), 1);
	assert_int_equal(read(p.fd, &byte, 1), 0);
	assert_int_equal(sandbox_explain(&p, "pack", &err), -1);
	assert_int_equal(err.id, ERROR_SANDBOX_CRASHED);
	assert_non_null(strstr(err.message, "forbidden system call"));
}

static int never_ends(void *ctx, int fd)
{
	volatile bool forever = write(fd, "x", 1) == 1;

	(void)ctx;
	while (forever)
		;
	return 0;
}

static void who_does_not_end_is_not_waited_for(void **state)
{
	const struct sandbox_child child = { .role = SANDBOX_UNPACK,
					     .run = never_ends,
					     .patience = 1000 };
	struct sandbox_process p;
	struct error err = ERROR_INIT;
	char byte;

	(void)state;
	assert_int_equal(sandbox_start(&child, &p, &err), 0);
	assert_int_equal(read(p.fd, &byte, 1), 1);
	sandbox_end(&p);
	assert_true(p.silent);
	assert_int_equal(sandbox_start(&child, &p, &err), 0);
	assert_int_equal(read(p.fd, &byte, 1), 1);
	assert_int_equal(sandbox_explain(&p, "pack", &err), -1);
	assert_int_equal(err.id, ERROR_SANDBOX_SILENT);
}

/* In a process of its own: it starts another that never ends, gives it up, and says who that was.
 */
static void leave_one_behind(int fd)
{
	const struct sandbox_child child = { .role = SANDBOX_UNPACK,
					     .run = never_ends,
					     .patience = 1000 };
	struct sandbox_process p;
	struct error err = ERROR_INIT;
	char byte;
	pid_t pid;

	if (sandbox_start(&child, &p, &err) < 0)
		_exit(1);
	pid = p.pid;
	if (write(fd, &pid, sizeof pid) != sizeof pid || read(p.fd, &byte, 1) != 1)
		_exit(1);
	sandbox_end(&p);
	_exit(0);
}

static void but_ends_with_who_started_it(void **state)
{
	int ends[2], status;
	pid_t left = 0, pid;

	(void)state;
	/* Who is left behind becomes ours. */
	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), 0);
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0)
		leave_one_behind(ends[1]);
	close(ends[1]);
	assert_int_equal(read(ends[0], &left, sizeof left), sizeof left);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	close(ends[0]);
	assert_int_equal(waitpid(left, &status, 0), left);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGKILL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(prove_is_its_table),
		cmocka_unit_test(reader_is_its_table),
		cmocka_unit_test(unpack_is_its_table),
		cmocka_unit_test(store_is_its_table),
		cmocka_unit_test(sign_is_its_table),
		cmocka_unit_test(tool_is_its_table),
		cmocka_unit_test(serve_is_its_table),
		cmocka_unit_test(other_tables_of_the_kernel_are_no_way_around),
#ifdef __x86_64__
		cmocka_unit_test(so_is_the_gate_of_32_bits),
#endif
		cmocka_unit_test(nobody_makes_code_sockets_or_processes),
		cmocka_unit_test(programs_of_a_tool_are_in_its_role),
		cmocka_unit_test(places_are_all_there_is),
		cmocka_unit_test(a_process_answers),
		cmocka_unit_test(processes_that_parse_are_held_short),
		cmocka_unit_test(its_end_is_explained),
		cmocka_unit_test(who_does_not_end_is_not_waited_for),
		cmocka_unit_test(but_ends_with_who_started_it),
	};

	/* A call with nothing but zeros changes what descriptor 0 is: let that be nothing of
	 * others. */
	int nobodys = memfd_create("nobody's", MFD_CLOEXEC);

	if (nobodys < 0 || dup2(nobodys, STDIN_FILENO) < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
