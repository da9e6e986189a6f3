/*
 * Text of XML documents in memory, for the generator's own data: it escapes attribute values and
 * text, and aborts where memory ends.
 */
#ifndef TOOLS_XML_WRITE_H
#define TOOLS_XML_WRITE_H

#include "lib/base/buf.h"

#include <stddef.h>

/* How a GUID is spelt: catalogs mix the cases (protocol notes 0.3). */
enum xml_case { XML_LOWER, XML_UPPER, XML_MIXED };

/* Markup as it is. */
void xml_write_raw(struct buf *b, const char *markup) __attribute__((nonnull));
void xml_write_format(struct buf *b, const char *fmt, ...)
	__attribute__((nonnull, format(printf, 2, 3)));

/* Character data, escaped. */
void xml_write_text(struct buf *b, const char *text) __attribute__((nonnull));

/* ` name="value"` with the value escaped; _guid and _base64 format bytes. */
void xml_write_attribute(struct buf *b, const char *name, const char *value)
	__attribute__((nonnull));
void xml_write_guid(struct buf *b, const char *name, const unsigned char guid[16],
		    enum xml_case spelling) __attribute__((nonnull));
void xml_write_base64(struct buf *b, const char *name, const unsigned char *bytes, size_t len)
	__attribute__((nonnull));

#endif
