/*
 * A file that is written piece by piece and appears under its name at once or
 * not at all, as file_save() does for one that fits into memory.
 */
#ifndef BASE_FILE_WRITER_H
#define BASE_FILE_WRITER_H

#include "lib/base/cleanup.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct error;
struct file_writer;

/* Begin a file below dirfd (borrowed until the writer is gone).  NULL with FILE_NAME, FILE_WRITE.
 */
struct file_writer *file_writer_begin(int dirfd, const char *name, mode_t mode, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* Append; collected into writes of 1 MiB.  -1 with FILE_WRITE. */
int file_writer_append(struct file_writer *w, const void *bytes, size_t len, struct error *err)
	__attribute__((nonnull(1, 4), warn_unused_result));

/* Bytes appended so far. */
uint64_t file_writer_size(const struct file_writer *w) __attribute__((nonnull));

/* Replace what has the name, durable on return.  w is finished either way. */
int file_writer_commit(struct file_writer *w, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* Drop a writer and its bytes.  NULL is allowed. */
void file_writer_abandon(struct file_writer *w);
DEFINE_CLEANUP(struct file_writer *, file_writer_abandon);

#endif
