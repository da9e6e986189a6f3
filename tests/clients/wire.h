/*
 * HTTP/1.1 for many simulated computers in one thread: one connection each, kept alive, one request
 * at a time.  Knows answers with a Content-Length only, because others are a defect here.
 */
#ifndef CLIENTS_WIRE_H
#define CLIENTS_WIRE_H

#include "lib/base/buf.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

enum { WIRE_MAX = 80 << 20 };

struct wire {
	int fd; /* -1: not connected */
	struct buf out, in;
	size_t sent;
	uint64_t began; /* nanoseconds, when the request was ready */
	uint64_t took;  /* until its answer was whole */
	void *owner;
};

struct wire_answer {
	unsigned status;
	const char *head; /* terminated */
	const char *body; /* likewise */
	size_t len;
};

uint64_t wire_clock(void);

/* Connect without waiting and watch the connection with epoll. */
bool wire_connect(struct wire *w, int epoll, const struct sockaddr_in *to);
void wire_close(struct wire *w);

/* Send what is in w->out from now on. */
bool wire_start(struct wire *w, int epoll);

/* The connection is ready: 1 and an answer, borrowed until wire_start(); 0 not yet; -1 it broke. */
int wire_ready(struct wire *w, int epoll, unsigned events, struct wire_answer *out);

/* The value of a header up to its line's end; NULL. */
const char *wire_header(const struct wire_answer *a, const char *name, size_t *len);

#endif
