#include "lib/xml/xml_scan.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/limits.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Consumes at least one byte of [p, end) or changes the state; NULL after error_set(). */
typedef const unsigned char *step(struct xml_scan *s, const unsigned char *p,
				  const unsigned char *end, struct error *err);

static uint64_t offset_of(const struct xml_scan *s, const unsigned char *p)
{
	return s->offset + (uint64_t)(p - s->chunk);
}

static const unsigned char *refuse(struct xml_scan *s, const unsigned char *p, enum error_id id,
				   const char *why, struct error *err)
{
	s->fault = offset_of(s, p);
	error_set(err, id, "offset %" PRIu64 ": %s", s->fault, why);
	return NULL;
}

static const unsigned char *too_many(struct xml_scan *s, uint64_t offset, const char *what,
				     unsigned limit, struct error *err)
{
	s->fault = offset;
	error_set(err, ERROR_XML_LIMIT, "offset %" PRIu64 ": more than %u %s", offset, limit, what);
	return NULL;
}

static bool is_space(unsigned char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void push(struct xml_queue *q, uint64_t start, uint64_t end)
{
	if (q->head == q->count)
		q->head = q->count = 0;
	if (q->head > 4096) {
		q->count -= q->head;
		memmove(q->items, q->items + q->head, q->count * sizeof *q->items);
		q->head = 0;
	}
	q->items = buf_grow(q->items, &q->capacity, q->count, sizeof *q->items);
	q->items[q->count++] = (struct xml_span){ start, end };
}

bool xml_queue_pop(struct xml_queue *q, struct xml_span *out)
{
	if (q->head == q->count)
		return false;
	*out = q->items[q->head++];
	return true;
}

static const unsigned char *step_start(struct xml_scan *s, const unsigned char *p,
				       const unsigned char *end, struct error *err)
{
	(void)end;
	(void)err;
	s->state = *p == 0xEF ? XML_SCAN_BOM : XML_SCAN_TEXT;
	return p;
}

static const unsigned char *step_bom(struct xml_scan *s, const unsigned char *p,
				     const unsigned char *end, struct error *err)
{
	static const unsigned char bom[3] = { 0xEF, 0xBB, 0xBF };

	for (; p < end && s->matched < 3; p++, s->matched++)
		if (*p != bom[s->matched])
			return refuse(s, p, ERROR_XML_REFUSED, "not UTF-8 text with markup", err);
	if (s->matched == 3) {
		s->top = 3;
		s->state = XML_SCAN_TEXT;
	}
	return p;
}

static const unsigned char *step_text(struct xml_scan *s, const unsigned char *p,
				      const unsigned char *end, struct error *err)
{
	const unsigned char *stop = memchr(p, '<', (size_t)(end - p));
	const unsigned char *last = stop ? stop : end;

	if (s->depth == 0 && !s->fragment) {
		for (; p < last; p++)
			if (!is_space(*p))
				return refuse(s, p, ERROR_XML_REFUSED,
					      "not UTF-8 text with one root element", err);
	} else {
		s->run += (size_t)(last - p);
		if (s->run > LIMIT_XML_TEXT)
			return too_many(s, offset_of(s, p), "bytes in one text", LIMIT_XML_TEXT,
					err);
	}
	if (!stop)
		return end;
	s->tag = offset_of(s, stop);
	s->state = XML_SCAN_OPEN;
	return stop + 1;
}

static const unsigned char *open_element(struct xml_scan *s, const unsigned char *p,
					 struct error *err)
{
	unsigned char c = *p;

	if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == ':' ||
	      c >= 0x80))
		return refuse(s, p, ERROR_XML_SYNTAX, "\"<\" is not followed by a name", err);
	if (s->depth == LIMIT_XML_DEPTH)
		return too_many(s, s->tag, "levels of elements", LIMIT_XML_DEPTH, err);
	s->depth++;
	s->seen_root = true;
	s->attributes = 0;
	s->run = 0;
	s->slash = false;
	s->state = XML_SCAN_NAME;
	push(&s->starts, s->tag, 0);
	return p;
}

