/* A receipt as pages of QR codes for a printer: HTML with inline SVG, nothing else needed. */
#ifndef IMPORTER_QR_H
#define IMPORTER_QR_H

#include <stddef.h>

struct buf;
struct error;

enum { QR_PAGE_CODES = 4, QR_HTML_BYTES = 4 << 20 };

/*
 * Append the pages: at most QR_PAGE_CODES codes on each (media/scan.h), under each
 * its text, and at the end the receipt for people.  text is a receipt of len bytes;
 * title names it and, like the text, needs no escaping in HTML.
 */
int qr_page(const char *title, const char *text, size_t len, struct buf *html, struct error *err)
	__attribute__((nonnull, warn_unused_result));

#endif
