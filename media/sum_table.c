#include "media/sum_table.h"

#include "lib/base/buf.h"
#include "lib/base/str.h"
#include "lib/crypto/digest.h"
#include "media/text.h"
#include "media/volume.h"

#include <stdlib.h>
#include <string.h>

enum { COMPONENT_MAX = 127, AT_NAME = 66 };

static const char file_name[] = "SHA256SUMS";

/* Files that are authenticated in another way must not be listed a second time. */
static bool is_reserved(const char *name, size_t len)
{
	static const char *const names[] = { "MANIFEST", "CHUNKS", "OBJECTS", "SHA256SUMS",
					     "sigs" };
	const struct text_field whole = { name, len };
	struct volume_file file;

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (text_is(&whole, names[i]))
			return true;
	}
	return (len > 5 && memcmp(name, "sigs/", 5) == 0) || volume_file_parse(name, len, &file);
}

bool sum_table_is_name(const char *name, size_t len)
{
	const char *slash = memchr(name, '/', len);
	size_t first = slash ? (size_t)(slash - name) : len;

	if (!text_is_name(name, first, COMPONENT_MAX) || is_reserved(name, len))
		return false;
	return !slash || text_is_name(slash + 1, len - first - 1, COMPONENT_MAX);
}

/* The place of the first entry whose name is not smaller. */
static size_t lower_bound(const struct sum_table *t, const char *name)
{
	size_t low = 0, high = t->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(t->entries[middle].name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

int sum_table_add(struct sum_table *t, const char *name, const unsigned char sha256[32],
		  struct error *err)
{
	size_t len = strlen(name);

	if (!sum_table_is_name(name, len))
		return error_set(err, ERROR_SUMS_FORMAT, "%s: not a name it may list", file_name);
	if (t->count >= LIMIT_SUMS)
		return error_set(err, ERROR_MEDIA_LIMIT, "%s: more than %u files", file_name,
				 LIMIT_SUMS);
	size_t at = lower_bound(t, name);
	if (at < t->count && strcmp(t->entries[at].name, name) == 0)
		return error_set(err, ERROR_SUMS_FORMAT, "%s: '%s' twice", file_name, name);

	t->entries = buf_grow(t->entries, &t->capacity, t->count, sizeof *t->entries);
	struct sum_entry *e = &t->entries[at];
	memmove(e + 1, e, (t->count - at) * sizeof *e);
	memcpy(e->sha256, sha256, sizeof e->sha256);
	memcpy(e->name, name, len + 1);
	t->count++;
	return 0;
}

static int parse_line(void *ctx, const struct text_line *line, struct error *err)
{
	struct sum_table *t = ctx;
	struct sum_entry e = { .name = "" };

	if (line->len <= AT_NAME || memcmp(line->bytes + AT_NAME - 2, "  ", 2) != 0 ||
	    !str_from_hex(line->bytes, AT_NAME - 2, e.sha256, sizeof e.sha256))
		return text_fail(line, err, "not '<64 lower-case hex digits>  <name>'");
	size_t len = line->len - AT_NAME;
	if (!sum_table_is_name(line->bytes + AT_NAME, len))
		return text_fail(line, err, "not a name it may list");
	memcpy(e.name, line->bytes + AT_NAME, len);
	if (t->count > 0 && strcmp(t->entries[t->count - 1].name, e.name) >= 0)
		return text_fail(line, err, "the names are not sorted and unique");
	return sum_table_add(t, e.name, e.sha256, err);
}

int sum_table_parse(const void *bytes, size_t len, struct sum_table *out, struct error *err)
{
	struct text_reader r = { .file = file_name,
				 .id = ERROR_SUMS_FORMAT,
				 .max_bytes = LIMIT_SUMS_BYTES,
				 .max_lines = LIMIT_SUMS,
				 .line = parse_line,
				 .ctx = out };

	if (text_feed(&r, bytes, len, err))
		return -1;
	return text_finish(&r, err);
}

int sum_table_write(const struct sum_table *t, struct buf *out, struct error *err)
{
	char hex[DIGEST_HEX];

	for (size_t i = 0; i < t->count; i++) {
		str_to_hex(t->entries[i].sha256, sizeof t->entries[i].sha256, hex);
		if (buf_printf(out, err, "%s  %s\n", hex, t->entries[i].name))
			return -1;
	}
	return 0;
}

const unsigned char *sum_table_find(const struct sum_table *t, const char *name)
{
	size_t at = lower_bound(t, name);

	if (at == t->count || strcmp(t->entries[at].name, name) != 0)
		return NULL;
	return t->entries[at].sha256;
}

void sum_table_clear(struct sum_table *t)
{
	free(t->entries);
	*t = (struct sum_table){ .entries = NULL };
}