static const unsigned char *step_open(struct xml_scan *s, const unsigned char *p,
				      const unsigned char *end, struct error *err)
{
	(void)end;
	s->run = 0;
	s->matched = 0;
	switch (*p) {
	case '/':
		s->state = XML_SCAN_END_TAG;
		return p + 1;
	case '!':
		s->state = XML_SCAN_BANG;
		return p + 1;
	case '?':
		if (s->fragment || s->tag != s->top)
			return refuse(s, p, ERROR_XML_REFUSED, "processing instruction", err);
		s->state = XML_SCAN_PI;
		return p + 1;
	default:
		return open_element(s, p, err);
	}
}

static bool ends_name(unsigned char c)
{
	return c <= ' ' || c == '>' || c == '/' || c == '=' || c == '"' || c == '\'' || c == '<';
}

static const unsigned char *step_name(struct xml_scan *s, const unsigned char *p,
				      const unsigned char *end, struct error *err)
{
	const unsigned char *begin = p;

	while (p < end && !ends_name(*p))
		p++;
	s->run += (size_t)(p - begin);
	if (s->run > LIMIT_XML_NAME)
		return too_many(s, s->tag, "bytes in an element name", LIMIT_XML_NAME, err);
	if (p < end) {
		s->run = 0;
		s->state = XML_SCAN_TAG;
	}
	return p;
}

static void close_element(struct xml_scan *s, uint64_t end)
{
	s->depth--;
	push(&s->ends, 0, end);
}

static const unsigned char *end_of_start_tag(struct xml_scan *s, const unsigned char *p)
{
	uint64_t end = offset_of(s, p) + 1;

	s->starts.items[s->starts.count - 1].end = end;
	if (s->slash)
		close_element(s, end);
	s->run = 0;
	s->state = XML_SCAN_TEXT;
	return p + 1;
}

static const unsigned char *step_tag(struct xml_scan *s, const unsigned char *p,
				     const unsigned char *end, struct error *err)
{
	for (; p < end; p++) {
		if (*p == '>')
			return end_of_start_tag(s, p);
		s->slash = *p == '/';
		if (*p == '"' || *p == '\'') {
			if (s->attributes == LIMIT_XML_ATTRIBUTES)
				return too_many(s, offset_of(s, p), "attributes of one element",
						LIMIT_XML_ATTRIBUTES, err);
			s->attributes++;
			s->quote = *p;
			s->run = 0;
			s->state = XML_SCAN_VALUE;
			return p + 1;
		}
		if (ends_name(*p))
			s->run = 0;
		else if (++s->run > LIMIT_XML_NAME)
			return too_many(s, offset_of(s, p), "bytes in an attribute name",
					LIMIT_XML_NAME, err);
		/* libxml2 would report the element before it notices */
		if (*p == '<' || (*p < ' ' && !is_space(*p)))
			return refuse(s, p, ERROR_XML_SYNTAX, "\"<\" or control byte in a tag",
				      err);
	}
	/* Blanks alone cannot make a tag endless: libxml2 keeps it whole. */
	if (offset_of(s, p) - s->tag > 2ull * LIMIT_XML_TEXT)
		return too_many(s, s->tag, "bytes in one tag", 2u * LIMIT_XML_TEXT, err);
	return p;
}

static const unsigned char *step_value(struct xml_scan *s, const unsigned char *p,
				       const unsigned char *end, struct error *err)
{
	const unsigned char *stop = memchr(p, s->quote, (size_t)(end - p));
	const unsigned char *last = stop ? stop : end;

	s->run += (size_t)(last - p);
	if (s->run > LIMIT_XML_TEXT)
		return too_many(s, offset_of(s, p), "bytes in one attribute", LIMIT_XML_TEXT, err);
	if (offset_of(s, last) - s->tag > 2ull * LIMIT_XML_TEXT)
		return too_many(s, s->tag, "bytes in one tag", 2u * LIMIT_XML_TEXT, err);
	if (!stop)
		return end;
	s->run = 0;
	s->slash = false;
	s->state = XML_SCAN_TAG;
	return stop + 1;
}

