#include "importer/server/access_log.h"

#include "importer/server/address.h"
#include "importer/server/request.h"
#include "lib/base/clock.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/str.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

int access_log_open(const char *path, struct error *err)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0640);

	if (fd < 0)
		return error_set_errno(err, ERROR_FILE_OPEN, "%s: cannot open the access log",
				       path);
	return fd;
}

int access_log_reopen(const char *path, int fd, struct error *err)
{
	CLEANUP(file_close) int fresh = access_log_open(path, err);

	if (fresh < 0)
		return -1;
	/* In one step: other threads write to it meanwhile. */
	if (dup3(fresh, fd, O_CLOEXEC) < 0)
		return error_set_errno(err, ERROR_FILE_OPEN, "%s: cannot go on in it", path);
	return 0;
}

void access_log_escape(const char *text, char *out, size_t size)
{
	size_t len = 0;

	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;
		bool plain = c >= 0x20 && c < 0x7f && c != '"' && c != '\\';

		if (len + (plain ? 1 : 4) >= size)
			break;
		if (plain)
			out[len++] = (char)c;
		else
			len += (size_t)snprintf(out + len, size - len, "\\x%02X", c);
	}
	out[len] = '\0';
}

size_t access_log_format(const struct request *q, const struct sockaddr *client, bool whole,
			 char out[ACCESS_LOG_LINE_SIZE])
{
	char host[ADDRESS_TEXT_SIZE] = "-", now[STR_TIME_SIZE], target[3000], agent[700],
	     method[64];

	if (client)
		address_host(client, host);
	str_from_time(clock_now(), now);
	access_log_escape(q->target, target, sizeof target);
	access_log_escape(q->agent[0] ? q->agent : "-", agent, sizeof agent);
	access_log_escape(q->method[0] ? q->method : "-", method, sizeof method);
	int len = snprintf(
		out, ACCESS_LOG_LINE_SIZE, "%s - - [%s] \"%s %s\" %u %llu \"%s\" %llums %s\n", host,
		now, method, target, q->status, (unsigned long long)q->length, agent,
		(unsigned long long)(clock_ticks() - q->started), whole ? "done" : "aborted");

	return (size_t)len;
}

void access_log_write(int fd, const struct request *q, const struct sockaddr *client, bool whole)
{
	char line[ACCESS_LOG_LINE_SIZE];
	size_t len = access_log_format(q, client, whole, line);

	/* A full disk loses lines of the log; it must not stop the service. */
	ssize_t written = write(fd, line, len);
	(void)written;
}
