/*
 * A directory tree as a disk may show it after a crash: a base that is durable, and the log of a
 * run (fault.h).  What a flush has not covered may be there or not, each piece by itself: 512 or
 * 4096 bytes of a write, a change of a size, a name.  A rename is one piece.
 */
#ifndef FAULT_DISK_H
#define FAULT_DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fault_record;

enum { DISK_BLOCK = 512, DISK_NAME = 80 };

struct disk_file {
	uint64_t inode;
	bool directory;
	unsigned char *bytes;
	size_t size, capacity;
	uint64_t *blocks; /* hash of each block of DISK_BLOCK bytes */
	uint64_t hash;    /* of all of them; with the size */
};

struct disk_name {
	uint64_t dir, inode; /* inode 0: no such name */
	char name[DISK_NAME];
};

struct disk_op {
	const struct fault_record *record;
	const char *first, *second;
	const unsigned char *data;
	size_t file; /* from 1 of the file it changes; 0: not looked up yet */
};

/* A piece that may be lost: op, and for data its part. */
struct disk_piece {
	uint32_t op;
	uint32_t from, length;
};

struct disk {
	uint64_t root;
	struct disk_file *files;
	size_t file_count, file_capacity;
	struct disk_name *names;
	size_t name_count, name_capacity;
	uint64_t names_hash;
	struct disk_op *ops;
	size_t op_count, op_capacity;
	/* what apply changed since mark, to go back */
	struct disk_undo *undo;
	size_t undo_count, undo_capacity;
	unsigned char *saved;
	size_t saved_len, saved_capacity;
};

bool disk_load(struct disk *d, const char *root);
void disk_read_log(struct disk *d, const unsigned char *log, size_t len);

/* Operations before `end` that no flush before `end` covers, cut into pieces of grain bytes. */
size_t disk_pending(const struct disk *d, size_t end, size_t grain, struct disk_piece **out);

/* Make an operation durable for good: pieces of it that were pending are no more. */
void disk_apply(struct disk *d, const struct disk_piece *p);
void disk_mark(struct disk *d);    /* forget how to go back */
void disk_go_back(struct disk *d); /* to the mark */

/* The whole piece of an operation. */
struct disk_piece disk_whole(const struct disk *d, size_t op);

uint64_t disk_hash(const struct disk *d);
struct disk_file *disk_find(struct disk *d, uint64_t inode);
uint64_t disk_lookup(const struct disk *d, uint64_t dir, const char *name); /* inode or 0 */
uint64_t disk_mix(uint64_t a, uint64_t b);
uint64_t disk_page_hash(const struct disk_file *f, size_t page); /* 4096 bytes of it */

/* Write it out as files below to, which must not exist. */
bool disk_write_out(struct disk *d, const char *to);

#endif