static const unsigned char *step_end_tag(struct xml_scan *s, const unsigned char *p,
					 const unsigned char *end, struct error *err)
{
	const unsigned char *stop = memchr(p, '>', (size_t)(end - p));

	s->run += (size_t)((stop ? stop : end) - p);
	if (s->run > 2 * LIMIT_XML_NAME)
		return too_many(s, s->tag, "bytes in an end tag", 2 * LIMIT_XML_NAME, err);
	if (!stop)
		return end;
	if (s->depth == 0)
		return refuse(s, stop, ERROR_XML_SYNTAX, "end tag without a start tag", err);
	close_element(s, offset_of(s, stop) + 1);
	s->run = 0;
	s->state = XML_SCAN_TEXT;
	return stop + 1;
}

static const unsigned char *step_bang(struct xml_scan *s, const unsigned char *p,
				      const unsigned char *end, struct error *err)
{
	if (s->matched == 0)
		s->literal = *p == '[' ? "[CDATA[" : "--";
	for (; p < end && s->literal[s->matched]; p++, s->matched++)
		if (*p != (unsigned char)s->literal[s->matched])
			return refuse(s, p, ERROR_XML_REFUSED, "document type or other declaration",
				      err);
	if (!s->literal[s->matched]) {
		s->state = s->literal[0] == '[' ? XML_SCAN_CDATA : XML_SCAN_COMMENT;
		s->matched = 0;
	}
	return p;
}

/* Up to "-->" or "]]>"; matched counts the closing bytes seen just before p. */
static const unsigned char *until(struct xml_scan *s, const unsigned char *p,
				  const unsigned char *end, unsigned char c, struct error *err)
{
	const unsigned char *begin = p;

	bool closed = false;

	while (p < end && !closed) {
		if (*p == c) {
			s->matched += s->matched < 2;
			p++;
		} else if (*p == '>' && s->matched == 2) {
			closed = true;
		} else {
			const unsigned char *next = memchr(p, c, (size_t)(end - p));

			s->matched = 0;
			p = next ? next : end;
		}
	}
	s->run += (size_t)(p - begin);
	/* the two closing bytes are no content */
	if (s->run > LIMIT_XML_TEXT + 2u)
		return too_many(s, s->tag, "bytes in one comment or CDATA section", LIMIT_XML_TEXT,
				err);
	if (!closed)
		return p;
	s->run = 0;
	s->state = XML_SCAN_TEXT;
	return p + 1;
}

static const unsigned char *step_comment(struct xml_scan *s, const unsigned char *p,
					 const unsigned char *end, struct error *err)
{
	return until(s, p, end, '-', err);
}

static const unsigned char *step_cdata(struct xml_scan *s, const unsigned char *p,
				       const unsigned char *end, struct error *err)
{
	return until(s, p, end, ']', err);
}

/* Take name="value" off the front of *text; false when it is not there. */
static bool take_pair(const char **text, const char *name, char *value, size_t size)
{
	const char *p = *text;
	size_t blanks = strspn(p, " \t\r\n");

	if (blanks == 0 || strncmp(p + blanks, name, strlen(name)) != 0)
		return false;
	p += blanks + strlen(name);
	p += strspn(p, " \t\r\n");
	if (*p++ != '=')
		return false;
	p += strspn(p, " \t\r\n");
	char quote = *p;
	if (quote != '"' && quote != '\'')
		return false;
	const char *stop = strchr(++p, quote);
	if (!stop || (size_t)(stop - p) >= size)
		return false;
	memcpy(value, p, (size_t)(stop - p));
	value[stop - p] = '\0';
	*text = stop + 1;
	return true;
}

/* What stands between "<?" and "?>" of the declaration. */
static const char *declaration_fault(const char *text)
{
	char value[32];

	if (strncmp(text, "xml", 3) != 0)
		return "processing instruction";
	text += 3;
	if (!take_pair(&text, "version", value, sizeof value))
		return "malformed XML declaration";
	if (strcmp(value, "1.0") != 0)
		return "XML version other than 1.0";
	if (take_pair(&text, "encoding", value, sizeof value) && strcasecmp(value, "utf-8") != 0)
		return "encoding other than UTF-8";
	(void)take_pair(&text, "standalone", value, sizeof value); /* optional, no effect */
	if (text[strspn(text, " \t\r\n")] != '\0')
		return "malformed XML declaration";
	return NULL;
}

