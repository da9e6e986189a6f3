/*
 * ranges: asks a server for ranges of one object over connections that stay, as fast as it can.
 *
 *	ranges PORT PATH SIZE-OF-OBJECT BYTES-OF-RANGE CONNECTIONS SECONDS
 *
 * Prints "requests N bytes N seconds S closed N": closed counts connections that the server ended.
 * Exit status 1 when an answer was not a 206 with as many bytes as asked for.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { HEAD = 4096, EVENTS = 64 };

struct connection {
	int fd;
	size_t len;    /* of head */
	uint64_t left; /* bytes of the body to come */
	bool in_body;
	char head[HEAD];
};

struct bench {
	struct sockaddr_in to;
	const char *path;
	uint64_t object, range;
	int epoll;
	uint64_t requests, bytes, closed, dice;
};

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "ranges: %s: %s\n", what, strerror(errno));
	exit(1);
}

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static uint64_t throw_dice(struct bench *b)
{
	b->dice ^= b->dice << 13;
	b->dice ^= b->dice >> 7;
	b->dice ^= b->dice << 17;
	return b->dice;
}

static void ask(struct bench *b, struct connection *c)
{
	char text[1024];
	uint64_t pieces = b->object / b->range;
	uint64_t first = throw_dice(b) % pieces * b->range;
	int len = snprintf(text, sizeof text,
			   "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: */*\r\n"
			   "User-Agent: Microsoft-Delivery-Optimization/10.1\r\n"
			   "Range: bytes=%" PRIu64 "-%" PRIu64 "\r\n\r\n",
			   b->path, first, first + b->range - 1);

	c->len = 0;
	c->in_body = false;
	if (send(c->fd, text, (size_t)len, MSG_NOSIGNAL) != len)
		die("send");
}

static void open_one(struct bench *b, struct connection *c)
{
	struct epoll_event e = { .events = EPOLLIN, .data.ptr = c };
	int one = 1;

	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&b->to, sizeof b->to) < 0)
		die("connect");
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	if (fcntl(c->fd, F_SETFL, O_NONBLOCK) < 0 ||
	    epoll_ctl(b->epoll, EPOLL_CTL_ADD, c->fd, &e) < 0)
		die("epoll");
	ask(b, c);
}

static void again(struct bench *b, struct connection *c)
{
	close(c->fd);
	b->closed++;
	open_one(b, c);
}

/* The head is complete: how much of the body is there already, how much is to come. */
static void judge(const struct bench *b, struct connection *c, const char *end)
{
	const char *length = strcasestr(c->head, "\r\nContent-Length:");
	uint64_t announced = length ? strtoumax(length + 17, NULL, 10) : 0;
	size_t have = c->len - (size_t)(end + 4 - c->head);

	if (strncmp(c->head, "HTTP/1.1 206 ", 13) != 0 || announced != b->range) {
		fprintf(stderr, "ranges: unexpected answer:\n%s", c->head);
		exit(1);
	}
	c->in_body = true;
	c->left = announced - have;
}

/* False when nothing more is there for now. */
static bool take(struct bench *b, struct connection *c)
{
	ssize_t n;

	if (!c->in_body)
		n = recv(c->fd, c->head + c->len, HEAD - 1 - c->len, 0);
	else /* dropped by the kernel: the client is not what is measured */
		n = recv(c->fd, NULL, c->left, MSG_TRUNC);
	if (n < 0 && errno == EAGAIN)
		return false;
	if (n <= 0) {
		again(b, c);
		return false;
	}
	if (c->in_body) {
		c->left -= (uint64_t)n;
	} else {
		c->len += (size_t)n;
		c->head[c->len] = '\0';
		const char *end = strstr(c->head, "\r\n\r\n");
		if (!end)
			return true;
		judge(b, c, end);
	}
	if (c->left > 0)
		return true;
	b->requests++;
	b->bytes += b->range;
	ask(b, c);
	return true;
}

int main(int argc, char **argv)
{
	struct epoll_event events[EVENTS];

	if (argc != 7) {
		fprintf(stderr, "usage: ranges PORT PATH SIZE RANGE CONNECTIONS SECONDS\n");
		return 2;
	}
	struct bench b = { .path = argv[2],
			   .object = strtoumax(argv[3], NULL, 10),
			   .range = strtoumax(argv[4], NULL, 10),
			   .dice = 88172645463325252u };
	size_t count = strtoumax(argv[5], NULL, 10);
	uint64_t length = strtoumax(argv[6], NULL, 10) * 1000000000u;
	struct connection *all = calloc(count ? count : 1, sizeof *all);

	b.to.sin_family = AF_INET;
	b.to.sin_port = htons((uint16_t)strtoumax(argv[1], NULL, 10));
	b.to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	b.epoll = epoll_create1(EPOLL_CLOEXEC);
	if (!all || b.epoll < 0 || b.range == 0 || b.object < b.range)
		die("start");
	for (size_t i = 0; i < count; i++)
		open_one(&b, &all[i]);
	uint64_t start = now();
	while (now() - start < length) {
		int n = epoll_wait(b.epoll, events, EVENTS, 1000);

		for (int i = 0; i < n; i++)
			while (take(&b, events[i].data.ptr))
				;
	}
	printf("requests %" PRIu64 " bytes %" PRIu64 " seconds %.3f closed %" PRIu64 "\n",
	       b.requests, b.bytes, (double)(now() - start) / 1e9, b.closed);
	free(all);
	return 0;
}
