#include "lib/sandbox/sandbox_message.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/limits.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A process that does not go on; the other side waits for ever and never sees it. */
static bool is_silence(ssize_t n)
{
	return n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

static int write_all(int fd, const unsigned char *bytes, size_t len, struct error *err)
{
	while (len > 0) {
		ssize_t n = write(fd, bytes, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (is_silence(n))
			return error_set(err, ERROR_SANDBOX_SILENT, "nobody takes a message");
		if (n <= 0)
			return error_set(err, ERROR_SANDBOX_PROCESS, "nobody takes a message");
		bytes += n;
		len -= (size_t)n;
	}
	return 0;
}

/* 1, or 0 when not a single byte came. */
static int read_all(int fd, unsigned char *bytes, size_t len, struct error *err)
{
	size_t have = 0;

	while (have < len) {
		ssize_t n = read(fd, bytes + have, len - have);

		if (n < 0 && errno == EINTR)
			continue;
		if (is_silence(n))
			return error_set(err, ERROR_SANDBOX_SILENT, "nothing comes");
		if (n == 0 && have == 0)
			return 0;
		if (n <= 0)
			return error_set(err, ERROR_SANDBOX_PROCESS, "a message is cut short");
		have += (size_t)n;
	}
	return 1;
}

int sandbox_send_part(int fd, const void *bytes, size_t len, struct error *err)
{
	const unsigned char *at = bytes;
	unsigned char piece[1 << 16]; /* so that who waits wakes up once */
	uint32_t n;

	while (len > 0) {
		n = (uint32_t)(len < sizeof piece - sizeof n ? len : sizeof piece - sizeof n);
		memcpy(piece, &n, sizeof n);
		memcpy(piece + sizeof n, at, n);
		if (write_all(fd, piece, sizeof n + n, err) < 0)
			return -1;
		at += n;
		len -= n;
	}
	return 0;
}

int sandbox_send(int fd, const void *bytes, size_t len, struct error *err)
{
	static const uint32_t end;

	if (sandbox_send_part(fd, bytes, len, err) < 0)
		return -1;
	return write_all(fd, (const unsigned char *)&end, sizeof end, err);
}

int sandbox_receive(int fd, struct buf *out, struct error *err)
{
	for (;;) {
		struct error endless = ERROR_INIT;
		uint32_t n;
		int got = read_all(fd, (unsigned char *)&n, sizeof n, err);

		if (got <= 0)
			return got;
		if (n == 0)
			return 1;
		unsigned char *room = n > LIMIT_SANDBOX_FRAME ? NULL : buf_room(out, n, &endless);
		if (!room)
			return error_set(err, ERROR_SANDBOX_RECORD,
					 "%u bytes more after %zu: longer than any message", n,
					 out->len);
		got = read_all(fd, room, n, err);
		if (got <= 0)
			return got;
		out->len += n;
	}
}

/* ---- parts ---- */

int sandbox_put(struct buf *out, const void *bytes, size_t len, struct error *err)
{
	uint32_t n = (uint32_t)len;

	if (n != len)
		return error_set(err, ERROR_LIMIT_BYTES, "a part of %zu bytes", len);
	return buf_append(out, &n, sizeof n, err) < 0 ? -1 : buf_append(out, bytes, len, err);
}

bool sandbox_take(struct sandbox_input *in, const unsigned char **bytes, size_t *len, size_t max)
{
	uint32_t n;

	if (in->left < sizeof n)
		return false;
	memcpy(&n, in->bytes, sizeof n);
	if (n > in->left - sizeof n || n > max)
		return false;
	*bytes = in->bytes + sizeof n;
	*len = n;
	in->bytes += sizeof n + n;
	in->left -= sizeof n + n;
	return true;
}

bool sandbox_take_exactly(struct sandbox_input *in, void *out, size_t len)
{
	const unsigned char *bytes;
	size_t have;

	if (!sandbox_take(in, &bytes, &have, len) || have != len)
		return false;
	memcpy(out, bytes, len);
	return true;
}

/* ---- answers ---- */

enum { ERRNO_MAX = 4095 }; /* of the kernel */

int sandbox_put_error(const struct error *why, struct buf *out, struct error *err)
{
	static const unsigned char bad = 1;
	const uint32_t head[2] = { (uint32_t)why->id, (uint32_t)why->sys };

	return buf_append(out, &bad, 1, err) < 0 || buf_append(out, head, sizeof head, err) < 0
		       ? -1
		       : buf_append(out, why->message, strlen(why->message), err);
}

int sandbox_check_answer(const struct buf *answer, const char *label, struct error *err)
{
	char text[sizeof err->message];
	uint32_t head[2]; /* id; errno at the time, or 0 */

	if (answer->len > 0 && answer->bytes[0] == 0)
		return 0;
	if (answer->len < 1 + sizeof head || answer->bytes[0] != 1)
		return error_set(err, ERROR_SANDBOX_RECORD, "%s: an answer that is none", label);
	memcpy(head, answer->bytes + 1, sizeof head);
	if (head[0] == ERROR_NONE || head[0] >= ERROR_IDS_ || head[1] > ERRNO_MAX)
		return error_set(err, ERROR_SANDBOX_RECORD, "%s: an unknown error", label);
	size_t len = answer->len - 1 - sizeof head;
	snprintf(text, sizeof text, "%.*s", (int)(len < sizeof text ? len : sizeof text),
		 (const char *)answer->bytes + 1 + sizeof head);
	error_set(err, (enum error_id)head[0], "%s", text);
	err->sys = (int)head[1];
	return -1;
}

/* 1 to go on; 0: nothing came. */
static int serve_one(const struct sandbox_service *s, int fd, struct error *err)
{
	static const unsigned char good;
	CLEANUP(buf_clear) struct buf request = BUF_INIT(s->max);
	CLEANUP(buf_clear) struct buf out = BUF_INIT(LIMIT_SANDBOX_MESSAGE);
	struct error why = ERROR_INIT;
	int got = sandbox_receive(fd, &request, err);

	if (got <= 0)
		return got;
	if (buf_append(&out, &good, 1, err) < 0)
		return -1;
	if (s->answer(s->ctx, &request, &out, &why) < 0) {
		out.len = 0;
		if (sandbox_put_error(&why, &out, err) < 0)
			return -1;
	}
	return sandbox_send(fd, out.bytes, out.len, err) < 0 ? -1 : 1;
}

int sandbox_serve(const struct sandbox_service *service, int fd)
{
	struct error err = ERROR_INIT; /* the other side sees the end of the stream */
	int more;

	while ((more = serve_one(service, fd, &err)) == 1)
		;
	return more == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

int sandbox_ask(struct sandbox_process *p, const void *request, size_t len, struct buf *answer,
		const char *label, struct error *err)
{
	struct error gone = ERROR_INIT;

	answer->len = 0;
	if (p->fd < 0 || sandbox_send(p->fd, request, len, &gone) < 0 ||
	    sandbox_receive(p->fd, answer, &gone) <= 0) {
		if (gone.id == ERROR_SANDBOX_SILENT)
			sandbox_give_up(p);
		if (gone.id != ERROR_SANDBOX_RECORD)
			return sandbox_explain(p, label, err);
		*err = gone;
		return error_wrap(err, "%s", label);
	}
	return sandbox_check_answer(answer, label, err);
}
