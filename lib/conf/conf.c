#include "lib/conf/conf.h"

#include "lib/base/error.h"
#include "lib/base/limits.h"

#include <ini.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct reading {
	const unsigned char *at, *end;
	struct conf_entry entry; /* file, line and section of where we are */
	char section[CONF_SECTION_MAX + 1];
	bool failed;
	int (*each)(void *ctx, const struct conf_entry *e, struct error *err);
	void *ctx;
	struct error *err;
};

int conf_fail(const struct conf_entry *e, struct error *err, const char *fmt, ...)
{
	char cause[400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(cause, sizeof cause, fmt, ap);
	va_end(ap);
	return error_set(err, ERROR_CONF_FORMAT, "%s:%u: %s", e->file, e->line, cause);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static int begin_section(struct reading *r, const char *line, size_t len)
{
	const char *close = memchr(line, ']', len);

	if (!close || close != line + len - 1)
		return conf_fail(&r->entry, r->err, "a section is [NAME] and nothing else");
	size_t size = len - 2;
	if (size == 0 || size > CONF_SECTION_MAX)
		return conf_fail(&r->entry, r->err, "name of a section: 1 to %d bytes",
				 CONF_SECTION_MAX);
	memcpy(r->section, line + 1, size);
	r->section[size] = '\0';
	r->entry.section = r->section;
	return r->each(r->ctx, &r->entry, r->err);
}

/* The line, before inih sees it. */
static int check_line(struct reading *r, const char *line, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((line[i] < ' ' && line[i] != '\t') || line[i] > '~')
			return conf_fail(&r->entry, r->err, "byte %zu is not printable ASCII",
					 i + 1);
	if (len == 0 || line[0] == '#' || line[0] == ';')
		return 0;
	if (is_blank(line[0])) {
		if (strspn(line, " \t") == len)
			return 0;
		return conf_fail(&r->entry, r->err,
				 "a line that begins with a blank: write everything on one line");
	}
	if (line[0] == '[')
		return begin_section(r, line, len);
	const char *equals = memchr(line, '=', len), *colon = memchr(line, ':', len);
	if (!equals || equals == line || (colon && colon < equals))
		return conf_fail(&r->entry, r->err, "neither KEY = VALUE nor [SECTION]");
	if (equals - line > CONF_KEY_MAX)
		return conf_fail(&r->entry, r->err, "a key of more than %d bytes", CONF_KEY_MAX);
	if (!r->entry.section)
		return conf_fail(&r->entry, r->err, "a key before the first section");
	for (size_t i = 1; i < len; i++)
		if (line[i] == ';' && is_blank(line[i - 1]))
			return conf_fail(&r->entry, r->err,
					 "a comment stands on a line of its own");
	return 0;
}

/* For inih: one line and its newline into a buffer of size bytes; NULL at the end. */
static char *next_line(char *out, int size, void *stream)
{
	struct reading *r = stream;

	if (r->failed || r->at == r->end)
		return NULL;
	const unsigned char *newline = memchr(r->at, '\n', (size_t)(r->end - r->at));
	size_t len = (size_t)((newline ? newline : r->end) - r->at);
	r->entry.line++;
	if (len > CONF_LINE_MAX || size < 2 || len > (size_t)size - 2) {
		r->failed = true;
		conf_fail(&r->entry, r->err, "a line of more than %d bytes", CONF_LINE_MAX);
		return NULL;
	}
	memcpy(out, r->at, len);
	out[len] = '\0';
	r->at += len + (newline ? 1 : 0);
	if (check_line(r, out, len) < 0) {
		r->failed = true;
		return NULL;
	}
	out[len] = '\n';
	out[len + 1] = '\0';
	return out;
}

static int on_pair(void *user, const char *section, const char *key, const char *value)
{
	struct reading *r = user;
	struct conf_entry e = r->entry;

	(void)section; /* cut short by inih; ours is whole */
	if (r->failed)
		return 0;
	e.key = key;
	e.value = value ? value : "";
	if (r->each(r->ctx, &e, r->err) == 0)
		return 1;
	r->failed = true;
	return 0;
}

int conf_parse(const char *file, const unsigned char *bytes, size_t len,
	       int (*each)(void *ctx, const struct conf_entry *e, struct error *err), void *ctx,
	       struct error *err)
{
	struct reading r = { .at = bytes,
			     .end = bytes + len,
			     .entry = { .file = file },
			     .each = each,
			     .ctx = ctx,
			     .err = err };

	if (len > LIMIT_CONF_BYTES)
		return error_set(err, ERROR_LIMIT_BYTES, "%s: %zu bytes, more than %u", file, len,
				 LIMIT_CONF_BYTES);
	int bad_line = ini_parse_stream(next_line, &r, on_pair, &r);

	if (r.failed)
		return -1;
	if (bad_line == 0)
		return 0;
	r.entry.line = bad_line > 0 ? (unsigned)bad_line : r.entry.line;
	return conf_fail(&r.entry, err, "not understood");
}
