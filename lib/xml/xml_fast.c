#include "lib/xml/xml_fast.h"

#include <string.h>

/* Texts and values above this are libxml2's, which knows the limit and how to say so. */
enum { LONG_BYTES = 1 << 20 };

/* Every step returns DONE to go on. */
typedef enum xml_fast_result result;

enum class {
	PLAIN = 1, /* stands for itself, in text and in values */
	FIRST = 2, /* begins a name */
	NAME = 4,  /* continues one */
};

#define LETTERS(c) [c...(c) + 25] = PLAIN | FIRST | NAME
static const unsigned char classes[256] = {
	/* not "&", "<" and "]", which text must look at, and not the quotes, which end a value */
	[' ' ... '!'] = PLAIN,  ['#' ... '%'] = PLAIN,
	['(' ... ','] = PLAIN,  ['-' ... '.'] = PLAIN | NAME,
	['/'] = PLAIN,          ['0' ... '9'] = PLAIN | NAME,
	[':' ... ';'] = PLAIN,  ['=' ... '@'] = PLAIN,
	LETTERS('A'),           ['[' ... '\\'] = PLAIN,
	['^'] = PLAIN,          ['_'] = PLAIN | FIRST | NAME,
	['`'] = PLAIN,          LETTERS('a'),
	['{' ... 0x7F] = PLAIN,
};
#undef LETTERS

/* Length of the sequence of UTF-8 at p that XML allows; 0: none, or it is cut off. */
static size_t sequence(const unsigned char *p, const unsigned char *end)
{
	size_t left = (size_t)(end - p);

	if (p[0] < 0xC2 || p[0] > 0xF4 || left < 2 || (p[1] & 0xC0) != 0x80)
		return 0;
	if (p[0] < 0xE0)
		return 2;
	if (left < 3 || (p[2] & 0xC0) != 0x80)
		return 0;
	unsigned high = (p[0] & 15u) << 6 | (p[1] & 63u);

	if (p[0] < 0xF0) /* not overlong, no surrogate, neither U+FFFE nor U+FFFF */
		return high < 0x20 || (high >= 0x360 && high < 0x380) ||
				       (high == 0x3FF && p[2] >= 0xBE)
			       ? 0
			       : 3;
	high = (p[0] & 7u) << 6 | (p[1] & 63u);
	if (left < 4 || (p[3] & 0xC0) != 0x80 || high < 0x10 || high >= 0x110)
		return 0;
	return 4;
}

/* The character that the reference at p stands for, and its length; 0 when it is not one of five.
 */
static char entity(const unsigned char *p, const unsigned char *end, size_t *len)
{
	static const struct {
		const char text[7];
		unsigned char len;
		char stands_for;
	} known[] = {
		{ "&amp;", 5, '&' },  { "&lt;", 4, '<' },    { "&gt;", 4, '>' },
		{ "&quot;", 6, '"' }, { "&apos;", 6, '\'' },
	};

	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if ((size_t)(end - p) >= known[i].len &&
		    memcmp(p, known[i].text, known[i].len) == 0) {
			*len = known[i].len;
			return known[i].stands_for;
		}
	return 0;
}

static result of_handler(int answer)
{
	return answer < 0 ? XML_FAST_FAILED : XML_FAST_DONE;
}

/* Out of bytes in the middle of something. */
static result cut(const struct xml_fast *f)
{
	return f->unit ? XML_FAST_MORE : XML_FAST_UNSURE;
}

/* ---- text ---- */

static result deliver_text(struct xml_fast *f, const void *text, size_t len)
{
	if (f->quiet || len == 0)
		return XML_FAST_DONE;
	return of_handler(f->sink->text(f->ctx, text, len, f->err));
}

static result read_entity(struct xml_fast *f)
{
	size_t len = 0;
	char c = entity(f->p, f->end, &len);

	f->p += len;
	return c ? deliver_text(f, &c, 1) : XML_FAST_UNSURE;
}

