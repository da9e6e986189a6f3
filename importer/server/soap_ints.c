#include "importer/server/soap_ints.h"

#include "lib/base/buf.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static const char open[] = "<int>", close[] = "</int>", border[] = "</int><int>";

enum { OPEN = sizeof open - 1, CLOSE = sizeof close - 1, BORDER = sizeof border - 1, DIGITS = 9 };

void soap_ints_clear(struct soap_ints *s)
{
	free(s->bytes);
	free(s->numbers);
	free(s->runs);
	*s = (struct soap_ints){ .bytes = NULL };
}

/* "<int>7</int>" with one to DIGITS digits at *p, which is then behind it. */
static bool take(const unsigned char **p, const unsigned char *end, int32_t *number)
{
	const unsigned char *at = *p, *first = at + OPEN;
	int32_t value = 0;

	if ((size_t)(end - at) < OPEN + 1 + CLOSE || memcmp(at, open, OPEN) != 0)
		return false;
	for (at = first; at < end && at - first < DIGITS && *at >= '0' && *at <= '9'; at++)
		value = value * 10 + (*at - '0');
	if (at == first || (size_t)(end - at) < CLOSE || memcmp(at, close, CLOSE) != 0)
		return false;
	*p = at + CLOSE;
	*number = value;
	return true;
}

static void keep(struct soap_ints *s, const unsigned char *from, const unsigned char *to)
{
	memcpy(s->bytes + s->len, from, (size_t)(to - from));
	s->len += (size_t)(to - from);
}

void soap_ints_cut(const unsigned char *bytes, size_t len, struct soap_ints *out)
{
	const unsigned char *end = bytes + len, *from = bytes, *p;
	size_t count = 0;

	out->bytes = buf_malloc(len + 1);
	out->numbers = buf_malloc((len / (OPEN + 1 + CLOSE) + 1) * sizeof *out->numbers);
	while ((p = memmem(from, (size_t)(end - from), border, BORDER)) != NULL) {
		struct soap_run run = { .first = count };

		p += CLOSE;
		keep(out, from, p);
		run.end = out->len;
		while (take(&p, end, &out->numbers[count]))
			count++;
		run.count = count - run.first;
		from = p;
		if (run.count == 0)
			continue;
		out->runs = buf_grow(out->runs, &out->runs_capacity, out->runs_count, sizeof run);
		out->runs[out->runs_count++] = run;
	}
	keep(out, from, end);
}
