/*
 * liar.c: loaded in front of a program (LD_PRELOAD), it lets some of its processes say something
 * else, as a document would that took them over.  It makes the system calls that the C library
 * makes, because a role allows no other ones.
 *
 * GAPFERRY_LIARS has the numbers of these processes, in the order of their start, as digits;
 * GAPFERRY_TRUTH and GAPFERRY_LIE what they would write and what they do, of the same length.
 */
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct liar {
	const char *who, *truth, *lie;
	int started;
	bool lies;
} liar;

static void before_fork(void)
{
	liar.started++;
}

static void after_fork(void)
{
	liar.lies = liar.started < 10 && strchr(liar.who, '0' + liar.started);
}

__attribute__((constructor)) static void liar_begin(void)
{
	const char *who = getenv("GAPFERRY_LIARS");
	const char *truth = getenv("GAPFERRY_TRUTH"), *lie = getenv("GAPFERRY_LIE");

	if (!who || !truth || !lie || strlen(truth) != strlen(lie))
		return;
	/* Processes clear their environment. */
	liar.who = strdup(who);
	liar.truth = strdup(truth);
	liar.lie = strdup(lie);
	if (liar.who && liar.truth && liar.lie)
		pthread_atfork(before_fork, NULL, after_fork);
}

__attribute__((visibility("default"))) ssize_t write(int fd, const void *bytes, size_t len)
{
	const char *end = (const char *)bytes + len;
	size_t said = liar.lies ? strlen(liar.truth) : 0;
	char *at = said > 0 ? memmem(bytes, len, liar.truth, said) : NULL;

	while (at) {
		memcpy(at, liar.lie, said);
		at += said;
		at = memmem(at, (size_t)(end - at), liar.truth, said);
	}
	return syscall(SYS_write, fd, bytes, len);
}