/* Up to the next "<" or the end. */
static result read_text(struct xml_fast *f)
{
	const unsigned char *from = f->p, *p = f->p, *begin = f->p;

	for (;;) {
		while (p < f->end && (classes[*p] & PLAIN))
			p++;
		if (p - begin > LONG_BYTES)
			return XML_FAST_UNSURE;
		if (p == f->end || *p == '<')
			break;
		if (*p == '\n' || *p == '\t' || *p == '"' || *p == '\'') {
			p++;
		} else if (*p == ']' && (p + 1 == f->end || p[1] != ']')) {
			p++; /* "]]" might be "]]>" */
		} else if (*p == '&') {
			result r = deliver_text(f, from, (size_t)(p - from));

			f->p = p;
			if (r == XML_FAST_DONE)
				r = read_entity(f);
			if (r != XML_FAST_DONE)
				return r;
			from = p = f->p;
		} else {
			size_t n = *p >= 0x80 ? sequence(p, f->end) : 0;

			if (n == 0)
				return XML_FAST_UNSURE;
			p += n;
		}
	}
	f->p = p;
	return deliver_text(f, from, (size_t)(p - from));
}

/* ---- tags ---- */

/* A plain name: no prefix, ASCII. */
static bool take_name(struct xml_fast *f, struct xml_fast_span *out)
{
	const unsigned char *p = f->p;

	if (p == f->end || !(classes[*p] & FIRST))
		return false;
	while (p < f->end && (classes[*p] & NAME))
		p++;
	*out = (struct xml_fast_span){ f->p, (size_t)(p - f->p) };
	f->p = p;
	return p < f->end && out->len <= LIMIT_XML_NAME;
}

static bool is_same(const struct xml_fast_span *a, const struct xml_fast_span *b)
{
	return a->len == b->len && memcmp(a->at, b->at, a->len) == 0;
}

/* Up to the quote; true in *marked when it has references. */
static bool take_value(struct xml_fast *f, struct xml_fast_span *out, bool *marked)
{
	const unsigned char *p = f->p;
	unsigned char quote = *p++, other = quote == '"' ? '\'' : '"';
	size_t len = 0;

	*marked = false;
	out->at = p;
	for (;;) {
		while (p < f->end && (classes[*p] & PLAIN))
			p++;
		if (p == f->end || *p == quote)
			break;
		if (*p == other || *p == ']')
			len = 1;
		else if (*p == '&')
			*marked = entity(p, f->end, &len) != 0;
		else
			len = *p >= 0x80 ? sequence(p, f->end) : 0;
		if (len == 0 || (*p == '&' && !*marked))
			return false;
		p += len;
	}
	out->len = (size_t)(p - out->at);
	if (p == f->end || out->len > LONG_BYTES)
		return false;
	f->p = p + 1;
	return true;
}

/* As the handler gets it. */
static void keep_attribute(struct xml_fast *f, const struct xml_fast_span *name,
			   const struct xml_fast_span *value, bool marked)
{
	struct xml_attribute *a = &f->attributes[f->count];

	a->name = arena_text(&f->arena, (const char *)name->at, name->len);
	a->value = (const char *)value->at;
	a->len = value->len;
	if (!marked)
		return;
	char *plain = arena_alloc(&f->arena, value->len);
	const unsigned char *p = value->at, *end = value->at + value->len;

	a->value = plain;
	a->len = 0;
	while (p < end) {
		size_t len = 1;

		plain[a->len++] = *p == '&' ? entity(p, end, &len) : (char)*p;
		p += len;
	}
}

/* name="value" behind the blank. */
static result read_attribute(struct xml_fast *f)
{
	struct xml_fast_span value, *name = &f->seen[f->count];
	bool marked;

	if (f->count == XML_FAST_ATTRIBUTES || !take_name(f, name) || *f->p != '=')
		return XML_FAST_UNSURE;
	f->p++;
	if (f->p == f->end || (*f->p != '"' && *f->p != '\'') || !take_value(f, &value, &marked))
		return XML_FAST_UNSURE;
	/* Declarations come before the others and have rules of their own. */
	if (name->len >= 5 && memcmp(name->at, "xmlns", 5) == 0 &&
	    (name->len > 5 || f->count > 0 || marked || value.len < 4 ||
	     (memcmp(value.at, "urn:", 4) != 0 && memcmp(value.at, "http", 4) != 0) ||
	     memmem(value.at, value.len, "w3.org", 6)))
		return XML_FAST_UNSURE;
	for (size_t i = 0; i < f->count; i++)
		if (is_same(&f->seen[i], name))
			return XML_FAST_UNSURE;
	if (!f->quiet)
		keep_attribute(f, name, &value, marked);
	f->count++;
	return XML_FAST_DONE;
}

