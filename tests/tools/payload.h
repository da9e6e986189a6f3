/* The bytes behind the catalog: payload files and licence texts, and their digests. */
#ifndef TOOLS_PAYLOAD_H
#define TOOLS_PAYLOAD_H

#include "tests/tools/model.h"

struct error;

/* Digests and sizes of all licence texts. */
void payload_eulas(struct model *m) __attribute__((nonnull));

/*
 * Write the payload files below dirfd under their URL names, and set their digests in the model.
 * Bytes are random, or half random and half text.  Files are independent: threads do not matter.
 */
int payload_write(struct model *m, int dirfd, unsigned threads, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* Change one byte of a written file, or remove it. */
int payload_spoil(const struct model *m, int dirfd, size_t file, struct error *err)
	__attribute__((nonnull, warn_unused_result));
int payload_remove(const struct model *m, int dirfd, size_t file, struct error *err)
	__attribute__((nonnull, warn_unused_result));

#endif
