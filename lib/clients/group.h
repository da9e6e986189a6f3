/*
 * Groups of computers: a tree.  "All Computers" is its root and holds every computer;
 * "Unassigned Computers" below it holds those that are in no other group.
 */
#ifndef CLIENTS_GROUP_H
#define CLIENTS_GROUP_H

#include "lib/base/cleanup.h"
#include "lib/base/limits.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct clients;
struct error;

enum { GROUP_ALL = 1, GROUP_UNASSIGNED = 2 }; /* ids of the two that are always there */
enum { GROUP_NAME_SIZE = LIMIT_GROUP_NAME + 1 };

struct group {
	int64_t id;
	unsigned char guid[16];
	char name[GROUP_NAME_SIZE]; /* UTF-8 without control characters */
	int64_t parent;             /* 0: the root */
	int64_t changed;            /* when it got its parent */
};

/*
 * The groups that a computer is directly in: ids ascending, each once, at least one.  Equal sets
 * are equal byte for byte in the first count ids: a key for what is prepared per set.
 */
struct group_set {
	size_t count;
	int64_t ids[LIMIT_GROUP_SET];
};

bool group_set_equal(const struct group_set *a, const struct group_set *b) __attribute__((nonnull));

struct group_list {
	struct group *items; /* ascending id: a parent can follow its children */
	size_t count;
};
int group_list_load(struct clients *c, struct group_list *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));
void group_list_clear(struct group_list *l);
DEFINE_CLEANUP_IN_PLACE(struct group_list, group_list_clear);

/* The item with this id or name (ASCII without case); NULL. */
const struct group *group_by_id(const struct group_list *l, int64_t id) __attribute__((nonnull));
const struct group *group_by_name(const struct group_list *l, const char *name)
	__attribute__((nonnull));

/* Is id `of` or below it? */
bool group_within(const struct group_list *l, int64_t id, int64_t of) __attribute__((nonnull));

/*
 * A new group below parent (a name; NULL: the root); *id is its id.  GROUP_NAME when the name is
 * taken or malformed, GROUP_ABSENT for an unknown parent, GROUP_LIMIT.
 */
int group_add(struct clients *c, const char *name, const char *parent, int64_t *id,
	      struct error *err) __attribute__((nonnull(1, 2, 4, 5), warn_unused_result));

/*
 * Remove a group with its approvals; its computers are in their other groups, or unassigned.
 * GROUP_BUILT_IN, GROUP_NOT_EMPTY while other groups are below it.
 */
int group_remove(struct clients *c, const char *name, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* Put a group below another parent.  GROUP_CYCLE when that is itself or below it. */
int group_move(struct clients *c, const char *name, const char *parent, int64_t now,
	       struct error *err) __attribute__((nonnull, warn_unused_result));

#endif
