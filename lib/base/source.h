/*
 * A stream of bytes that is pulled: a file, memory, or a member of a cabinet.
 * Readers of formats take a source, never a path.
 */
#ifndef BASE_SOURCE_H
#define BASE_SOURCE_H

#include <stddef.h>
#include <sys/types.h>

struct error;

struct source {
	/* Up to len bytes into buf: the count, 0 at the end, -1 with err set. */
	ssize_t (*read)(struct source *s, void *buf, size_t len, struct error *err);
};

/* Bytes in memory, borrowed. */
struct source_memory {
	struct source base;
	const unsigned char *bytes;
	size_t left;
};
void source_memory_init(struct source_memory *s, const void *bytes, size_t len)
	__attribute__((nonnull(1)));

/* An open descriptor, borrowed; name (borrowed) is used in messages. */
struct source_fd {
	struct source base;
	int fd;
	const char *name;
};
void source_fd_init(struct source_fd *s, int fd, const char *name) __attribute__((nonnull));

#endif
