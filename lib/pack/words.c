#include "lib/pack/words.h"

#include "lib/base/str.h"
#include "lib/pack/listing.h"

#include <string.h>

int words_fail(const struct words *w, const char *cause, struct error *err)
{
	return error_set(err, w->id, "%s: line %zu: %s", w->label, w->line, cause);
}

int words_next(struct words *w, struct error *err)
{
	const char *lf = w->at < w->end ? memchr(w->at, '\n', (size_t)(w->end - w->at)) : NULL;

	w->line++;
	if (!lf || lf - w->at > WORDS_LINE_MAX)
		return words_fail(w, "missing or too long", err);
	w->count = 0;
	for (const char *p = w->at; p <= lf;) {
		const char *space = memchr(p, ' ', (size_t)(lf - p));

		if (!space)
			space = lf;
		if (space == p || w->count == WORDS_MAX)
			return words_fail(w, "bad spacing", err);
		w->text[w->count] = p;
		w->len[w->count++] = (size_t)(space - p);
		p = space + 1;
	}
	w->at = lf + 1;
	return 0;
}

bool words_is(const struct words *w, size_t i, const char *text)
{
	return i < w->count && w->len[i] == strlen(text) &&
	       memcmp(w->text[i], text, w->len[i]) == 0;
}

bool words_copy(const struct words *w, size_t i, char *out, size_t size)
{
	if (i >= w->count || w->len[i] >= size || memchr(w->text[i], '\0', w->len[i]))
		return false;
	memcpy(out, w->text[i], w->len[i]);
	out[w->len[i]] = '\0';
	return listing_is_word(out, size - 1);
}

bool words_number(const struct words *w, size_t i, uint64_t max, uint64_t *out)
{
	return i < w->count && str_to_u64(w->text[i], w->len[i], max, out);
}

bool words_digest(const struct words *w, size_t i, unsigned char out[32])
{
	return i < w->count && str_from_hex(w->text[i], w->len[i], out, 32);
}
