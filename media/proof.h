/*
 * The proof of one object without its bundle (docs/FORMAT.md "Proof"): its line of OBJECTS, the
 * way from it to the root in log/objects, and the small files that lead from there to the
 * signatures.  Bytes to structure and back; whether it holds is for verifier/proof_check.h.
 */
#ifndef MEDIA_PROOF_H
#define MEDIA_PROOF_H

#include "lib/base/cleanup.h"
#include "lib/base/limits.h"
#include "lib/log/audit.h"

#include <stddef.h>

struct buf;
struct error;

#define PROOF_LOG "log/proof" /* a file that no bundle has: the bundle's place in the log */

enum { PROOF_NAME_SIZE = 64 };

struct proof_file {
	char name[PROOF_NAME_SIZE];
	unsigned char *bytes; /* owned */
	size_t len;
};

struct proof {
	char line[LIMIT_TEXT_LINE + 1]; /* of OBJECTS */
	uint64_t index;                 /* of the line, from 0 */
	struct audit_path path;
	size_t count;
	struct proof_file files[LIMIT_PROOF_FILES]; /* sorted by name, unique */
};

/* Untrusted bytes to *out, which must be zero and is the caller's to clear.  PROOF_FORMAT. */
int proof_parse(const void *bytes, size_t len, struct proof *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* Append the bytes that proof_parse() reads. */
int proof_write(const struct proof *p, struct buf *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* Add a file in its place; the bytes are copied.  PROOF_FORMAT for a repeated or wrong name. */
int proof_add(struct proof *p, const char *name, const void *bytes, size_t len, struct error *err)
	__attribute__((nonnull(1, 2, 5), warn_unused_result));

/* The file of that name, or NULL. */
const struct proof_file *proof_find(const struct proof *p, const char *name)
	__attribute__((nonnull));

void proof_clear(struct proof *p);
DEFINE_CLEANUP_IN_PLACE(struct proof, proof_clear);

#endif
