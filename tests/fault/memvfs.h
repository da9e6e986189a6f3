/*
 * Two files in memory for SQLite: a database and its write-ahead log.  What is in them is the
 * caller's and may change between two statements; after memvfs_forget() SQLite recovers the log
 * again, as the first process after a crash does.  Nothing is ever written to them.
 */
#ifndef FAULT_MEMVFS_H
#define FAULT_MEMVFS_H

#include <stddef.h>
#include <stdint.h>

struct sqlite3;

struct memvfs_file {
	const unsigned char *bytes;
	size_t size;
};

struct memvfs {
	struct memvfs_file db, wal;
	unsigned char index[4][32768]; /* the shared memory: which frames count */
	unsigned regions;
	int wrote; /* SQLite wanted to change something */
};

/* A connection; NULL on failure.  One memvfs at a time. */
struct sqlite3 *memvfs_open(struct memvfs *m);
void memvfs_forget(struct memvfs *m, struct sqlite3 *db);

/* Frames of the log that count, their checksum, and pages of the database with them. */
uint32_t memvfs_frames(const struct memvfs *m, uint32_t checksum[2], uint32_t *pages);

#endif
