#include "importer/server/table.h"

#include "lib/base/error.h"
#include "lib/cli/cli.h"

#include <stdlib.h>
#include <string.h>

enum { COLUMNS_MAX = 24, WIDTH_MAX = 60, FIELD_SIZE = 1024 };

/* A value as text: lists joined by "; ", nothing for null. */
static void value_text(const json_t *v, char out[FIELD_SIZE])
{
	size_t used = 0, i;
	json_t *item;

	out[0] = '\0';
	if (json_is_string(v))
		snprintf(out, FIELD_SIZE, "%s", json_string_value(v));
	else if (json_is_integer(v))
		snprintf(out, FIELD_SIZE, "%lld", (long long)json_integer_value(v));
	else if (json_is_boolean(v))
		snprintf(out, FIELD_SIZE, "%s", json_is_true(v) ? "yes" : "no");
	json_array_foreach(v, i, item) if (used < FIELD_SIZE && json_is_string(item)) used +=
		(size_t)snprintf(out + used, FIELD_SIZE - used, "%s%s", i ? "; " : "",
				 json_string_value(item));
}

void table_csv_field(const char *text, FILE *out)
{
	const char *formula = *text && strchr("=+-@\t\r", *text) ? "'" : "";

	if (!*formula && !strpbrk(text, ",\"\r\n")) {
		fputs(text, out);
		return;
	}
	fprintf(out, "\"%s", formula);
	for (; *text; text++) {
		if (*text == '"')
			fputc('"', out);
		fputc(*text, out);
	}
	fputc('"', out);
}

static void print_csv(const struct table *t)
{
	char text[FIELD_SIZE];
	size_t row;
	json_t *o;

	for (size_t c = 0; t->columns[c]; c++)
		printf("%s%s", c ? "," : "", t->columns[c]);
	fputs("\r\n", stdout);
	json_array_foreach(t->rows, row, o)
	{
		for (size_t c = 0; t->columns[c]; c++) {
			const json_t *v = json_object_get(o, t->columns[c]);

			if (c)
				fputc(',', stdout);
			value_text(v, text);
			/* A number is no formula. */
			if (json_is_integer(v))
				fputs(text, stdout);
			else
				table_csv_field(text, stdout);
		}
		fputs("\r\n", stdout);
	}
}

/* Characters, as far as a terminal is concerned: continuation bytes take no room. */
static size_t width(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += ((unsigned char)*text & 0xc0) != 0x80;
	return n;
}

static void print_text(const struct table *t)
{
	size_t widths[COLUMNS_MAX] = { 0 }, row;
	char text[FIELD_SIZE];
	json_t *o;

	for (size_t c = 0; t->columns[c] && c < COLUMNS_MAX; c++)
		widths[c] = strlen(t->columns[c]);
	json_array_foreach(t->rows, row, o) for (size_t c = 0; t->columns[c] && c < COLUMNS_MAX;
						 c++)
	{
		value_text(json_object_get(o, t->columns[c]), text);
		size_t n = width(text) < WIDTH_MAX ? width(text) : WIDTH_MAX;
		widths[c] = n > widths[c] ? n : widths[c];
	}
	for (size_t c = 0; t->columns[c] && c < COLUMNS_MAX; c++)
		printf("%s%-*s", c ? "  " : "", t->columns[c + 1] ? (int)widths[c] : 0,
		       t->columns[c]);
	putchar('\n');
	json_array_foreach(t->rows, row, o)
	{
		for (size_t c = 0; t->columns[c] && c < COLUMNS_MAX; c++) {
			value_text(json_object_get(o, t->columns[c]), text);
			size_t n = width(text);
			printf("%s%s%*s", c ? "  " : "", text,
			       t->columns[c + 1] && n < widths[c] ? (int)(widths[c] - n) : 0, "");
		}
		putchar('\n');
	}
}

int table_print(struct table *t, const struct cli_args *args, struct error *err)
{
	bool csv = cli_flag(args, "csv");

	if (csv && args->json) {
		json_decref(t->rows);
		return error_set(err, ERROR_REPORT_FORMAT, "--csv and --json at once");
	}
	if (args->json) {
		cli_print_json(json_pack("{s:o}", t->name, t->rows));
		t->rows = NULL;
		return 0;
	}
	if (csv)
		print_csv(t);
	else
		print_text(t);
	json_decref(t->rows);
	t->rows = NULL;
	return 0;
}
