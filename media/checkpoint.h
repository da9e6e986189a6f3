/*
 * A checkpoint of an export log: which log, how many leaves, the root over them (C2SP
 * tlog-checkpoint), alone or with signature lines below it (C2SP signed-note).  There are no
 * extension lines.  Bytes to structure and back; what signatures are worth is for verifier/note.h.
 */
#ifndef MEDIA_CHECKPOINT_H
#define MEDIA_CHECKPOINT_H

#include "lib/base/limits.h"
#include "lib/log/audit.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct error;

enum {
	CHECKPOINT_NAME_SIZE = 160, /* of a log or a key, with NUL */
	CHECKPOINT_ID = 4,          /* bytes of a key id */
	CHECKPOINT_VALUE_MAX = 1040 /* RSA of 8192 bits, and a time */
};

struct checkpoint {
	char origin[CHECKPOINT_NAME_SIZE];
	struct audit_head head;
};

struct checkpoint_signature {
	char name[CHECKPOINT_NAME_SIZE];
	unsigned char id[CHECKPOINT_ID];
	size_t len;
	unsigned char value[CHECKPOINT_VALUE_MAX];
};

struct checkpoint_note {
	struct checkpoint checkpoint;
	size_t text_len; /* what is signed: the first bytes of the file */
	size_t count;
	struct checkpoint_signature signatures[LIMIT_NOTE_SIGNATURES];
};

/* A lower-case letter, then what is printed in ASCII but for space and '+'; 1 to 159 bytes. */
bool checkpoint_is_name(const char *bytes, size_t len) __attribute__((nonnull));

/*
 * Untrusted bytes to *out.  -1 with LOG_FORMAT.  On success the writers below give exactly these
 * bytes again.
 */
int checkpoint_parse(const void *bytes, size_t len, struct checkpoint_note *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* Append the text. */
int checkpoint_write(const struct checkpoint *c, struct buf *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* Append a signature line, below the text or another one (`first`: an empty line comes before). */
int checkpoint_write_signature(const struct checkpoint_signature *s, bool first, struct buf *out,
			       struct error *err) __attribute__((nonnull, warn_unused_result));

/* Append what a witness signs who saw it at that time (C2SP cosignature/v1). */
int checkpoint_write_cosigned(const struct checkpoint *c, int64_t time, struct buf *out,
			      struct error *err) __attribute__((nonnull, warn_unused_result));

#endif
