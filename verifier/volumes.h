/*
 * Where the bytes of the volumes are: whole files (vol-0001.tar) or segments of
 * them (vol-0001.s000012), in any number of directories.  Several copies of the
 * same bytes are welcome: what cannot be read in one is read in another.  A file
 * counts when its name and size fit; what it holds is proved by who reads it.
 * Files stay open as far as a quarter of the limit for open files goes; further
 * ones are opened for each read, and must still have their size.
 */
#ifndef VERIFIER_VOLUMES_H
#define VERIFIER_VOLUMES_H

#include "lib/base/cleanup.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct volumes;

/* No place yet; sizes (of volume 1, 2...) are borrowed for its life. */
struct volumes *volumes_new(const uint64_t *sizes, uint32_t count)
	__attribute__((warn_unused_result, returns_nonnull));
void volumes_free(struct volumes *v);
DEFINE_CLEANUP(struct volumes *, volumes_free);

/*
 * Note the volumes and segments that an open directory names; it is listed now, and its files
 * are opened by volumes_open().  path is for messages; label puts it in front of file names.
 */
int volumes_add_dir(struct volumes *v, int dir, const char *path, bool label, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* One whole volume (from 1) under any name.  Replaces all other places of it. */
int volumes_add_file(struct volumes *v, uint32_t volume, const char *path, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/*
 * Open what was noted of one volume: 0 when all of it is at hand.  Otherwise -1: VOLUME_MISSING
 * with the chunks that are not, or what is wrong with a file (VOLUME_SIZE, FILE_NAME, FILE_READ);
 * what is at hand can be read nevertheless.  Call before reading, from one thread.
 */
int volumes_open(struct volumes *v, uint32_t volume, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* Whether these bytes are at hand.  Also from workers, as is volumes_read(). */
bool volumes_has(const struct volumes *v, uint32_t volume, uint64_t at, uint64_t len)
	__attribute__((nonnull));

/* -1 with VOLUME_MISSING or FILE_READ. */
int volumes_read(const struct volumes *v, uint32_t volume, void *buf, size_t len, uint64_t at,
		 struct error *err) __attribute__((nonnull, warn_unused_result));

/* The same bytes from one copy (from 0): 1 read, 0 there are not so many copies, -1. */
int volumes_read_copy(const struct volumes *v, uint32_t volume, unsigned copy, void *buf,
		      size_t len, uint64_t at, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/*
 * The first bytes at or after *at that are not at hand: true with *at and *len, or false when
 * everything is from there on.
 */
bool volumes_gap(const struct volumes *v, uint32_t volume, uint64_t *at, uint64_t *len)
	__attribute__((nonnull));

/* A file by name from the first directory that has it: as file_open_read(). */
int volumes_open_file(const struct volumes *v, const char *name, int *fd, uint64_t *size,
		      struct error *err) __attribute__((nonnull, warn_unused_result));

/* The path of the copy that volumes_read_copy() reads; empty when it is too long. */
void volumes_copy_path(const struct volumes *v, uint32_t volume, unsigned copy, uint64_t at,
		       char *path, size_t size) __attribute__((nonnull));

/* The path of a file that holds all of these bytes, and where in it: for other programs. */
bool volumes_source(const struct volumes *v, uint32_t volume, uint64_t at, uint64_t len, char *path,
		    size_t size, uint64_t *offset) __attribute__((nonnull));

#endif
