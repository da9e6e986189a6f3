#include "lib/wsus/wsus_probe.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/hash.h"
#include "lib/base/limits.h"
#include "lib/base/source.h"
#include "lib/base/str.h"
#include "lib/xml/xml.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { PIECE = 64 << 10, SLOTS = 4096, PATH_MAX_LEN = LIMIT_XML_DEPTH * (LIMIT_XML_NAME + 1) };

_Static_assert(SLOTS >= 2 * LIMIT_WSUS_NAMES, "there is always an empty slot");

enum document { NO_DOCUMENT, AS_ELEMENT, AS_TEXT, AS_CABINET };

struct probing {
	struct wsus_probe *out;
	struct buf path;
	size_t lengths[LIMIT_XML_DEPTH]; /* of the path, before each open element */
	size_t rows[LIMIT_XML_DEPTH];    /* of each open element, SIZE_MAX when unlisted */
	unsigned depth;
	unsigned update;        /* depth of the open Update with an id, 0: none */
	unsigned inner;         /* depth of the document in it, 0: none */
	enum document document; /* of the open Update */
	bool text_begun;        /* something but blanks came in the open element */
	uint64_t seed;
	uint32_t slots[SLOTS]; /* rows + 1 */
};

void wsus_probe_clear(struct wsus_probe *p)
{
	for (size_t i = 0; i < p->count; i++) {
		free(p->rows[i].path);
		free(p->rows[i].attributes);
	}
	free(p->rows);
	*p = (struct wsus_probe){ .rows = NULL };
}

/* ---- rows ---- */

static size_t row_of(struct probing *p)
{
	struct wsus_probe *out = p->out;
	const char *path = (const char *)p->path.bytes;
	size_t i = (size_t)hash_bytes(p->seed, path, p->path.len) % SLOTS;

	for (; p->slots[i] != 0; i = (i + 1) % SLOTS) {
		const struct wsus_probe_row *r = &out->rows[p->slots[i] - 1];

		if (strlen(r->path) == p->path.len && memcmp(r->path, path, p->path.len) == 0)
			return p->slots[i] - 1;
	}
	if (out->count == LIMIT_WSUS_NAMES)
		return SIZE_MAX;
	out->rows = buf_grow(out->rows, &out->capacity, out->count, sizeof *out->rows);
	char *copy = buf_malloc(p->path.len + 1);
	memcpy(copy, path, p->path.len);
	copy[p->path.len] = '\0';
	out->rows[out->count] =
		(struct wsus_probe_row){ .path = copy, .attributes = buf_strdup("") };
	p->slots[i] = (uint32_t)++out->count;
	return out->count - 1;
}

static bool has_word(const char *words, const char *word, size_t len)
{
	for (const char *at = words; *at; at += strcspn(at, " "), at += *at == ' ')
		if (strcspn(at, " ") == len && memcmp(at, word, len) == 0)
			return true;
	return false;
}

static void add_attributes(struct wsus_probe_row *r, const struct xml_attribute *at, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		size_t before = strlen(r->attributes), len = strlen(at[i].name);

		if (before + len > LIMIT_XML_NAME * 16 || has_word(r->attributes, at[i].name, len))
			continue;
		r->attributes = buf_realloc(r->attributes, before + len + 2, 1);
		snprintf(r->attributes + before, len + 2, "%s%s", before ? " " : "", at[i].name);
	}
}

/* ---- updates ---- */

static bool is_update(const char *name)
{
	const char *colon = strchr(name, ':');

	return strcmp(colon ? colon + 1 : name, "Update") == 0;
}

static bool has_id(const struct xml_attribute *at, size_t n)
{
	unsigned char guid[16];

	for (size_t i = 0; i < n; i++)
		if ((strcasecmp(at[i].name, "UpdateId") == 0 ||
		     strcasecmp(at[i].name, "Id") == 0) &&
		    str_to_guid(at[i].value, at[i].len, guid))
			return true;
	return false;
}

static void count_update(struct probing *p)
{
	struct wsus_probe *out = p->out;
	uint64_t *const counts[] = { [NO_DOCUMENT] = &out->without,
				     [AS_ELEMENT] = &out->with_element,
				     [AS_TEXT] = &out->with_text,
				     [AS_CABINET] = &out->with_cabinet };

	(*counts[p->document])++;
}

