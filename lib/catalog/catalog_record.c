/* Two walks over the tables of catalog_shape.c; they know nothing of catalogs. */
#include "lib/catalog/catalog_record.h"

#include "lib/base/arena.h"
#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/limits.h"
#include "lib/catalog/catalog_shape.h"

#include <stdbool.h>
#include <string.h>

/* ---- writing ---- */

static int write_shape(const struct catalog_shape *s, const unsigned char *from, struct buf *out,
		       struct error *err);

static int write_count(size_t count, struct buf *out, struct error *err)
{
	uint32_t n = (uint32_t)count;

	if (n != count)
		return error_set(err, ERROR_LIMIT_BYTES, "a list is too long");
	return buf_append(out, &n, sizeof n, err);
}

static int write_text(const unsigned char *from, struct buf *out, struct error *err)
{
	const char *value;

	memcpy(&value, from, sizeof value);
	if (!value)
		value = "";
	size_t len = strlen(value);
	return write_count(len, out, err) < 0 ? -1 : buf_append(out, value, len, err);
}

static int write_list(const struct catalog_field *f, const unsigned char *from, struct buf *out,
		      struct error *err)
{
	const unsigned char *items;
	size_t count;

	memcpy(&items, from + f->at, sizeof items);
	memcpy(&count, from + f->count_at, sizeof count);
	if (write_count(count, out, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		if (write_shape(f->of, items + i * f->of->size, out, err) < 0)
			return -1;
	return 0;
}

static int write_field(const struct catalog_field *f, const unsigned char *from, struct buf *out,
		       struct error *err)
{
	unsigned value;
	unsigned char byte;

	switch (f->kind) {
	case FIELD_BOOL:
		return buf_append(out, from + f->at, 1, err);
	case FIELD_ENUM:
		memcpy(&value, from + f->at, sizeof value);
		byte = (unsigned char)value;
		return buf_append(out, &byte, 1, err);
	case FIELD_BYTES:
		return buf_append(out, from + f->at, f->size, err);
	case FIELD_TEXT:
		return write_text(from + f->at, out, err);
	case FIELD_LIST:
		return write_list(f, from, out, err);
	case FIELD_STRUCT:
	default:
		return write_shape(f->of, from + f->at, out, err);
	}
}

static int write_shape(const struct catalog_shape *s, const unsigned char *from, struct buf *out,
		       struct error *err)
{
	for (size_t i = 0; i < s->count; i++)
		if (write_field(&s->fields[i], from, out, err) < 0)
			return -1;
	return 0;
}

int catalog_record_write(enum catalog_record_kind kind, const void *piece, struct buf *out,
			 struct error *err)
{
	unsigned char head[2] = { (unsigned char)kind, 0 };

	if (kind == CATALOG_RECORD_FRAGMENT)
		head[1] = (unsigned char)((const struct catalog_fragment *)piece)->stream;
	if (buf_append(out, head, sizeof head, err) < 0)
		return -1;
	return write_shape(catalog_shape_of(head[0], head[1]), piece, out, err);
}

/* ---- reading ---- */

struct input {
	const unsigned char *bytes;
	size_t left;
	struct arena *arena;
};

static bool read_shape(struct input *in, const struct catalog_shape *s, unsigned char *to);

static bool take(struct input *in, void *to, size_t len)
{
	if (len > in->left)
		return false;
	if (len > 0)
		memcpy(to, in->bytes, len);
	in->bytes += len;
	in->left -= len;
	return true;
}

static bool read_text(struct input *in, unsigned char *to)
{
	const char *value;
	uint32_t len;

	if (!take(in, &len, sizeof len) || len > in->left || memchr(in->bytes, '\0', len))
		return false;
	value = len > 0 ? arena_text(in->arena, (const char *)in->bytes, len) : "";
	in->bytes += len;
	in->left -= len;
	memcpy(to, &value, sizeof value);
	return true;
}

/* The least that one item takes: so the bytes that are there bound the memory for a list. */
static size_t least_bytes(const struct catalog_shape *s)
{
	size_t sum = 0;

	for (size_t i = 0; i < s->count; i++) {
		const struct catalog_field *f = &s->fields[i];

		if (f->kind == FIELD_STRUCT)
			sum += least_bytes(f->of);
		else if (f->kind == FIELD_BYTES)
			sum += f->size;
		else
			sum += f->kind == FIELD_BOOL || f->kind == FIELD_ENUM ? 1
									      : sizeof(uint32_t);
	}
	return sum;
}

static bool read_list(struct input *in, const struct catalog_field *f, unsigned char *to)
{
	unsigned char *items = NULL;
	uint32_t n;

	if (!take(in, &n, sizeof n) || n > in->left / least_bytes(f->of))
		return false;
	if (n > 0) {
		items = arena_alloc(in->arena, n * f->of->size);
		memset(items, 0, n * f->of->size);
	}
	for (uint32_t i = 0; i < n; i++)
		if (!read_shape(in, f->of, items + i * f->of->size))
			return false;
	size_t count = n;
	memcpy(to + f->at, &items, sizeof items);
	memcpy(to + f->count_at, &count, sizeof count);
	return true;
}

static bool read_field(struct input *in, const struct catalog_field *f, unsigned char *to)
{
	unsigned value;
	unsigned char byte;

	switch (f->kind) {
	case FIELD_BOOL:
		if (!take(in, &byte, 1) || byte > 1)
			return false;
		to[f->at] = byte;
		return true;
	case FIELD_ENUM:
		if (!take(in, &byte, 1) || byte >= f->size)
			return false;
		value = byte;
		memcpy(to + f->at, &value, sizeof value);
		return true;
	case FIELD_BYTES:
		return take(in, to + f->at, f->size);
	case FIELD_TEXT:
		return read_text(in, to + f->at);
	case FIELD_LIST:
		return read_list(in, f, to);
	case FIELD_STRUCT:
	default:
		return read_shape(in, f->of, to + f->at);
	}
}

static bool read_shape(struct input *in, const struct catalog_shape *s, unsigned char *to)
{
	for (size_t i = 0; i < s->count; i++)
		if (!read_field(in, &s->fields[i], to))
			return false;
	return true;
}

/* An id that error_set() takes. */
static bool is_error(uint32_t id)
{
	return id > ERROR_NONE && id < ERROR_IDS_;
}

static size_t count_ids(const struct catalog_group *groups, size_t count)
{
	size_t ids = count;

	for (size_t i = 0; i < count; i++)
		ids += groups[i].count;
	return ids;
}

static bool is_sane_document(const struct catalog_document *d)
{
	return count_ids(d->prerequisites, d->prerequisites_count) <= 2 * LIMIT_UPDATE_RELATIONS &&
	       d->superseded_count <= LIMIT_UPDATE_RELATIONS &&
	       d->bundled_count <= LIMIT_UPDATE_RELATIONS &&
	       d->titles_count <= LIMIT_UPDATE_RELATIONS &&
	       d->languages_count <= LIMIT_UPDATE_RELATIONS &&
	       d->licences_count <= LIMIT_UPDATE_RELATIONS && d->files_count <= UINT32_MAX;
}

static bool is_sane_update(const struct catalog_update *u)
{
	return count_ids(u->prerequisites, u->prerequisites_count) <= 2 * LIMIT_UPDATE_RELATIONS &&
	       u->superseded_by_count <= LIMIT_UPDATE_RELATIONS &&
	       u->bundled_by_count <= LIMIT_UPDATE_RELATIONS &&
	       u->categories_count <= LIMIT_UPDATE_RELATIONS &&
	       u->languages_count <= LIMIT_UPDATE_RELATIONS &&
	       u->payload_count <= LIMIT_UPDATE_RELATIONS &&
	       u->licences_count <= LIMIT_UPDATE_RELATIONS;
}

static bool is_sane_fragment(const struct catalog_fragment *f)
{
	if (f->stream == CATALOG_STREAM_LICENCE)
		return f->eula.files_count <= LIMIT_UPDATE_RELATIONS;
	return f->stream != CATALOG_STREAM_EXTENDED || f->extended.files_count <= UINT32_MAX;
}

/* What the parsers see to, and who fills a catalog relies on. */
static bool is_sane(enum catalog_record_kind kind, const union catalog_piece *p)
{
	switch (kind) {
	case CATALOG_RECORD_UPDATE:
		return is_sane_update(&p->update);
	case CATALOG_RECORD_FRAGMENT:
		return is_sane_fragment(&p->fragment);
	case CATALOG_RECORD_MALFORMED:
		return is_error(p->malformed.error);
	case CATALOG_RECORD_EXPORT_UPDATE:
		return p->export_update.files_count <= LIMIT_UPDATE_RELATIONS &&
		       p->export_update.products_count <= LIMIT_UPDATE_RELATIONS &&
		       p->export_update.classifications_count <= LIMIT_UPDATE_RELATIONS;
	case CATALOG_RECORD_DOCUMENT:
		return is_sane_document(&p->document);
	case CATALOG_RECORD_PACKAGE:
	case CATALOG_RECORD_LOCATION:
	case CATALOG_RECORD_EXPORT_HEAD:
	case CATALOG_RECORD_EXPORT_LANGUAGES:
	case CATALOG_RECORD_EXPORT_FILE:
	case CATALOG_RECORD_KINDS_:
	default:
		return true;
	}
}

int catalog_record_read(const void *bytes, size_t len, struct arena *arena,
			enum catalog_record_kind *kind, union catalog_piece *out, struct error *err)
{
	struct input in = { bytes, len, arena };
	unsigned char head[2];

	memset(out, 0, sizeof *out);
	const struct catalog_shape *s =
		take(&in, head, sizeof head) ? catalog_shape_of(head[0], head[1]) : NULL;
	if (!s || !read_shape(&in, s, (unsigned char *)out) || in.left > 0)
		return error_set(err, ERROR_SANDBOX_RECORD, "a record of %zu bytes is malformed",
				 len);
	*kind = (enum catalog_record_kind)head[0];
	if (*kind == CATALOG_RECORD_FRAGMENT)
		out->fragment.stream = (enum catalog_stream)head[1];
	if (!is_sane(*kind, out))
		return error_set(err, ERROR_SANDBOX_RECORD,
				 "a record names more than any piece has");
	return 0;
}
