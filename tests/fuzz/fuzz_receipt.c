/* Whatever receipt_parse() accepts is written back byte for byte, and QR codes bring it over. */
#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/limits.h"
#include "media/receipt.h"
#include "media/scan.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static void check_same(const struct buf *out, const unsigned char *data, size_t size)
{
	if (out->len != size || memcmp(out->bytes, data, size) != 0)
		abort();
}

static void check_receipt(const struct receipt_file *f, const unsigned char *data, size_t size)
{
	struct buf out CLEANUP(buf_clear) = BUF_INIT(LIMIT_RECEIPT_BYTES);
	struct buf codes CLEANUP(buf_clear) = BUF_INIT(LIMIT_SCAN_BYTES);
	struct buf joined CLEANUP(buf_clear) = BUF_INIT(LIMIT_RECEIPT_BYTES);
	struct error err = ERROR_INIT;
	char code[SCAN_TEXT_SIZE];

	if (receipt_write(&f->receipt, &out, &err) || out.len != f->signed_len ||
	    receipt_write_signature(f->signature, f->signature_len, &out, &err))
		abort();
	check_same(&out, data, size);
	for (size_t k = scan_count(size); k > 0; k--) {
		scan_write((const char *)data, size, k, code);
		if (buf_printf(&codes, &err, "%s\n", code))
			abort();
	}
	if (scan_join(codes.bytes, codes.len, &joined, &err))
		abort();
	check_same(&joined, data, size);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	struct buf joined CLEANUP(buf_clear) = BUF_INIT(LIMIT_RECEIPT_BYTES);
	struct receipt_file f;
	struct error err = ERROR_INIT;
	int result = receipt_parse(data, size, &f, &err);

	if ((result == 0) != (err.id == ERROR_NONE))
		abort();
	if (result == 0)
		check_receipt(&f, data, size);
	error_clear(&err);
	if ((scan_join(data, size, &joined, &err) == 0) != (err.id == ERROR_NONE))
		abort();
	return 0;
}