/* ---- the walk ---- */

static int on_start(void *ctx, const char *name, const struct xml_attribute *at, size_t n,
		    struct error *err)
{
	struct probing *p = ctx;

	p->lengths[p->depth] = p->path.len;
	if (buf_printf(&p->path, err, "%s%s", p->depth ? "/" : "", name) < 0)
		return -1;
	size_t row = p->inner ? SIZE_MAX : row_of(p);
	p->rows[p->depth++] = row;
	p->text_begun = false;
	if (row != SIZE_MAX) {
		p->out->rows[row].count++;
		add_attributes(&p->out->rows[row], at, n);
	} else if (!p->inner) {
		p->out->unlisted++;
	}
	if (p->inner || !is_update(name))
		return 0;
	if (p->update) {
		p->inner = p->depth; /* what is in the document is not the export's structure */
		p->document = AS_ELEMENT;
	} else if (has_id(at, n)) {
		p->update = p->depth;
		p->document = NO_DOCUMENT;
	}
	return 0;
}

static int on_end(void *ctx, const char *name, struct error *err)
{
	struct probing *p = ctx;

	(void)name;
	(void)err;
	if (p->inner == p->depth)
		p->inner = 0;
	if (p->update == p->depth) {
		count_update(p);
		p->update = 0;
	}
	p->path.len = p->lengths[--p->depth];
	p->text_begun = true; /* text between elements begins nothing */
	return 0;
}

static int on_text(void *ctx, const char *text, size_t len, struct error *err)
{
	static const char cabinet[] = "TVNDR"; /* "MSCF" in base64 */
	struct probing *p = ctx;
	size_t at = 0;

	(void)err;
	if (p->depth == 0 || p->inner)
		return 0;
	if (p->rows[p->depth - 1] != SIZE_MAX)
		p->out->rows[p->rows[p->depth - 1]].text += len;
	while (at < len && strchr(" \t\r\n", text[at]))
		at++;
	if (p->text_begun || at == len)
		return 0;
	p->text_begun = true;
	if (!p->update || p->document != NO_DOCUMENT)
		return 0;
	if (text[at] == '<')
		p->document = AS_TEXT;
	else if (len - at >= sizeof cabinet - 1 &&
		 memcmp(text + at, cabinet, sizeof cabinet - 1) == 0)
		p->document = AS_CABINET;
	return 0;
}

static const struct xml_handler handler = { .start = on_start, .end = on_end, .text = on_text };

static void keep_head(struct wsus_probe *out, const unsigned char *bytes, size_t len)
{
	size_t room = sizeof out->head - out->head_len, n = len < room ? len : room;

	memcpy(out->head + out->head_len, bytes, n);
	out->head_len += n;
}

/* The document as far as it can be read; the rest of the source is only counted. */
static int read_all(struct source *src, struct xml_reader *r, struct wsus_probe *out,
		    struct error *err)
{
	CLEANUP(free) unsigned char *piece = buf_malloc(PIECE);
	struct error fault = ERROR_INIT;
	ssize_t n;

	while ((n = src->read(src, piece, PIECE, err)) > 0) {
		keep_head(out, piece, (size_t)n);
		out->bytes += (uint64_t)n;
		if (!*fault.message)
			(void)(xml_reader_feed(r, piece, (size_t)n, &fault) == 0);
	}
	if (n == 0 && !*fault.message)
		(void)(xml_reader_finish(r, &fault) == 0);
	snprintf(out->fault, sizeof out->fault, "%s", fault.message);
	return (int)n;
}

int wsus_probe_read(struct source *src, const char *label, struct wsus_probe *out,
		    struct error *err)
{
	struct probing *p = buf_calloc(1, sizeof *p);

	*out = (struct wsus_probe){ .rows = NULL };
	p->out = out;
	p->seed = hash_seed();
	p->path = (struct buf)BUF_INIT(PATH_MAX_LEN);
	struct xml_reader *r = xml_reader_new(&handler, p, label);
	int failed = read_all(src, r, out, err);
	xml_reader_free(r);
	buf_clear(&p->path);
	free(p);
	return failed < 0 ? -1 : 0;
}