/* Behind the name of a start tag: attributes, then ">" or "/>". */
static result read_attributes(struct xml_fast *f, bool *empty)
{
	f->count = 0;
	for (;;) {
		const unsigned char *before = f->p;

		while (f->p < f->end && *f->p == ' ')
			f->p++;
		if (f->p == f->end)
			return XML_FAST_UNSURE;
		if (*f->p == '>' || (*f->p == '/' && f->p + 1 < f->end && f->p[1] == '>')) {
			*empty = *f->p == '/';
			f->p += *empty ? 2 : 1;
			return XML_FAST_DONE;
		}
		if (f->p == before)
			return XML_FAST_UNSURE;
		result r = read_attribute(f);
		if (r != XML_FAST_DONE)
			return r;
	}
}

/* The element on top of the stack ends before f->p. */
static result close_element(struct xml_fast *f)
{
	const struct xml_fast_span *name = &f->open[f->depth - 1];

	if (f->depth == 1 && f->single && f->p != f->end)
		return XML_FAST_UNSURE;
	f->depth--;
	if (f->quiet) {
		if (f->quiet == f->depth + 1)
			f->quiet = 0;
		return XML_FAST_DONE;
	}
	arena_reset(&f->arena);
	return of_handler(f->sink->end(f->ctx,
				       arena_text(&f->arena, (const char *)name->at, name->len),
				       (size_t)(f->p - f->bytes), f->err));
}

static result open_element(struct xml_fast *f, const unsigned char *from,
			   const struct xml_fast_span *name)
{
	if (f->quiet)
		return XML_FAST_DONE;
	int answer =
		f->sink->start(f->ctx, arena_text(&f->arena, (const char *)name->at, name->len),
			       (size_t)(from - f->bytes), (size_t)(f->p - f->bytes), f->err);
	if (answer == 1)
		f->quiet = f->depth;
	return of_handler(answer);
}

static result read_start(struct xml_fast *f)
{
	const unsigned char *from = f->p++;
	struct xml_fast_span name;
	bool empty = false;

	if (f->base + f->depth >= LIMIT_XML_DEPTH || !take_name(f, &name))
		return XML_FAST_UNSURE;
	if (!f->quiet)
		arena_reset(&f->arena);
	f->open[f->depth] = name;
	result r = read_attributes(f, &empty);
	if (r != XML_FAST_DONE)
		return r;
	f->depth++;
	r = open_element(f, from, &name);
	return r == XML_FAST_DONE && empty ? close_element(f) : r;
}

static result read_end(struct xml_fast *f)
{
	if (f->depth == 0)
		return XML_FAST_UNSURE;
	const struct xml_fast_span *name = &f->open[f->depth - 1];

	if ((size_t)(f->end - f->p) < name->len + 3 || memcmp(f->p + 2, name->at, name->len) != 0 ||
	    f->p[name->len + 2] != '>')
		return XML_FAST_UNSURE;
	f->p += name->len + 3;
	return close_element(f);
}

/* Whether the tag at f->p ends within the bytes; a ">" in a value is taken for its end. */
static bool is_cut(const struct xml_fast *f)
{
	return !memchr(f->p, '>', (size_t)(f->end - f->p));
}

enum xml_fast_result xml_fast_read(struct xml_fast *f, const void *bytes, size_t len,
				   struct error *err)
{
	result r = XML_FAST_DONE;

	f->bytes = f->p = bytes;
	f->end = f->p + len;
	f->err = err;
	f->depth = f->quiet = 0;
	while (r == XML_FAST_DONE && f->p < f->end) {
		if (*f->p != '<') {
			r = read_text(f);
			continue;
		}
		if (f->end - f->p < 2)
			return cut(f);
		bool ends = f->p[1] == '/';

		r = ends ? read_end(f) : read_start(f);
		if (r == XML_FAST_UNSURE && f->unit && is_cut(f))
			return XML_FAST_MORE;
		if (r == XML_FAST_DONE && f->unit && f->depth == 0)
			return r;
	}
	if (r == XML_FAST_DONE && f->depth > 0)
		return cut(f);
	return r;
}

void xml_fast_clear(struct xml_fast *f)
{
	arena_clear(&f->arena);
}
