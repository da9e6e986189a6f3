/* A client that sends exactly the bytes it is given and reads one answer after the other. */
#ifndef TESTS_CLIENT_H
#define TESTS_CLIENT_H

#include "lib/base/str.h"
#include "tests/unit/unit.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { CLIENT_BUFFER = 1 << 20 };

struct client {
	int fd;
	size_t len; /* received and not yet used */
	char buffer[CLIENT_BUFFER + 1];
};

struct answer {
	unsigned status;
	char head[8192];
	size_t body_len;
	char body[CLIENT_BUFFER + 1]; /* terminated */
};

static inline void client_connect(struct client *c, uint16_t port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(port) };
	struct timeval patience = { .tv_sec = 20 };

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	c->len = 0;
	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(c->fd >= 0);
	setsockopt(c->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	assert_int_equal(connect(c->fd, (struct sockaddr *)&a, sizeof a), 0);
}

static inline void client_send(struct client *c, const char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t n = send(c->fd, bytes, len, MSG_NOSIGNAL);

		if (n <= 0)
			return; /* closed: the answer tells why */
		bytes += n;
		len -= (size_t)n;
	}
}

/* More bytes; false at the end of the connection. */
static inline bool client_fill(struct client *c)
{
	if (c->len == CLIENT_BUFFER)
		fail_msg("answer too long for this client");
	ssize_t n = recv(c->fd, c->buffer + c->len, CLIENT_BUFFER - c->len, 0);
	if (n <= 0)
		return false;
	c->len += (size_t)n;
	c->buffer[c->len] = '\0';
	return true;
}

static inline void client_use(struct client *c, size_t len)
{
	memmove(c->buffer, c->buffer + len, c->len - len + 1);
	c->len -= len;
}

/* One answer; bodiless: to HEAD.  False when the connection ended instead. */
static inline bool client_receive(struct client *c, struct answer *a, bool bodiless)
{
	uint64_t length = 0;
	char *end;

	*a->body = *a->head = '\0';
	a->body_len = 0;
	c->buffer[c->len] = '\0';
	while (!(end = strstr(c->buffer, "\r\n\r\n")))
		if (!client_fill(c))
			return false;
	size_t head_len = (size_t)(end + 4 - c->buffer);
	assert_true(head_len < sizeof a->head);
	memcpy(a->head, c->buffer, head_len);
	a->head[head_len] = '\0';
	client_use(c, head_len);
	assert_memory_equal(a->head, "HTTP/1.1 ", 9);
	a->status = (unsigned)(a->head[9] - '0') * 100 + (unsigned)(a->head[10] - '0') * 10 +
		    (unsigned)(a->head[11] - '0');
	if (bodiless || a->status == 304 || a->status == 100)
		return true;
	char *field = strcasestr(a->head, "\r\nContent-Length: ");
	if (!field)
		fail_msg("no Content-Length: %s", a->head);
	field += 18;
	assert_true(str_to_u64(field, strcspn(field, "\r"), CLIENT_BUFFER, &length));
	while (c->len < length)
		if (!client_fill(c))
			fail_msg("body cut: %zu of %zu", c->len, (size_t)length);
	memcpy(a->body, c->buffer, length);
	a->body[length] = '\0';
	a->body_len = length;
	client_use(c, length);
	return true;
}

static inline void client_close(struct client *c)
{
	close(c->fd);
	c->fd = -1;
}

#endif
