/*
 * The rules of a selection, and the two texts that say them: the section [selection] of a
 * configuration file (docs/OPERATIONS.md "Selection") and the file `selection` of a bundle
 * (docs/FORMAT.md "Selection").  What follows from them is lib/select/select.h.
 */
#ifndef SELECT_RULES_H
#define SELECT_RULES_H

#include "lib/base/limits.h"
#include "lib/conf/conf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct error;

enum rules_key {
	RULES_PRODUCT,
	RULES_CLASSIFICATION,
	RULES_LANGUAGE,
	RULES_SEVERITY,
	RULES_KB,
	RULES_UPDATE_ID,
	RULES_MAX_AGE_DAYS,
	RULES_SUPERSEDED,
	RULES_EXPRESS,
	RULES_DRIVER,
	RULES_EXCLUDE_PRODUCT,
	RULES_EXCLUDE_CLASSIFICATION,
	RULES_EXCLUDE_KB,
	RULES_EXCLUDE_UPDATE_ID,
	RULES_KEYS
};

struct rules_entry {
	enum rules_key key;
	char value[CONF_VALUE_SIZE];
};

/* Empty: everything.  Sorted by key and value, without repetition. */
struct rules {
	size_t count;
	struct rules_entry entries[LIMIT_SELECTION_VALUES];
	uint32_t seen; /* keys of the file being read */
};

const char *rules_key_name(enum rules_key key) __attribute__((returns_nonnull));

/* Before each file whose [selection] is read on top of those before. */
void rules_begin_file(struct rules *r) __attribute__((nonnull));

/*
 * An entry with a key of [selection]: a key that is repeated in one file adds values, and replaces
 * what earlier files said; an empty value takes that back.  -1 with CONF_FORMAT.
 */
int rules_add_entry(struct rules *r, const struct conf_entry *e, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* A file that has this section and no other. */
int rules_read_conf(struct rules *r, const char *file, const unsigned char *bytes, size_t len,
		    struct error *err) __attribute__((nonnull(1, 2, 5), warn_unused_result));

/* The canonical text, appended.  Reading what was written gives the same rules and bytes. */
int rules_write(const struct rules *r, struct buf *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* -1 with SELECTION_FORMAT unless the bytes (hostile) are a canonical text. */
int rules_parse(const void *bytes, size_t len, struct rules *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* Whether the values of this key name updates or categories, which may be absent. */
bool rules_names_something(enum rules_key key);

/* Whether a key with two values says this one; absent keys say yes. */
bool rules_yes(const struct rules *r, enum rules_key key) __attribute__((nonnull));

#endif
