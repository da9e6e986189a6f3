/*
 * Requests in UTF-8, whatever they came in.  A byte order mark, or a NUL among the first two bytes,
 * tells UTF-16; else the charset of Content-Type tells, else the XML declaration (RFC 7303). UTF-8,
 * US-ASCII, ISO-8859-1 and UTF-16 are known; any other name is not listened to, and the text is
 * taken for UTF-8.  Knows nothing else of XML.  Not iconv(): it opens files and loads modules,
 * which the role of the server forbids.
 */
#ifndef SERVER_SOAP_CHARSET_H
#define SERVER_SOAP_CHARSET_H

#include "lib/base/cleanup.h"

#include <stddef.h>

struct soap_text {
	const unsigned char *bytes; /* of the request, or made */
	size_t len;
	unsigned char *made; /* NULL: there was nothing to do */
};
void soap_text_clear(struct soap_text *t);
DEFINE_CLEANUP_IN_PLACE(struct soap_text, soap_text_clear);

/*
 * The text of a body, without byte order mark and XML declaration.  content_type: the header, or
 * NULL.  bytes are borrowed for as long as out is used.  Half a character of UTF-16 becomes U+FFFD;
 * whether the rest is UTF-8 is for the XML reader to say.  Not more than twice len.
 */
void soap_charset_decode(const char *content_type, const unsigned char *bytes, size_t len,
			 struct soap_text *out) __attribute__((nonnull(2, 4)));

#endif
