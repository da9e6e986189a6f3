#include "lib/clients/clients_internal.h"

#include <stdbool.h>

/* Bytes of the character at p when it is valid UTF-8 and printable, else 0. */
static size_t character(const unsigned char *p)
{
	static const struct {
		unsigned char mask, lead;
		uint32_t least;
	} forms[] = { { 0xe0, 0xc0, 0x80 }, { 0xf0, 0xe0, 0x800 }, { 0xf8, 0xf0, 0x10000 } };

	if (p[0] < 0x80)
		return p[0] >= 0x20 && p[0] != 0x7f;
	for (size_t form = 0; form < 3; form++) {
		if ((p[0] & forms[form].mask) != forms[form].lead)
			continue;
		uint32_t value = p[0] & (unsigned char)~forms[form].mask;
		for (size_t i = 1; i <= form + 1; i++) {
			if ((p[i] & 0xc0) != 0x80)
				return 0;
			value = value << 6 | (p[i] & 0x3fu);
		}
		bool bad = value < forms[form].least || value > 0x10ffff || value < 0xa0 ||
			   (value >= 0xd800 && value < 0xe000);
		return bad ? 0 : form + 2;
	}
	return 0;
}

void clients_text(const char *text, char *out, size_t size)
{
	size_t len = 0;

	while (text && *text) {
		size_t n = character((const unsigned char *)text);

		if (len + (n ? n : 1) >= size)
			break;
		if (n == 0) {
			out[len++] = '?';
			text++;
		}
		while (n-- > 0)
			out[len++] = *text++;
	}
	out[len] = '\0';
}
