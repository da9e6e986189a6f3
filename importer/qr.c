#include "importer/qr.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "media/scan.h"

#include <qrencode.h>
#include <stdbool.h>
#include <string.h>

DEFINE_CLEANUP(QRcode *, QRcode_free);

enum { QUIET = 4 }; /* light modules around a code, as the standard demands */

static const char head[] = "<!DOCTYPE html>\n<html lang=\"en\"><head><meta "
			   "charset=\"utf-8\"><title>%s</title>\n<style>\n"
			   "body { font-family: monospace; font-size: 7pt; margin: 0 }\n"
			   ".page { display: flex; flex-wrap: wrap; break-after: page }\n"
			   ".code { width: 85mm; margin: 2mm }\n"
			   ".code svg { width: 85mm; height: 85mm }\n"
			   ".code p { overflow-wrap: anywhere; margin: 0 }\n"
			   "h1 { font-size: 10pt; width: 100%% }\n"
			   "</style></head><body>\n";

/* The dark modules of one row as runs: M x y, right, down, left. */
static int draw_row(const QRcode *code, int y, struct buf *html, struct error *err)
{
	const unsigned char *row = code->data + (size_t)y * (size_t)code->width;

	for (int x = 0; x < code->width; x++) {
		int from = x;

		while (x < code->width && (row[x] & 1))
			x++;
		if (x > from && buf_printf(html, err, "M%d %dh%dv1h-%dz", from + QUIET, y + QUIET,
					   x - from, x - from) < 0)
			return -1;
	}
	return 0;
}

static int draw(const char *text, struct buf *html, struct error *err)
{
	CLEANUP(QRcode_free)
	QRcode *code = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_M);

	if (!code)
		return error_set_errno(err, ERROR_QR_ENCODE, "a QR code of %zu characters",
				       strlen(text));
	int side = code->width + 2 * QUIET;

	if (buf_printf(html, err,
		       "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\""
		       " shape-rendering=\"crispEdges\"><path fill=\"#fff\" d=\"M0 0h%dv%dH0z\"/>"
		       "<path d=\"",
		       side, side, side, side) < 0)
		return -1;
	for (int y = 0; y < code->width; y++)
		if (draw_row(code, y, html, err) < 0)
			return -1;
	return buf_printf(html, err, "\"/></svg>\n");
}

static int put_code(const char *text, size_t len, size_t k, struct buf *html, struct error *err)
{
	char part[SCAN_TEXT_SIZE];

	scan_write(text, len, k, part);
	return buf_printf(html, err, "<div class=\"code\">\n") < 0 || draw(part, html, err) < 0 ||
			       buf_printf(html, err, "<p>%s</p>\n</div>\n", part) < 0
		       ? -1
		       : 0;
}

int qr_page(const char *title, const char *text, size_t len, struct buf *html, struct error *err)
{
	size_t count = scan_count(len);

	if (buf_printf(html, err, head, title) < 0)
		return -1;
	for (size_t k = 1; k <= count; k++) {
		bool first = k % QR_PAGE_CODES == 1, last = k % QR_PAGE_CODES == 0 || k == count;

		if ((first &&
		     buf_printf(html, err, "<div class=\"page\">\n<h1>%s</h1>\n", title) < 0) ||
		    put_code(text, len, k, html, err) < 0 ||
		    (last && buf_printf(html, err, "</div>\n") < 0))
			return -1;
	}
	return buf_printf(html, err, "<pre>\n%.*s</pre>\n</body></html>\n", (int)len, text);
}
