#include "media/lines.h"

#include <stdbool.h>
#include <string.h>

/* One piece of a line: all of it, its end, or (ends false) a part to keep. */
static int take(const struct lines *l, const char *bytes, size_t len, bool ends, struct error *err)
{
	if (len > l->size - *l->held)
		return l->too_long(l->ctx, err);
	if (ends && *l->held == 0)
		return l->line(l->ctx, bytes, len, err);
	memcpy(l->part + *l->held, bytes, len);
	*l->held += len;
	if (!ends)
		return 0;
	len = *l->held;
	*l->held = 0;
	return l->line(l->ctx, l->part, len, err);
}

int lines_feed(const struct lines *l, const void *bytes, size_t len, struct error *err)
{
	const char *at = bytes;

	while (len > 0) {
		const char *lf = memchr(at, '\n', len);
		size_t piece = lf ? (size_t)(lf - at) : len;

		if (take(l, at, piece, lf != NULL, err) < 0)
			return -1;
		piece += lf != NULL;
		at += piece;
		len -= piece;
	}
	return 0;
}
