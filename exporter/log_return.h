/* Cosigned checkpoints of the export log that come back from isolated sites. */
#ifndef EXPORTER_LOG_RETURN_H
#define EXPORTER_LOG_RETURN_H

#include "lib/crypto/key.h"

#include <stdint.h>

struct error;
struct sandbox_process;
struct store;

struct log_return {
	const char *path, *channel, *site; /* the file, and whose it must be */
	struct sandbox_process *reader;    /* receive_read_serve(), which read the site's receipt */
	uint64_t size;                     /* out: so many leaves were seen */
	char holder[KEY_HOLDER_SIZE];      /* out: who says so */
};

/*
 * Check it against the log and keep it; its signature joins those of the checkpoint of that size.
 * -1 with LOG_FORMAT, LOG_OTHER, LOG_RETURN, LOG_SIGNATURE, LOG_UNSIGNED, RECEIVE_FUTURE.  One
 * that shows another log than ours (LOG_SPLIT) is kept as evidence all the same.
 */
int log_return_take(struct store *s, struct log_return *r, struct error *err)
	__attribute__((nonnull, warn_unused_result));

#endif
