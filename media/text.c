#include "media/text.h"

#include "lib/base/str.h"
#include "media/lines.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int text_fail(const struct text_line *line, struct error *err, const char *fmt, ...)
{
	char cause[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(cause, sizeof cause, fmt, ap);
	va_end(ap);
	return error_set(err, line->id, "%s line %llu: %s", line->file,
			 (unsigned long long)line->number, cause);
}

static int complete(void *ctx, const char *bytes, size_t len, struct error *err)
{
	struct text_reader *r = ctx;
	struct text_line line = { r->file, r->id, r->lines + 1, bytes, len };

	if (r->lines >= r->max_lines)
		return error_set(err, ERROR_MEDIA_LIMIT, "%s: more than %llu lines", r->file,
				 (unsigned long long)r->max_lines);
	for (size_t i = 0; i < len; i++) {
		if (bytes[i] < 0x20 || bytes[i] > 0x7e)
			return text_fail(&line, err, "byte 0x%02x at column %zu",
					 (unsigned char)bytes[i], i + 1);
	}
	r->lines++;
	return r->line(r->ctx, &line, err);
}

static int too_long(void *ctx, struct error *err)
{
	const struct text_reader *r = ctx;

	return error_set(err, ERROR_MEDIA_LIMIT, "%s line %llu: more than %u bytes", r->file,
			 (unsigned long long)r->lines + 1, LIMIT_TEXT_LINE);
}

int text_feed(struct text_reader *r, const void *bytes, size_t len, struct error *err)
{
	struct lines lines = { r->part, sizeof r->part, &r->held, complete, too_long, r };

	if (len > r->max_bytes - r->bytes)
		return error_set(err, ERROR_MEDIA_LIMIT, "%s: more than %llu bytes", r->file,
				 (unsigned long long)r->max_bytes);
	r->bytes += len;
	return lines_feed(&lines, bytes, len, err);
}

int text_finish(struct text_reader *r, struct error *err)
{
	if (r->held > 0)
		return error_set(err, r->id, "%s line %llu: the last line does not end in LF",
				 r->file, (unsigned long long)r->lines + 1);
	return 0;
}

int text_split(const struct text_line *line, struct text_field *fields, size_t count,
	       struct error *err)
{
	const char *at = line->bytes, *end = line->bytes + line->len;

	for (size_t i = 0; i < count; i++) {
		const char *space = memchr(at, ' ', (size_t)(end - at));
		const char *stop = space ? space : end;

		if (stop == at || (i + 1 < count) != (space != NULL))
			return text_fail(line, err, "not %zu fields separated by single spaces",
					 count);
		fields[i] = (struct text_field){ at, (size_t)(stop - at) };
		at = space ? space + 1 : end;
	}
	return 0;
}

bool text_is(const struct text_field *field, const char *word)
{
	return field->len == strlen(word) && memcmp(field->bytes, word, field->len) == 0;
}

static bool is_alphanumeric(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

bool text_is_name(const char *bytes, size_t len, size_t max)
{
	if (len == 0 || len > max || !is_alphanumeric(bytes[0]))
		return false;
	for (size_t i = 1; i < len; i++) {
		if (!is_alphanumeric(bytes[i]) && bytes[i] != '.' && bytes[i] != '_' &&
		    bytes[i] != '-')
			return false;
	}
	return true;
}

int text_number(const struct text_line *line, const struct text_field *field,
		const struct text_range *range, uint64_t *out, struct error *err)
{
	uint64_t value;

	if (!str_to_u64(field->bytes, field->len, range->max, &value) || value < range->min)
		return text_fail(line, err, "%s is not a plain number from %llu to %llu",
				 range->what, (unsigned long long)range->min,
				 (unsigned long long)range->max);
	*out = value;
	return 0;
}

int text_hex(const struct text_line *line, const struct text_field *field, const char *what,
	     unsigned char *out, size_t size, struct error *err)
{
	if (!str_from_hex(field->bytes, field->len, out, size))
		return text_fail(line, err, "%s is not %zu lower-case hex digits", what, 2 * size);
	return 0;
}
