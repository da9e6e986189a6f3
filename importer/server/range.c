#include "importer/server/range.h"

#include <stdbool.h>

struct scan {
	const char *at, *end;
};

static bool take(struct scan *s, char c)
{
	if (s->at == s->end || *s->at != c)
		return false;
	s->at++;
	return true;
}

static void skip_blanks(struct scan *s)
{
	while (s->at < s->end && (*s->at == ' ' || *s->at == '\t'))
		s->at++;
}

/* 1*DIGIT; what does not fit is as good as the largest number.  False when there is no digit. */
static bool take_number(struct scan *s, uint64_t *out)
{
	const char *start = s->at;
	uint64_t value = 0;

	for (; s->at < s->end && *s->at >= '0' && *s->at <= '9'; s->at++)
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(*s->at - '0'), &value))
			value = UINT64_MAX;
	*out = value;
	return s->at > start;
}

/* The unit is compared without case (section 14.1). */
static bool take_unit(struct scan *s)
{
	static const char unit[] = "bytes";

	for (size_t i = 0; i < sizeof unit - 1; i++, s->at++)
		if (s->at == s->end || (*s->at | 0x20) != unit[i])
			return false;
	return take(s, '=');
}

enum spec { SPEC_BAD, SPEC_OUTSIDE, SPEC_INSIDE };

/* int-range = first "-" [ last ] / suffix-range = "-" length */
static enum spec take_spec(struct scan *s, uint64_t size, struct range *out)
{
	uint64_t first, last;

	if (take(s, '-')) {
		if (!take_number(s, &last))
			return SPEC_BAD;
		if (last == 0 || size == 0)
			return SPEC_OUTSIDE;
		*out = (struct range){ last < size ? size - last : 0, size - 1 };
		return SPEC_INSIDE;
	}
	if (!take_number(s, &first) || !take(s, '-'))
		return SPEC_BAD;
	if (!take_number(s, &last))
		last = UINT64_MAX;
	else if (last < first)
		return SPEC_BAD;
	if (first >= size)
		return SPEC_OUTSIDE;
	*out = (struct range){ first, last < size ? last : size - 1 };
	return SPEC_INSIDE;
}

enum range_answer range_parse(const char *text, size_t len, uint64_t size, struct range_set *out)
{
	struct scan s = { text, text + (text ? len : 0) };
	uint64_t total = 0;
	size_t specs = 0;

	out->count = 0;
	if (!text || !take_unit(&s))
		return RANGE_WHOLE;
	for (;;) {
		struct range r;

		/* A list may have empty elements (section 5.6.1.2). */
		skip_blanks(&s);
		if (take(&s, ','))
			continue;
		if (s.at == s.end)
			break;
		if (specs++ == LIMIT_RANGES)
			return RANGE_WHOLE;
		enum spec spec = take_spec(&s, size, &r);
		if (spec == SPEC_BAD)
			return RANGE_WHOLE;
		if (spec == SPEC_INSIDE) {
			uint64_t bytes = r.last - r.first + 1;

			if (bytes > size - total)
				return RANGE_WHOLE;
			total += bytes;
			out->items[out->count++] = r;
		}
		skip_blanks(&s);
		if (s.at < s.end && *s.at != ',')
			return RANGE_WHOLE;
	}
	if (specs == 0)
		return RANGE_WHOLE;
	return out->count > 0 ? RANGE_PARTS : RANGE_UNSATISFIABLE;
}
