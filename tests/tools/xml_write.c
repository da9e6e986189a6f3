#include "tests/tools/xml_write.h"

#include "lib/base/base64.h"
#include "lib/base/error.h"
#include "lib/base/str.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Ceilings of the generator's buffers are far away: reaching one is a defect. */
static void append(struct buf *b, const void *bytes, size_t len)
{
	struct error err = ERROR_INIT;

	if (buf_append(b, bytes, len, &err) < 0)
		abort();
}

void xml_write_raw(struct buf *b, const char *markup)
{
	append(b, markup, strlen(markup));
}

void xml_write_format(struct buf *b, const char *fmt, ...)
{
	char line[2048];
	va_list ap;

	va_start(ap, fmt);
	int len = vsnprintf(line, sizeof line, fmt, ap);
	va_end(ap);
	if (len < 0 || (size_t)len >= sizeof line)
		abort();
	append(b, line, (size_t)len);
}

void xml_write_text(struct buf *b, const char *text)
{
	while (*text) {
		size_t plain = strcspn(text, "<>&\"");

		append(b, text, plain);
		text += plain;
		switch (*text) {
		case '<':
			xml_write_raw(b, "&lt;");
			break;
		case '>':
			xml_write_raw(b, "&gt;");
			break;
		case '&':
			xml_write_raw(b, "&amp;");
			break;
		case '"':
			xml_write_raw(b, "&quot;");
			break;
		default:
			return;
		}
		text++;
	}
}

void xml_write_attribute(struct buf *b, const char *name, const char *value)
{
	append(b, " ", 1);
	xml_write_raw(b, name);
	append(b, "=\"", 2);
	xml_write_text(b, value);
	append(b, "\"", 1);
}

void xml_write_guid(struct buf *b, const char *name, const unsigned char guid[16],
		    enum xml_case spelling)
{
	char text[STR_GUID_SIZE];

	str_from_guid(guid, text);
	for (size_t i = 0; text[i]; i++) {
		bool upper = spelling == XML_UPPER || (spelling == XML_MIXED && i < 18);

		if (upper && text[i] >= 'a' && text[i] <= 'f')
			text[i] = (char)(text[i] - 'a' + 'A');
	}
	xml_write_attribute(b, name, text);
}

void xml_write_base64(struct buf *b, const char *name, const unsigned char *bytes, size_t len)
{
	char text[64];

	if (len > 32)
		abort();
	base64_encode(bytes, len, text);
	xml_write_attribute(b, name, text);
}
