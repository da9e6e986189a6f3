/*
 * Table-driven walk over XML elements, shared by the parsers of this component.
 *
 * A table row says: inside `parent`, element `name` leads to state `state` and
 * calls begin and end.  An element without a row is a note and is skipped with
 * everything in it; a row with state CATALOG_WALK_IGNORE is skipped silently.
 * Also the scratch memory of one parsed piece and the conversions of attributes,
 * which record a problem instead of failing.
 */
#ifndef CATALOG_WALK_H
#define CATALOG_WALK_H

#include "lib/base/arena.h"
#include "lib/base/buf.h"
#include "lib/base/limits.h"
#include "lib/catalog/catalog_model.h"
#include "lib/xml/xml.h"

enum { CATALOG_WALK_TOP = 0, CATALOG_WALK_IGNORE = 255 };

struct catalog_walk_row {
	unsigned char parent, state;
	bool text; /* collect the text of the element for end() */
	const char *name;
	int (*begin)(void *ctx, const struct xml_attribute *at, size_t n, struct error *err);
	int (*end)(void *ctx, struct error *err);
};

/* A plain growing array that is emptied, not freed, between pieces. */
struct catalog_vector {
	void *items;
	size_t count, capacity;
};

/* Room for one more item of this size, zeroed. */
void *catalog_vector_add(struct catalog_vector *v, size_t size) __attribute__((returns_nonnull));
void catalog_vector_clear(struct catalog_vector *v);

struct catalog_walk {
	const struct catalog_walk_row *rows;
	size_t rows_count;
	void *ctx;                 /* of begin and end */
	struct xml_reader *reader; /* owned */
	const struct catalog_walk_row *stack[LIMIT_XML_DEPTH];
	unsigned depth;
	bool strict_top;  /* an unknown root is an error */
	bool local_names; /* rows name elements without the prefix of their tags */
	/* What begin and end were told of this piece is void; or NULL. */
	void (*restart)(void *ctx);
	struct buf text;
	struct arena arena; /* strings of the current piece */
	struct catalog_vector problems;
	size_t relations; /* of the current piece */
	size_t delivered; /* pieces that the parser handed on */
};

/* What comes again when the quick reader of lib/xml was wrong, see xml.h. */
enum catalog_walk_kind {
	CATALOG_WALK_FRAGMENT, /* all of it */
	CATALOG_WALK_DOCUMENT, /* an element inside two others, or all of a single piece */
	CATALOG_WALK_ONCE,     /* nothing: libxml2 reads everything */
};

void catalog_walk_init(struct catalog_walk *w, const struct catalog_walk_row *rows, size_t count,
		       enum catalog_walk_kind kind, void *ctx) __attribute__((nonnull));
void catalog_walk_clear(struct catalog_walk *w) __attribute__((nonnull));

/* Before each document or fragment. */
void catalog_walk_restart(struct catalog_walk *w) __attribute__((nonnull));

/*
 * Read a piece alone that must be one, by what the parser counts as delivered; else CATALOG_ROOT.
 * The head, a start tag of the element root, is read with the end tag that it lacks.
 */
int catalog_walk_piece(struct catalog_walk *w, const char *root, const char *label,
		       const void *bytes, size_t len, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* Forget strings and problems of the piece before. */
void catalog_walk_next_piece(struct catalog_walk *w) __attribute__((nonnull));

/* The same between pieces; problem (may be NULL) is told what was found there. */
int catalog_walk_between(struct catalog_walk *w,
			 int (*problem)(void *ctx, const struct catalog_problem *p,
					struct error *err),
			 void *ctx, struct error *err)
	__attribute__((nonnull(1, 4), warn_unused_result));

/* Record a problem at the current tag; at most 64 per piece are kept. */
void catalog_walk_problem(struct catalog_walk *w, enum catalog_rule rule, const char *detail,
			  const char *value, size_t len) __attribute__((nonnull));
struct catalog_problems catalog_walk_problems(const struct catalog_walk *w)
	__attribute__((nonnull));

/* One more relation; false, with a problem the first time, above LIMIT_UPDATE_RELATIONS. */
bool catalog_walk_relation(struct catalog_walk *w) __attribute__((nonnull));

/* Terminated copy in the arena. */
const char *catalog_walk_text(struct catalog_walk *w, const char *text, size_t len);

/* The attribute of that name or NULL. */
const struct xml_attribute *catalog_walk_find(const struct xml_attribute *at, size_t n,
					      const char *name);

/* Its value, terminated, in the arena; "" when there is none. */
const char *catalog_walk_value(struct catalog_walk *w, const struct xml_attribute *at, size_t n,
			       const char *name);

/* The problem that an attribute is missing. */
void catalog_walk_missing(struct catalog_walk *w, const char *name);

/* The collected text of the element that ends, without blanks around it, in the arena. */
const char *catalog_walk_trimmed(struct catalog_walk *w);

/* The same as the base64 of a SHA-256, of an AdditionalDigest; false with a problem. */
bool catalog_walk_sha256(struct catalog_walk *w, unsigned char out[32]);

/* The only attribute of an element; NULL with a problem when missing; others are notes. */
const struct xml_attribute *catalog_walk_only(struct catalog_walk *w,
					      const struct xml_attribute *at, size_t n,
					      const char *name);

/* A note about every attribute whose name is not in the list. */
void catalog_walk_known(struct catalog_walk *w, const struct xml_attribute *at, size_t n,
			const char *const *known, size_t count);

/* Conversions; false with a problem. */
bool catalog_walk_guid(struct catalog_walk *w, const struct xml_attribute *a,
		       struct catalog_guid *out);
bool catalog_walk_sha1(struct catalog_walk *w, const struct xml_attribute *a,
		       struct catalog_sha1 *out);
bool catalog_walk_number(struct catalog_walk *w, const struct xml_attribute *a, uint64_t max,
			 uint64_t *out);
bool catalog_walk_bool(struct catalog_walk *w, const struct xml_attribute *a,
		       enum catalog_rule rule, bool *out);
/* A time that may have a fraction of a second, and an offset in place of Z. */
bool catalog_walk_time(struct catalog_walk *w, const struct xml_attribute *a, int64_t *out);

/* Groups under construction: ids in one vector, sizes in another. */
struct catalog_grouping {
	struct catalog_vector ids;    /* struct catalog_guid */
	struct catalog_vector groups; /* struct catalog_group, any_of not yet set */
};

void catalog_grouping_open(struct catalog_grouping *g);
void catalog_grouping_add(struct catalog_grouping *g, const struct catalog_guid *id);
/* Set any_of everywhere; borrowed until the next change. */
const struct catalog_group *catalog_grouping_finish(struct catalog_grouping *g, size_t *count);
void catalog_grouping_reset(struct catalog_grouping *g);
void catalog_grouping_clear(struct catalog_grouping *g);

#endif
