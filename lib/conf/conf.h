/*
 * Configuration files: INI text to a series of entries.  inih splits the lines; what it would
 * accept silently (lines cut at its buffer, continuation lines, `key: value`, comments behind a
 * value, text behind a section) is refused here, so that a file means what it looks like.
 * Knows no keys and opens no files.
 */
#ifndef CONF_CONF_H
#define CONF_CONF_H

#include <stddef.h>

struct error;

enum {
	CONF_LINE_MAX = 198,   /* bytes of a line: inih's buffer less newline and terminator */
	CONF_VALUE_SIZE = 200, /* every value and its terminator fit */
	CONF_SECTION_MAX = 45, /* bytes of a section's name: what inih keeps whole */
	CONF_KEY_MAX = 45,
};

/* One line that says something.  Everything is borrowed for the call. */
struct conf_entry {
	const char *file; /* as given, for messages */
	unsigned line;    /* from 1 */
	const char *section;
	const char *key;   /* NULL: the section begins here */
	const char *value; /* without blanks around it; may be empty */
};

/*
 * Call each() for every section and every key of the text, in order.  -1 with CONF_FORMAT (file,
 * line and cause), LIMIT_BYTES past LIMIT_CONF_BYTES, or what each() set; each() names its own
 * place with conf_fail().
 */
int conf_parse(const char *file, const unsigned char *bytes, size_t len,
	       int (*each)(void *ctx, const struct conf_entry *e, struct error *err), void *ctx,
	       struct error *err) __attribute__((nonnull(1, 2, 4, 6), warn_unused_result));

/* CONF_FORMAT: "FILE:LINE: cause".  Always -1. */
int conf_fail(const struct conf_entry *e, struct error *err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4), nonnull(1, 2, 3)));

#endif
