#include "tests/clients/wire.h"

#include "lib/base/error.h"
#include "lib/base/str.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

uint64_t wire_clock(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static bool watch(struct wire *w, int epoll, int how, uint32_t events)
{
	struct epoll_event e = { .events = events, .data.ptr = w->owner };

	return epoll_ctl(epoll, how, w->fd, &e) == 0;
}

bool wire_connect(struct wire *w, int epoll, const struct sockaddr_in *to)
{
	int yes = 1;

	w->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (w->fd < 0)
		return false;
	setsockopt(w->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
	if (connect(w->fd, (const struct sockaddr *)to, sizeof *to) != 0 && errno != EINPROGRESS)
		return false;
	return watch(w, epoll, EPOLL_CTL_ADD, 0);
}

void wire_close(struct wire *w)
{
	if (w->fd >= 0)
		close(w->fd);
	w->fd = -1;
	buf_clear(&w->out);
	buf_clear(&w->in);
}

bool wire_start(struct wire *w, int epoll)
{
	w->sent = 0;
	w->in.len = 0;
	w->began = wire_clock();
	return watch(w, epoll, EPOLL_CTL_MOD, EPOLLOUT);
}

static int send_more(struct wire *w, int epoll)
{
	while (w->sent < w->out.len) {
		ssize_t n = send(w->fd, w->out.bytes + w->sent, w->out.len - w->sent, MSG_NOSIGNAL);

		if (n < 0)
			return errno == EAGAIN ? 0 : -1;
		w->sent += (size_t)n;
	}
	return watch(w, epoll, EPOLL_CTL_MOD, EPOLLIN) ? 0 : -1;
}

static bool receive(struct wire *w)
{
	for (;;) {
		struct error err = ERROR_INIT;
		unsigned char *room = buf_room(&w->in, 64 << 10, &err);

		if (!room)
			return false;
		ssize_t n = recv(w->fd, room, (64 << 10) - 1, 0);
		if (n < 0)
			return errno == EAGAIN;
		if (n == 0)
			return false;
		w->in.len += (size_t)n;
		w->in.bytes[w->in.len] = '\0'; /* there is room: one less was asked for */
		if (n < (64 << 10) - 1)
			return true;
	}
}

const char *wire_header(const struct wire_answer *a, const char *name, size_t *len)
{
	char wanted[64];

	snprintf(wanted, sizeof wanted, "\r\n%s: ", name);
	const char *at = strcasestr(a->head, wanted);
	if (!at)
		return NULL;
	at += strlen(wanted);
	*len = strcspn(at, "\r");
	return at;
}

/* 1 when everything is there. */
static int parse(struct wire *w, struct wire_answer *out)
{
	char *text = (char *)w->in.bytes;
	char *end = w->in.len > 0 ? strstr(text, "\r\n\r\n") : NULL;
	uint64_t length;
	size_t len;

	if (!end)
		return 0;
	size_t head = (size_t)(end + 4 - text);
	char kept = text[head];

	text[head] = '\0';
	*out = (struct wire_answer){ .head = text };
	const char *field = wire_header(out, "Content-Length", &len);
	bool good = memcmp(text, "HTTP/1.1 ", 9) == 0 && field &&
		    str_to_u64(field, len, WIRE_MAX, &length);
	if (!good)
		return -1;
	if (w->in.len < head + length) {
		text[head] = kept;
		return 0;
	}
	/* The end of the head is given up to a terminator: its last line break is empty anyway. */
	text[head] = kept;
	text[head - 1] = '\0';
	out->status = (unsigned)(text[9] - '0') * 100 + (unsigned)(text[10] - '0') * 10 +
		      (unsigned)(text[11] - '0');
	out->body = text + head;
	out->len = length;
	w->took = wire_clock() - w->began;
	return w->in.len == head + length ? 1 : -1;
}

int wire_ready(struct wire *w, int epoll, unsigned events, struct wire_answer *out)
{
	if (events & EPOLLOUT)
		return send_more(w, epoll);
	if (!receive(w))
		return -1;
	return parse(w, out);
}
