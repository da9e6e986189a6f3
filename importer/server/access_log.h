/*
 * One line per request, in the order of completion:
 *
 *	ADDRESS - - [2026-01-31T12:00:00Z] "GET /path" 206 16384 "agent" 3ms done
 *
 * Bytes that are not printable ASCII, quotes and backslashes are written \xHH, so a line is a
 * line whatever the client sent.  The last word is done, or aborted when the answer was not sent
 * whole.
 */
#ifndef SERVER_ACCESS_LOG_H
#define SERVER_ACCESS_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

struct error;
struct request;

enum { ACCESS_LOG_LINE_SIZE = 4096 };

/* The file at path, created if need be, to append to; the caller's.  -1 on failure. */
int access_log_open(const char *path, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* Go on in the file that has the path now: fd becomes that.  On failure it stays what it was. */
int access_log_reopen(const char *path, int fd, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* text into out, escaped as above: at most size - 1 bytes, never half an escape. */
void access_log_escape(const char *text, char *out, size_t size) __attribute__((nonnull));

/* Write the line into out with a newline and a terminator; returns its length, cut to fit. */
size_t access_log_format(const struct request *q, const struct sockaddr *client, bool whole,
			 char out[ACCESS_LOG_LINE_SIZE]) __attribute__((nonnull(1, 4)));

/* Append the line in one write, so that lines of several threads do not mix. */
void access_log_write(int fd, const struct request *q, const struct sockaddr *client, bool whole)
	__attribute__((nonnull(2)));

#endif
