/*
 * What a repository holds, as a list of keys with digests: every column of every table of its
 * databases, and every file.  Two lists are compared key by key.
 */
#ifndef FAULT_STATE_H
#define FAULT_STATE_H

#include <stdbool.h>
#include <stddef.h>

struct sqlite3;

enum { STATE_KEY = 160 };

struct state_entry {
	char key[STATE_KEY];
	unsigned char digest[32];
};

struct state {
	struct state_entry *entries;
	size_t count, capacity;
	size_t wrong; /* objects whose bytes have another digest than their name */
};

/* The rows; false when the database cannot be read, or is corrupt. */
bool state_add_rows(struct state *s, struct sqlite3 *db);

/* The same of a repository: of catalog.db, and of clients.db where it is. */
bool state_load_rows(struct state *s, const char *repository);

/* Rows and files of a repository. */
bool state_load(struct state *s, const char *repository);
void state_add(struct state *s, const struct state_entry *e); /* in their order */
void state_clear(struct state *s);

/*
 * Keys that differ and are not in the mask (which holds those that differ between two undisturbed
 * runs: signatures) or of the ledger, which records refusals.  The first is copied to where.  mask
 * may be NULL.
 */
size_t state_compare(const struct state *a, const struct state *b, const struct state *mask,
		     char where[STATE_KEY]);

/* The mask of two runs. */
void state_mask(const struct state *a, const struct state *b, struct state *out);

/* Forget keys with this prefix that known has not. */
void state_drop_others(struct state *s, const char *prefix, const struct state *known);

/* Whole trees: copied with their modes, removed. */
bool state_copy_tree(const char *from, const char *to);
void state_remove_tree(const char *path);

#endif
