#include "exporter/commands.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/source.h"
#include "lib/wsus/wsus_gzip.h"
#include "lib/wsus/wsus_probe.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

static int check_gzip(int fd, const char *path, uint64_t size, struct error *err)
{
	unsigned char magic[4] = { 0 };

	if (file_read_at(fd, path, magic, size < 4 ? (size_t)size : 4, 0, err) < 0)
		return -1;
	if (memcmp(magic, "MSCF", 4) == 0)
		return error_set(err, ERROR_USAGE, "%s: a cabinet, which the verb ingest reads",
				 path);
	if (magic[0] != 0x1F || magic[1] != 0x8B)
		return error_set(err, ERROR_WSUS_GZIP, "%s: neither gzip nor a cabinet", path);
	return 0;
}

static void put_byte(unsigned char c)
{
	if (c == '\n' || (c >= ' ' && c <= '~'))
		putchar(c);
	else
		printf("\\x%02x", c);
}

static void print_text(const struct wsus_probe *p)
{
	printf("the first %zu bytes, what is not ASCII as \\xNN:\n", p->head_len);
	for (size_t i = 0; i < p->head_len; i++)
		put_byte(p->head[i]);
	printf("\nelements, how often, bytes of text in them, their attributes:\n");
	for (size_t i = 0; i < p->count; i++)
		printf("  %s  %llu  %llu  %s\n", p->rows[i].path,
		       (unsigned long long)p->rows[i].count, (unsigned long long)p->rows[i].text,
		       p->rows[i].attributes);
	if (p->unlisted)
		printf("  and %llu elements of other names\n", (unsigned long long)p->unlisted);
	printf("updates with an id: %llu with the document as elements, %llu as text, %llu as a "
	       "cabinet in base64, %llu without\n",
	       (unsigned long long)p->with_element, (unsigned long long)p->with_text,
	       (unsigned long long)p->with_cabinet, (unsigned long long)p->without);
	printf("%llu bytes unpacked\n", (unsigned long long)p->bytes);
	if (*p->fault)
		printf("reading ended early: %s\n", p->fault);
	printf("This form was never published; nothing of it is ingested.  Export to a file that "
	       "ends in .cab.\n");
}

static void print_json(const struct wsus_probe *p)
{
	json_t *rows = json_array();

	for (size_t i = 0; i < p->count; i++)
		json_array_append_new(rows,
				      json_pack("{s:s, s:I, s:I, s:s}", "path", p->rows[i].path,
						"count", (json_int_t)p->rows[i].count, "text_bytes",
						(json_int_t)p->rows[i].text, "attributes",
						p->rows[i].attributes));
	cli_print_json(json_pack("{s:o, s:I, s:I, s:s, s:{s:I, s:I, s:I, s:I}}", "elements", rows,
				 "unlisted", (json_int_t)p->unlisted, "bytes", (json_int_t)p->bytes,
				 "fault", p->fault, "updates", "as_elements",
				 (json_int_t)p->with_element, "as_text", (json_int_t)p->with_text,
				 "as_cabinet", (json_int_t)p->with_cabinet, "without",
				 (json_int_t)p->without));
}

int cmd_probe(const struct cli_args *args, struct error *err)
{
	const char *path = args->operands[0];
	CLEANUP(file_close) int fd = -1;
	struct source_fd file;
	uint64_t size;

	if (file_open_present(AT_FDCWD, path, &fd, &size, err) < 0 ||
	    check_gzip(fd, path, size, err) < 0)
		return -1;
	source_fd_init(&file, fd, path);
	CLEANUP(wsus_gzip_close) struct wsus_gzip *g = wsus_gzip_open(&file.base, path, err);
	CLEANUP(wsus_probe_clear) struct wsus_probe probe = { .rows = NULL };
	if (!g || wsus_probe_read(wsus_gzip_source(g), path, &probe, err) < 0)
		return -1;
	if (args->json)
		print_json(&probe);
	else
		print_text(&probe);
	return *probe.fault ? CLI_FINDINGS : 0;
}
