#include "lib/base/buf.h"

#include "lib/base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *buf_malloc(size_t size)
{
	void *p = malloc(size ? size : 1);

	if (!p)
		abort();
	return p;
}

void *buf_calloc(size_t count, size_t size)
{
	void *p = calloc(count ? count : 1, size ? size : 1);

	if (!p)
		abort();
	return p;
}

void *buf_aligned(size_t align, size_t size)
{
	void *p = aligned_alloc(align, size);

	if (!p)
		abort();
	return p;
}

void *buf_realloc(void *old, size_t count, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(count, size, &bytes))
		abort();
	void *p = realloc(old, bytes ? bytes : 1);
	if (!p)
		abort();
	return p;
}

char *buf_strdup(const char *text)
{
	size_t size = strlen(text) + 1;

	return memcpy(buf_malloc(size), text, size);
}

void *buf_grow(void *items, size_t *capacity, size_t count, size_t size)
{
	if (items && count < *capacity)
		return items;
	size_t grown = *capacity ? *capacity * 2 : 16;

	while (grown <= count)
		grown *= 2;
	items = buf_realloc(items, grown, size);
	*capacity = grown;
	return items;
}

unsigned char *buf_room(struct buf *b, size_t len, struct error *err)
{
	if (len > b->max - b->len) {
		error_set(err, ERROR_LIMIT_BYTES, "more than %zu bytes", b->max);
		return NULL;
	}
	if (b->len + len > b->capacity || !b->bytes) {
		size_t grown = b->capacity < 256 ? 256 : b->capacity + b->capacity / 2;

		if (grown < b->len + len)
			grown = b->len + len;
		if (grown > b->max)
			grown = b->max;
		b->bytes = buf_realloc(b->bytes, grown, 1);
		b->capacity = grown;
	}
	return b->bytes + b->len;
}

int buf_append(struct buf *b, const void *bytes, size_t len, struct error *err)
{
	unsigned char *room = buf_room(b, len, err);

	if (!room)
		return -1;
	if (len > 0)
		memcpy(room, bytes, len);
	b->len += len;
	return 0;
}

int buf_printf(struct buf *b, struct error *err, const char *fmt, ...)
{
	char line[1024];
	va_list ap;

	va_start(ap, fmt);
	int n = vsnprintf(line, sizeof line, fmt, ap);
	va_end(ap);
	if (n < 0)
		abort();
	if ((size_t)n < sizeof line)
		return buf_append(b, line, (size_t)n, err);

	/* Not straight into b: the terminator may be one more byte than its ceiling allows. */
	char *text = buf_malloc((size_t)n + 1);
	va_start(ap, fmt);
	vsnprintf(text, (size_t)n + 1, fmt, ap);
	va_end(ap);
	int failed = buf_append(b, text, (size_t)n, err);
	free(text);
	return failed;
}

unsigned char *buf_take(struct buf *b)
{
	unsigned char *bytes = b->bytes ? b->bytes : buf_malloc(1);

	*b = (struct buf){ .max = b->max };
	return bytes;
}

void buf_wipe(struct buf *b)
{
	if (b->bytes)
		explicit_bzero(b->bytes, b->capacity);
	buf_clear(b);
}

void buf_clear(struct buf *b)
{
	free(b->bytes);
	*b = (struct buf){ .max = b->max };
}