static const unsigned char *step_pi(struct xml_scan *s, const unsigned char *p,
				    const unsigned char *end, struct error *err)
{
	for (; p < end; p++) {
		if (*p == '>')
			break;
		if (s->run == sizeof s->declaration - 1)
			return too_many(s, s->tag, "bytes in the XML declaration",
					sizeof s->declaration - 1, err);
		s->declaration[s->run++] = (char)*p;
	}
	if (p == end)
		return p;
	if (s->run == 0 || s->declaration[s->run - 1] != '?')
		return refuse(s, p, ERROR_XML_REFUSED, "malformed XML declaration", err);
	s->declaration[s->run - 1] = '\0';
	const char *fault = declaration_fault(s->declaration);
	if (fault)
		return refuse(s, p, ERROR_XML_REFUSED, fault, err);
	s->run = 0;
	s->state = XML_SCAN_TEXT;
	return p + 1;
}

static step *const steps[XML_SCAN_STATES_] = {
	[XML_SCAN_START] = step_start, [XML_SCAN_BOM] = step_bom,
	[XML_SCAN_TEXT] = step_text,   [XML_SCAN_OPEN] = step_open,
	[XML_SCAN_NAME] = step_name,   [XML_SCAN_TAG] = step_tag,
	[XML_SCAN_VALUE] = step_value, [XML_SCAN_END_TAG] = step_end_tag,
	[XML_SCAN_BANG] = step_bang,   [XML_SCAN_COMMENT] = step_comment,
	[XML_SCAN_CDATA] = step_cdata, [XML_SCAN_PI] = step_pi,
};

void xml_scan_begin(struct xml_scan *s, bool fragment)
{
	struct xml_queue starts = s->starts, ends = s->ends;

	starts.head = starts.count = 0;
	ends.head = ends.count = 0;
	*s = (struct xml_scan){
		.state = fragment ? XML_SCAN_TEXT : XML_SCAN_START,
		.fragment = fragment,
		.starts = starts,
		.ends = ends,
	};
}

int xml_scan_feed(struct xml_scan *s, const unsigned char *bytes, size_t len, struct error *err)
{
	const unsigned char *p = bytes, *end = bytes + len;

	s->chunk = bytes;
	const unsigned char *nul = len > 0 ? memchr(bytes, 0, len) : NULL;
	if (nul) {
		refuse(s, nul, ERROR_XML_REFUSED, "NUL byte", err);
		return -1;
	}
	while (p && p < end)
		p = steps[s->state](s, p, end, err);
	if (!p)
		return -1;
	s->offset += len;
	return 0;
}

int xml_scan_finish(struct xml_scan *s, struct error *err)
{
	bool between = s->state == XML_SCAN_TEXT || s->state == XML_SCAN_START;

	s->fault = s->offset;
	if (!between || s->depth > 0)
		return error_set(err, ERROR_XML_SYNTAX,
				 "offset %" PRIu64 ": ends inside an element, tag or comment",
				 s->offset);
	if (!s->fragment && !s->seen_root)
		return error_set(err, ERROR_XML_SYNTAX, "offset %" PRIu64 ": no element at all",
				 s->offset);
	return 0;
}

void xml_scan_pass(struct xml_scan *s, size_t len)
{
	s->offset += len;
	s->run = 0;
}

uint64_t xml_scan_keep(const struct xml_scan *s)
{
	if (s->starts.head < s->starts.count)
		return s->starts.items[s->starts.head].start;
	return s->state == XML_SCAN_OPEN ? s->tag : s->offset;
}

void xml_scan_clear(struct xml_scan *s)
{
	free(s->starts.items);
	free(s->ends.items);
	*s = (struct xml_scan){ .state = XML_SCAN_START };
}
