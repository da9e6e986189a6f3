/* A file on its way into a decoder and, byte for byte, into the content store. */
#ifndef EXPORTER_TEE_H
#define EXPORTER_TEE_H

#include "lib/base/source.h"

#include <stdint.h>

struct authenticode;
struct content_writer;
struct progress;

struct tee {
	struct source base;
	struct source_fd file;
	struct content_writer *copy; /* the caller's */
	struct authenticode *signature;
	struct progress *progress;
	uint64_t size; /* read so far */
};

/* Everything is borrowed; label names the file in messages. */
void tee_init(struct tee *t, int fd, const char *label, struct content_writer *copy,
	      struct authenticode *signature, struct progress *progress) __attribute__((nonnull));

#endif
