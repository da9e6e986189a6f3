/*
 * Files below a directory descriptor.  Nothing here follows a symbolic link in
 * the last component, and a whole file appears under its name at once or not
 * at all: temporary name, fsync, rename, fsync of the directory.
 */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include "lib/base/cleanup.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct buf;
struct error;

/* close() for CLEANUP; -1 is allowed. */
void file_close(int fd);
DEFINE_CLEANUP(int, file_close);

/* Open a directory given by the operator.  The descriptor is the caller's; -1 on failure. */
int file_open_dir(const char *path, struct error *err) __attribute__((nonnull, warn_unused_result));

/* The same below dirfd, created with mode 0777 & ~umask when absent and create is true. */
int file_open_subdir(int dirfd, const char *name, bool create, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* Create path and missing parents (mkdir -p). */
int file_make_dirs(const char *path, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/*
 * Open a regular file for reading.  1 with *fd and *size set, 0 when it does
 * not exist, -1 otherwise (a directory, device or link is an error).
 */
int file_open_read(int dirfd, const char *name, int *fd, uint64_t *size, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* The same for a file that must be there: 0, or -1 with ERROR_FILE_OPEN when it is not. */
int file_open_present(int dirfd, const char *name, int *fd, uint64_t *size, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/*
 * The whole of a regular file of at most max bytes, terminated with NUL beyond
 * the end.  1 and *out (the caller frees) and *len; 0 when absent; -1.
 */
int file_load(int dirfd, const char *name, size_t max, unsigned char **out, size_t *len,
	      struct error *err) __attribute__((nonnull, warn_unused_result));

/* The same for a file that must be there: 0, or -1 with ERROR_FILE_OPEN when it is not. */
int file_load_present(int dirfd, const char *name, size_t max, unsigned char **out, size_t *len,
		      struct error *err) __attribute__((nonnull, warn_unused_result));

/* Exactly len bytes at offset; a short read is an error that names the offset. */
int file_read_at(int fd, const char *name, void *buf, size_t len, uint64_t offset,
		 struct error *err) __attribute__((nonnull, warn_unused_result));
int file_write_at(int fd, const char *name, const void *buf, size_t len, uint64_t offset,
		  struct error *err) __attribute__((nonnull, warn_unused_result));

/*
 * Write a whole file under name: replaced at once, durable on return.  mode is
 * given to open().  Directories above must exist.
 */
int file_save(int dirfd, const char *name, const void *bytes, size_t len, mode_t mode,
	      struct error *err) __attribute__((nonnull(2, 6), warn_unused_result));

/* fsync with an error that names the thing. */
int file_sync(int fd, const char *name, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* Bytes free to an unprivileged user on the file system of dirfd. */
int file_free_space(int dirfd, uint64_t *bytes, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/*
 * Remove a directory below dirfd with everything in it, symbolic links not followed.  Depth is
 * limited to 8.  Absence is success.
 */
int file_remove_tree(int dirfd, const char *name, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* Names of the entries of a directory, sorted bytewise, without "." and "..". */
struct file_list {
	char **names;
	size_t count;
};
int file_list_load(int dirfd, size_t max, struct file_list *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));
void file_list_clear(struct file_list *l);
DEFINE_CLEANUP_IN_PLACE(struct file_list, file_list_clear);

#endif
