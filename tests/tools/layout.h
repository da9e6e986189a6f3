/*
 * The catalog as files: a wsusscn2.cab with its shards, or an old WSUSSCAN.cab; and, when asked
 * for, the same members as loose files.
 */
#ifndef TOOLS_LAYOUT_H
#define TOOLS_LAYOUT_H

#include "tests/tools/model.h"

struct error;

struct layout_options {
	const struct model *model;
	int dirfd;           /* where the cabinet goes */
	int treefd;          /* where the loose files go, or -1 */
	bool lzx;            /* else stored, on both levels */
	size_t shards;       /* wished for; more are made where a cabinet would overflow */
	unsigned threads;    /* shards are compressed side by side; the bytes do not depend on it */
	unsigned master;     /* of enum master_fault */
	const char *hostile; /* name of an extra member of the outer cabinet, or NULL */
};

struct layout_result {
	uint64_t fragments; /* members of all streams, licence texts not counted */
	size_t shards;
	char name[16]; /* of the outer cabinet */
};

int layout_write(const struct layout_options *options, struct layout_result *result,
		 struct error *err) __attribute__((nonnull, warn_unused_result));

#endif
