#include "verifier/inquiry/clean.h"

#include <stdbool.h>
#include <stdio.h>

void clean_print(const char *text)
{
	for (const unsigned char *c = (const unsigned char *)text; *c;) {
		bool control = c[0] < 0x20 || c[0] == 0x7f;
		bool c1 = c[0] == 0xc2 && c[1] >= 0x80 && c[1] < 0xa0;
		bool mark = c[0] == 0xe2 && ((c[1] == 0x80 && c[2] >= 0x8b && c[2] <= 0xae) ||
					     (c[1] == 0x81 && c[2] >= 0xa0 && c[2] <= 0xaf));

		if (control || c1 || mark)
			putchar('?');
		else
			putchar(c[0]);
		c += mark ? 3 : c1 ? 2 : 1;
	}
}

void clean_print_update(const char *kb, const char *title)
{
	fputs(*kb ? " KB" : "", stdout);
	clean_print(kb);
	putchar(' ');
	clean_print(title);
}
