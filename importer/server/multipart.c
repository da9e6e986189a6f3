#include "importer/server/multipart.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/str.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* "\r\n--BOUNDARY\r\nContent-Type: ...\r\nContent-Range: bytes N-N/N\r\n\r\n": at most 222. */
enum { HEAD_SIZE = 256 };

struct part {
	char head[HEAD_SIZE]; /* what precedes the bytes; of the closing part all there is */
	size_t head_len;
	uint64_t start;         /* of head in the body */
	uint64_t offset, bytes; /* in the object */
};

struct multipart {
	int fd;
	uint64_t length;
	size_t count;   /* parts, the closing one included */
	size_t current; /* reads are sequential: where the last one ended */
	struct part parts[];
};

void multipart_boundary(const unsigned char sha256[32], char out[MULTIPART_BOUNDARY_SIZE])
{
	char hex[33];

	str_to_hex(sha256, 16, hex);
	snprintf(out, MULTIPART_BOUNDARY_SIZE, "gapferry-%s", hex);
}

/* Put the part behind the ones before it. */
static int place(struct multipart *m, struct part *p, struct error *err)
{
	p->start = m->length;
	if (__builtin_add_overflow(m->length, p->head_len, &m->length) ||
	    __builtin_add_overflow(m->length, p->bytes, &m->length) || m->length > INT64_MAX)
		return error_set(err, ERROR_LIMIT_BYTES,
				 "multipart answer: longer than 2^63 bytes");
	return 0;
}

struct multipart *multipart_new(const struct range_set *set, uint64_t size, int fd,
				const char *boundary, struct error *err)
{
	CLEANUP(multipart_free)
	struct multipart *m = buf_calloc(1, sizeof *m + (set->count + 1) * sizeof *m->parts);

	m->fd = fd;
	m->count = set->count + 1;
	for (size_t i = 0; i < set->count; i++) {
		const struct range *r = &set->items[i];
		struct part *p = &m->parts[i];

		p->head_len = (size_t)snprintf(
			p->head, sizeof p->head,
			"%s--%s\r\nContent-Type: application/octet-stream\r\n"
			"Content-Range: bytes %llu-%llu/%llu\r\n\r\n",
			i > 0 ? "\r\n" : "", boundary, (unsigned long long)r->first,
			(unsigned long long)r->last, (unsigned long long)size);
		p->offset = r->first;
		p->bytes = r->last - r->first + 1;
		if (place(m, p, err) < 0)
			return NULL;
	}
	struct part *end = &m->parts[set->count];
	end->head_len = (size_t)snprintf(end->head, sizeof end->head, "\r\n--%s--\r\n", boundary);
	if (place(m, end, err) < 0)
		return NULL;
	return STEAL(m);
}

uint64_t multipart_length(const struct multipart *m)
{
	return m->length;
}

static ssize_t read_object(const struct multipart *m, void *out, size_t len, uint64_t offset)
{
	for (;;) {
		ssize_t n = pread(m->fd, out, len, (off_t)offset);

		if (n < 0 && errno == EINTR)
			continue;
		/* The object is shorter than its row says: nothing right can be sent. */
		return n == 0 ? -1 : n;
	}
}

ssize_t multipart_read(struct multipart *m, uint64_t at, void *out, size_t len)
{
	if (at >= m->length || len == 0)
		return 0;
	if (at < m->parts[m->current].start)
		m->current = 0;
	while (m->current + 1 < m->count && at >= m->parts[m->current + 1].start)
		m->current++;

	const struct part *p = &m->parts[m->current];
	uint64_t skip = at - p->start;
	if (skip < p->head_len) {
		size_t n = p->head_len - (size_t)skip;

		if (n > len)
			n = len;
		memcpy(out, p->head + skip, n);
		return (ssize_t)n;
	}
	uint64_t done = skip - p->head_len, left = p->bytes - done;
	return read_object(m, out, left < len ? (size_t)left : len, p->offset + done);
}

void multipart_free(struct multipart *m)
{
	if (!m)
		return;
	file_close(m->fd);
	free(m);
}
