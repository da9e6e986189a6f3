#include "importer/server/soap_write.h"

#include "lib/base/base64.h"
#include "lib/base/str.h"

#include <string.h>

static const char *const uris[] = {
	[SOAP_11] = "http://schemas.xmlsoap.org/soap/envelope/",
	[SOAP_12] = "http://www.w3.org/2003/05/soap-envelope",
};

static void append(struct soap_writer *w, const void *bytes, size_t len)
{
	if (w->err.id == ERROR_NONE && buf_append(&w->buf, bytes, len, &w->err) < 0)
		error_wrap(&w->err, "answer");
}

void soap_raw(struct soap_writer *w, const char *text)
{
	append(w, text, strlen(text));
}

void soap_begin(struct soap_writer *w, enum soap_version version, const char *uri,
		const char *element)
{
	w->version = version;
	soap_raw(w, "<s:Envelope xmlns:s=\"");
	soap_raw(w, uris[version]);
	soap_raw(w, "\"><s:Body xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\""
		    " xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\"><");
	soap_raw(w, element);
	if (*uri) {
		soap_raw(w, " xmlns=\"");
		soap_raw(w, uri);
		soap_raw(w, "\"");
	}
	soap_raw(w, ">");
}

int soap_end(struct soap_writer *w, const char *element, struct error *err)
{
	soap_close(w, element);
	soap_raw(w, "</s:Body></s:Envelope>");
	if (w->err.id == ERROR_NONE)
		return 0;
	return error_set(err, ERROR_SOAP_REPLY, "%s", w->err.message);
}

void soap_open(struct soap_writer *w, const char *name)
{
	soap_raw(w, "<");
	soap_raw(w, name);
	soap_raw(w, ">");
}

void soap_close(struct soap_writer *w, const char *name)
{
	soap_raw(w, "</");
	soap_raw(w, name);
	soap_raw(w, ">");
}

static size_t put(unsigned char *out, const char *text)
{
	size_t len = strlen(text);

	memcpy(out, text, len);
	return len;
}

/* One byte, or what stands for it. */
static size_t escape_byte(unsigned char *out, unsigned char c)
{
	switch (c) {
	case '<':
		return put(out, "&lt;");
	case '>':
		return put(out, "&gt;");
	case '&':
		return put(out, "&amp;");
	case '\n':
		return put(out, "&#10;");
	case '\r':
		return put(out, "&#13;");
	default:
		*out = c < ' ' && c != '\t' ? '?' : c;
		return 1;
	}
}

/*
 * Is any of these eight bytes one that escape_byte() changes, or a tab?  Most of a scan's processor
 * time went into asking byte by byte.
 */
static bool needs_care(uint64_t eight)
{
	const uint64_t ones = 0x0101010101010101u, high = 0x80 * ones;
	uint64_t control = (eight - ' ' * ones) & ~eight;
	/* '<' and '>' differ in one bit; a byte that is meant becomes zero */
	uint64_t angle = (eight | 2 * ones) ^ '>' * ones, ampersand = eight ^ '&' * ones;

	return (control | ((angle - ones) & ~angle) | ((ampersand - ones) & ~ampersand)) & high;
}

/* At most 5 * len bytes into out; how many. */
static size_t escape(const unsigned char *p, size_t len, unsigned char *out)
{
	size_t n = 0, i = 0;
	uint64_t eight;

	while (i < len) {
		size_t step = len - i < sizeof eight ? len - i : sizeof eight;

		if (step == sizeof eight) {
			memcpy(&eight, p + i, sizeof eight);
			if (!needs_care(eight)) {
				memcpy(out + n, &eight, sizeof eight);
				n += sizeof eight;
				i += sizeof eight;
				continue;
			}
		}
		for (size_t end = i + step; i < end; i++)
			n += escape_byte(out + n, p[i]);
	}
	return n;
}

void soap_escape(struct soap_writer *w, const void *text, size_t len)
{
	enum { PIECE = 8192, LONGEST = 5 };
	const unsigned char *p = text;

	while (len > 0 && w->err.id == ERROR_NONE) {
		size_t n = len < PIECE ? len : PIECE;
		unsigned char *room = buf_room(&w->buf, LONGEST * n, &w->err);

		if (room)
			w->buf.len += escape(p, n, room);
		p += n;
		len -= n;
	}
}

void soap_bytes(struct soap_writer *w, const char *name, const void *text, size_t len)
{
	soap_open(w, name);
	if (len > 0)
		soap_escape(w, text, len);
	soap_close(w, name);
}

void soap_escaped(struct soap_writer *w, const char *name, const void *text, size_t len)
{
	soap_open(w, name);
	append(w, text, len);
	soap_close(w, name);
}

void soap_text(struct soap_writer *w, const char *name, const char *text)
{
	soap_bytes(w, name, text, strlen(text));
}

void soap_int(struct soap_writer *w, const char *name, int64_t value)
{
	char text[24], *first = text + sizeof text;
	uint64_t left = value < 0 ? -(uint64_t)value : (uint64_t)value;

	for (; left > 0 || first == text + sizeof text; left /= 10)
		*--first = (char)('0' + left % 10);
	if (value < 0)
		*--first = '-';
	soap_bytes(w, name, first, (size_t)(text + sizeof text - first));
}

void soap_bool(struct soap_writer *w, const char *name, bool value)
{
	soap_text(w, name, value ? "true" : "false");
}

void soap_time(struct soap_writer *w, const char *name, int64_t seconds)
{
	char text[STR_TIME_SIZE];

	str_from_time(seconds, text);
	soap_text(w, name, text);
}

void soap_date(struct soap_writer *w, const char *name, int64_t seconds)
{
	char text[STR_TIME_SIZE];

	str_from_time(seconds, text);
	soap_bytes(w, name, text, sizeof "YYYY-MM-DD" - 1);
}

void soap_guid(struct soap_writer *w, const char *name, const unsigned char guid[16])
{
	char text[STR_GUID_SIZE];

	str_from_guid(guid, text);
	soap_text(w, name, text);
}

void soap_base64(struct soap_writer *w, const char *name, const unsigned char *bytes, size_t len)
{
	size_t need = BASE64_LENGTH(len);

	soap_open(w, name);
	if (w->err.id == ERROR_NONE) {
		unsigned char *room = buf_room(&w->buf, need + 1, &w->err);

		if (room) {
			base64_encode(bytes, len, (char *)room);
			w->buf.len += need;
		}
	}
	soap_close(w, name);
}

void soap_writer_clear(struct soap_writer *w)
{
	buf_clear(&w->buf);
	*w = (struct soap_writer)SOAP_WRITER_INIT;
}
