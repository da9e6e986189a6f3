/*
 * A made-up catalog as documents in memory, and ways to damage single ones: what the mutation test
 * of the catalog rules works on.
 */
#ifndef RULES_WORLD_H
#define RULES_WORLD_H

#include "lib/base/buf.h"
#include "lib/catalog/catalog.h"
#include "tests/tools/model.h"
#include "tests/tools/random.h"

#include <stdbool.h>

struct document {
	char stream; /* 'm': package.xml */
	char language[16];
	uint32_t revision;
	struct buf text;
	bool dropped;
};

struct world {
	struct model model;
	struct document *documents; /* the first is package.xml */
	size_t count, capacity;
	struct random random;
};

void world_build(struct world *w, uint64_t seed, uint32_t updates);
void world_clear(struct world *w);
/* *to is a copy that may be damaged; its model is borrowed and random numbers go on in it. */
void world_copy(const struct world *from, struct world *to);
void world_drop(struct world *copy);

/* The judged catalog; with fragments or package.xml alone. */
struct catalog *world_judge(const struct world *w, bool fragments, uint64_t **marks);

/* ---- finding things ---- */

struct document *world_master(struct world *w);
struct document *world_find(struct world *w, char stream, uint32_t revision);
/* Offset of <Update of this revision; *len reaches to the end of the element. */
size_t world_element(struct world *w, uint32_t revision, size_t *len);
/* Offset of text in [from, from + len) of a document, SIZE_MAX when it is not there. */
size_t world_text(const struct document *d, size_t from, size_t len, const char *text);
/* A number that no revision has. */
uint32_t world_new_revision(struct world *w);

/* A random update: of this kind, and what else is asked for. */
enum { WORLD_UNNEEDED = 1, WORLD_NEEDED = 2, WORLD_NEEDS = 4, WORLD_FILES = 8, WORLD_EULAS = 16 };
const struct model_update *world_pick(struct world *w, enum model_kind kind, unsigned wanted);

/* ---- damage ---- */

void world_splice(struct document *d, size_t at, size_t removed, const char *text);
/* Replace the first `from` behind offset `at`; aborts when there is none. */
size_t world_replace(struct document *d, size_t at, const char *from, const char *to);
/* The value of an attribute of the tag at this offset; inserted when absent, removed when NULL. */
void world_attribute(struct document *d, size_t tag, const char *name, const char *value);
/* Put text in front of the end tag of the element of a revision; returns where. */
size_t world_child(struct world *w, uint32_t revision, const char *text);
/* Take out an inner element, from <name> to </name>. */
void world_remove(struct world *w, uint32_t revision, const char *name);
/* A copy of the element of a revision behind it, with other ids; returns its offset. */
size_t world_repeat(struct world *w, uint32_t revision, const char *update_id,
		    uint32_t new_revision, uint32_t number);
struct document *world_add(struct world *w, char stream, uint32_t revision);
/* A random GUID, a random SHA-1 in base64. */
void world_guid(struct world *w, char out[37]);
void world_digest(struct world *w, char out[32]);

#endif
