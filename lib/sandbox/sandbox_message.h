/*
 * Messages between processes, on the stream socket of sandbox_start(): pieces of a length (four
 * bytes) and so many bytes, at most LIMIT_SANDBOX_FRAME; one without bytes is the end.  Integers
 * are of the machine: both sides are one program.
 *
 * An answer begins with a byte: 0, or 1 and then an error: a number (enum error_id) and its text.
 */
#ifndef SANDBOX_SANDBOX_MESSAGE_H
#define SANDBOX_SANDBOX_MESSAGE_H

#include "lib/sandbox/sandbox.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct error;

/*
 * 1, 0 when nothing came at all, -1 with SANDBOX_RECORD (a length that cannot be, more than the
 * buffer may hold), SANDBOX_PROCESS (nobody is there any more) or SANDBOX_SILENT (not a byte for
 * the patience of sandbox_start()).
 */
int sandbox_send(int fd, const void *bytes, size_t len, struct error *err)
	__attribute__((nonnull(4), warn_unused_result));
/* The beginning of a message, which sandbox_send() ends: it cannot be taken back. */
int sandbox_send_part(int fd, const void *bytes, size_t len, struct error *err)
	__attribute__((nonnull(4), warn_unused_result));
int sandbox_receive(int fd, struct buf *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/*
 * One question and its answer, the first byte of which was looked at.  -1 with the error that it
 * is, SANDBOX_RECORD, SANDBOX_KILLED, SANDBOX_CRASHED or SANDBOX_SILENT.
 */
int sandbox_ask(struct sandbox_process *p, const void *request, size_t len, struct buf *answer,
		const char *label, struct error *err)
	__attribute__((nonnull(1, 4, 5, 6), warn_unused_result));
int sandbox_check_answer(const struct buf *answer, const char *label, struct error *err)
	__attribute__((nonnull, warn_unused_result));
int sandbox_put_error(const struct error *why, struct buf *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/*
 * The life of a process that answers: each request, of at most max bytes, until nothing comes any
 * more.  answer() appends to out, which has the first byte already; when it fails, its error is
 * the answer.  Returns the status to end with.
 */
struct sandbox_service {
	int (*answer)(void *ctx, const struct buf *request, struct buf *out, struct error *err);
	void *ctx;
	size_t max;
};
int sandbox_serve(const struct sandbox_service *service, int fd)
	__attribute__((nonnull, warn_unused_result));

/* Parts of a message: a length (four bytes) and so many bytes.  False: there is none like that. */
struct sandbox_input {
	const unsigned char *bytes;
	size_t left;
};
int sandbox_put(struct buf *out, const void *bytes, size_t len, struct error *err)
	__attribute__((nonnull(1, 4), warn_unused_result));
bool sandbox_take(struct sandbox_input *in, const unsigned char **bytes, size_t *len, size_t max)
	__attribute__((nonnull, warn_unused_result));
bool sandbox_take_exactly(struct sandbox_input *in, void *out, size_t len)
	__attribute__((nonnull, warn_unused_result));

#endif
