/* The side that parses: from a request to its answer, and the process that does nothing else. */
#ifndef UNPACK_UNPACK_WORKER_H
#define UNPACK_UNPACK_WORKER_H

#include "lib/base/cleanup.h"

#include <stddef.h>
#include <stdint.h>

struct buf;
struct error;
struct unpack_worker;

/*
 * A request is struct unpack_ask, then its bytes.  In an answer (lib/sandbox/sandbox_message.h)
 *that is no error there are UNPACK_TEXT    the text UNPACK_OPEN    struct unpack_opened, then a
 *struct pack_entry for each fragment UNPACK_PARSE   for each item a number, the length of its
 *record, and the record
 */
enum unpack_verb { UNPACK_TEXT = 1, UNPACK_OPEN, UNPACK_PARSE };

enum { UNPACK_LABEL_SIZE = 72 };

/*
 * So many records are sent together.  One by one is a third of the time of an import; documents so
 * close to one that takes over both sets are not safe from it.
 */
enum { UNPACK_AT_ONCE = 16 };

struct unpack_ask {
	uint32_t verb;
	uint32_t items; /* UNPACK_PARSE: struct unpack_item that follow */
	uint64_t max;   /* UNPACK_TEXT */
	char label[UNPACK_LABEL_SIZE];
};

struct unpack_opened {
	uint64_t len;
	uint64_t count;
};

struct unpack_item {
	uint32_t entry; /* of the pack that was opened last */
	uint32_t stream;
};

struct unpack_worker *unpack_worker_new(void) __attribute__((warn_unused_result, returns_nonnull));
void unpack_worker_free(struct unpack_worker *w);
DEFINE_CLEANUP(struct unpack_worker *, unpack_worker_free);

/*
 * Append the answer, or what is left of one that unpack_worker_run() began to send; -1 only when
 * it would be longer than the buffer may be, or fails after its beginning.
 */
int unpack_worker_answer(struct unpack_worker *w, const void *request, size_t len, struct buf *out,
			 struct error *err) __attribute__((nonnull, warn_unused_result));

/*
 * Answer what comes until nothing does: the whole life of a process.  Records are sent, so many as
 * UNPACK_AT_ONCE says, before the next document is parsed.  ctx is not used.
 */
int unpack_worker_run(void *ctx, int fd);

#endif
