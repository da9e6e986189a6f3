#include "lib/clients/hresult.h"

#include <stddef.h>
#include <stdlib.h>

/* Ascending codes: the table is searched by halves. */
static const struct hresult codes[] = {
#define HRESULT(code, name, kind, text) { code, name, HRESULT_##kind, text },
#include "lib/clients/hresult.def"
#undef HRESULT
};

static int by_code(const void *key, const void *row)
{
	uint32_t code = *(const uint32_t *)key, at = ((const struct hresult *)row)->code;

	return code < at ? -1 : code > at;
}

const struct hresult *hresult_find(uint32_t code)
{
	return bsearch(&code, codes, sizeof codes / sizeof *codes, sizeof *codes, by_code);
}

enum hresult_kind hresult_kind(uint32_t code)
{
	const struct hresult *h = hresult_find(code);

	if (h)
		return h->kind;
	return code & 0x80000000u ? HRESULT_OTHER : HRESULT_OK;
}
