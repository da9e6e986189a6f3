/*
 * An answer in the making.  A service fills one; the HTTP glue sends it.  Every answer has a
 * length known beforehand, so nothing is ever sent chunked, and nothing is ever compressed.
 */
#ifndef SERVER_REPLY_H
#define SERVER_REPLY_H

#include "lib/base/cleanup.h"
#include "lib/base/error.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct MHD_Response;
struct buf;
struct multipart;

struct reply {
	unsigned status;
	struct MHD_Response *response; /* NULL until one of the makers was called */
	uint64_t length;               /* bytes of the body */
	size_t memory;                 /* of them, those in memory until they are sent */
	struct error why;              /* the failure that it tells of, for the log; or none */
};

#define REPLY_INIT          \
	{                   \
		.status = 0 \
	}

/* The makers: each is called once per reply.  text is copied and gets a newline. */
int reply_text(struct reply *r, unsigned status, const char *text, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* The bytes of b, which is empty afterwards; type is that of the content. */
int reply_bytes(struct reply *r, unsigned status, struct buf *b, const char *type,
		const char *cache, struct error *err) __attribute__((nonnull, warn_unused_result));

/* Keys sorted, ASCII only.  Takes over the reference, also on failure. */
int reply_json(struct reply *r, unsigned status, json_t *document, struct error *err)
	__attribute__((nonnull(1, 4), warn_unused_result));

/* Another descriptor for the same file, the caller's; -1 when there is none left. */
int reply_share(int fd, struct error *err) __attribute__((nonnull, warn_unused_result));

/*
 * length bytes of fd from offset; more than a few are sent without passing through user space.
 * fd is borrowed for the call.
 */
int reply_file(struct reply *r, unsigned status, int fd, uint64_t offset, uint64_t length,
	       struct error *err) __attribute__((nonnull, warn_unused_result));

/* 206 with several parts.  Takes over m. */
int reply_multipart(struct reply *r, struct multipart *m, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* Add a header; value must be free of line breaks (asserted: we make all of them). */
void reply_header(struct reply *r, const char *name, const char *value) __attribute__((nonnull));

/*
 * What went wrong, with the status that fits: a JSON document {"error": ...} or a line of text.
 * The details of a failure that is not the client's are kept out of it; they belong in our log.
 */
int reply_failure(struct reply *r, bool as_json, const struct error *why, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* The HTTP status for a failure: 400, 404, 405, 413, 503 or 500. */
unsigned reply_status(const struct error *why) __attribute__((nonnull));

void reply_clear(struct reply *r);
DEFINE_CLEANUP_IN_PLACE(struct reply, reply_clear);

#endif
