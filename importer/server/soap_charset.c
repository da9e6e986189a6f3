#include "importer/server/soap_charset.h"

#include "lib/base/buf.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum charset { NO_CHARSET, UTF_8, LATIN_1 };

void soap_text_clear(struct soap_text *t)
{
	free(t->made);
	*t = (struct soap_text){ .bytes = NULL };
}

/* ---- names ---- */

static enum charset charset_of(const char *name, size_t len)
{
	static const struct {
		const char *name;
		enum charset charset;
	} rows[] = {
		{ "utf-8", UTF_8 },        { "utf8", UTF_8 },     { "us-ascii", UTF_8 },
		{ "iso-8859-1", LATIN_1 }, { "latin1", LATIN_1 },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (strlen(rows[i].name) == len && strncasecmp(rows[i].name, name, len) == 0)
			return rows[i].charset;
	return NO_CHARSET;
}

/* What stands behind `word`, an equals sign and perhaps a quote in text. */
static enum charset named(const char *text, const char *word)
{
	static const char blanks[] = " \t\r\n";
	const char *p = strcasestr(text, word);

	if (!p)
		return NO_CHARSET;
	p += strlen(word);
	p += strspn(p, blanks);
	if (*p++ != '=')
		return NO_CHARSET;
	p += strspn(p, " \t\r\n\"'");
	return charset_of(p, strcspn(p, " \t\r\n\"';?"));
}

/* Length of the declaration that the text begins with, blanks before it too; 0: there is none. */
static size_t declaration(const unsigned char *text, size_t len)
{
	static const char open[] = "<?xml", close[] = "?>";
	size_t at = 0;

	while (at < len && text[at] && strchr(" \t\r\n", text[at]))
		at++;
	if (len - at <= sizeof open || memcmp(text + at, open, sizeof open - 1) != 0 ||
	    !strchr(" \t\r\n", text[at + sizeof open - 1]))
		return 0;
	const unsigned char *end = memmem(text + at, len - at, close, sizeof close - 1);
	return end ? (size_t)(end - text) + sizeof close - 1 : 0;
}

static enum charset declared(const unsigned char *text, size_t len)
{
	char head[128];
	size_t n = declaration(text, len);

	n = n < sizeof head ? n : sizeof head - 1;
	memcpy(head, text, n);
	head[n] = '\0';
	return named(head, "encoding");
}

/* ---- text ---- */

static size_t put(unsigned char *out, uint32_t c)
{
	if (c < 0x80) {
		out[0] = (unsigned char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (unsigned char)(0xC0 | c >> 6);
		out[1] = (unsigned char)(0x80 | (c & 0x3F));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (unsigned char)(0xE0 | c >> 12);
		out[1] = (unsigned char)(0x80 | (c >> 6 & 0x3F));
		out[2] = (unsigned char)(0x80 | (c & 0x3F));
		return 3;
	}
	out[0] = (unsigned char)(0xF0 | c >> 18);
	out[1] = (unsigned char)(0x80 | (c >> 12 & 0x3F));
	out[2] = (unsigned char)(0x80 | (c >> 6 & 0x3F));
	out[3] = (unsigned char)(0x80 | (c & 0x3F));
	return 4;
}

static void from_utf16(const unsigned char *p, size_t len, bool big, struct soap_text *out)
{
	enum { REPLACEMENT = 0xFFFD };
	uint32_t high = 0;
	size_t n = 0;

	/* two bytes become three at most, and a half that is missing three more at the end */
	out->made = buf_malloc(len / 2 * 3 + 3);
	for (size_t i = 0; i + 1 < len; i += 2) {
		uint32_t c =
			big ? (uint32_t)(p[i] << 8 | p[i + 1]) : (uint32_t)(p[i + 1] << 8 | p[i]);
		bool low = c >= 0xDC00 && c <= 0xDFFF;

		if (high && low) {
			n += put(out->made + n, 0x10000 + ((high & 0x3FF) << 10 | (c & 0x3FF)));
			high = 0;
			continue;
		}
		if (high)
			n += put(out->made + n, REPLACEMENT);
		high = c >= 0xD800 && c <= 0xDBFF ? c : 0;
		if (!high)
			n += put(out->made + n, low ? REPLACEMENT : c);
	}
	if (high || len % 2 != 0)
		n += put(out->made + n, REPLACEMENT);
	out->bytes = out->made;
	out->len = n;
}

static void from_latin(const unsigned char *p, size_t len, struct soap_text *out)
{
	size_t n = 0;

	out->made = buf_malloc(2 * len + 1);
	for (size_t i = 0; i < len; i++)
		n += put(out->made + n, p[i]);
	out->bytes = out->made;
	out->len = n;
}

void soap_charset_decode(const char *content_type, const unsigned char *bytes, size_t len,
			 struct soap_text *out)
{
	static const unsigned char bom[] = { 0xEF, 0xBB, 0xBF };
	const size_t mark = sizeof bom;
	bool big = len >= 2 && ((bytes[0] == 0xFE && bytes[1] == 0xFF) || bytes[0] == 0);
	bool little = len >= 2 && ((bytes[0] == 0xFF && bytes[1] == 0xFE) || bytes[1] == 0);

	*out = (struct soap_text){ .bytes = bytes, .len = len };
	if (big || little) {
		from_utf16(bytes, len, big, out);
	} else if (len < mark || memcmp(bytes, bom, mark) != 0) {
		enum charset c = content_type ? named(content_type, "charset") : NO_CHARSET;

		if ((c ? c : declared(bytes, len)) == LATIN_1)
			from_latin(bytes, len, out);
	}
	if (out->len >= mark && memcmp(out->bytes, bom, mark) == 0) {
		out->bytes += mark;
		out->len -= mark;
	}
	size_t skip = declaration(out->bytes, out->len);
	out->bytes += skip;
	out->len -= skip;
}
