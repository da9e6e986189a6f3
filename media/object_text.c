/* The lines of OBJECTS. */
#include "lib/base/buf.h"
#include "lib/base/str.h"
#include "media/object_record.h"
#include "media/ustar.h"

#include <stdio.h>
#include <string.h>

static const char *const kind_names[OBJECT_KINDS] = { "catalog", "pack", "cabinet", "content" };

const char *object_kind_name(enum object_kind kind)
{
	return kind_names[kind];
}

enum { F_SHA256, F_SIZE, F_KIND, F_SHA1, F_VOLUME, F_OFFSET, F_FIRST, F_LENGTH, F_NAME, FIELDS };

static int parse_kind(const struct text_line *line, const struct text_field *f,
		      enum object_kind *out, struct error *err)
{
	for (int k = 0; k < OBJECT_KINDS; k++) {
		if (text_is(f, kind_names[k])) {
			*out = (enum object_kind)k;
			return 0;
		}
	}
	return text_fail(line, err, "no such kind of object");
}

static int parse_numbers(const struct text_line *line, const struct text_field *f,
			 struct object_part *p, struct error *err)
{
	static const struct text_range size = { "size", 0, LIMIT_OBJECT_BYTES };
	static const struct text_range volume = { "volume", 0, LIMIT_VOLUMES };
	static const struct text_range offset = { "offset", 0, LIMIT_VOLUME_BYTES };
	static const struct text_range first = { "first", 0, LIMIT_OBJECT_BYTES };
	static const struct text_range length = { "length", 0, USTAR_SIZE_MAX };
	uint64_t number = 0;

	if (text_number(line, f + F_SIZE, &size, &p->size, err) ||
	    text_number(line, f + F_VOLUME, &volume, &number, err) ||
	    text_number(line, f + F_OFFSET, &offset, &p->offset, err) ||
	    text_number(line, f + F_FIRST, &first, &p->first, err) ||
	    text_number(line, f + F_LENGTH, &length, &p->length, err))
		return -1;
	p->volume = (uint32_t)number;
	return 0;
}

int object_record_line(void *ctx, const struct text_line *line, struct error *err)
{
	struct object_part p = { .has_sha1 = false };
	struct text_field f[FIELDS];
	char name[OBJECT_NAME_MAX + 1];

	if (text_split(line, f, FIELDS, err) ||
	    text_hex(line, f + F_SHA256, "SHA-256", p.sha256, sizeof p.sha256, err) ||
	    parse_kind(line, f + F_KIND, &p.kind, err) || parse_numbers(line, f, &p, err))
		return -1;
	p.has_sha1 = !text_is(f + F_SHA1, "-");
	if (p.has_sha1 && text_hex(line, f + F_SHA1, "SHA-1", p.sha1, sizeof p.sha1, err))
		return -1;
	if (!text_is(f + F_NAME, "-")) {
		if (!text_is_name(f[F_NAME].bytes, f[F_NAME].len, OBJECT_NAME_MAX))
			return text_fail(line, err, "the name is not 1 to %d of A-Za-z0-9._-",
					 OBJECT_NAME_MAX);
		memcpy(name, f[F_NAME].bytes, f[F_NAME].len);
		name[f[F_NAME].len] = '\0';
		p.name = name;
	}
	return p.volume == 0 ? object_table_assume(ctx, &p, err) : object_table_add(ctx, &p, err);
}

int object_table_feed(struct object_table *t, const void *bytes, size_t len, struct error *err)
{
	return text_feed(&t->reader, bytes, len, err);
}

static int write_line(const struct object_part *p, struct buf *out, struct error *err)
{
	char sha256[DIGEST_HEX], sha1[DIGEST_HEX] = "-";

	str_to_hex(p->sha256, sizeof p->sha256, sha256);
	if (p->has_sha1)
		str_to_hex(p->sha1, sizeof p->sha1, sha1);
	return buf_printf(out, err, "%s %llu %s %s %lu %llu %llu %llu %s\n", sha256,
			  (unsigned long long)p->size, kind_names[p->kind], sha1,
			  (unsigned long)p->volume, (unsigned long long)p->offset,
			  (unsigned long long)p->first, (unsigned long long)p->length,
			  p->name ? p->name : "-");
}

int object_table_write(const struct object_table *t, size_t i, struct buf *out, struct error *err)
{
	struct object_part p = object_table_get(t, i);

	return write_line(&p, out, err);
}

int object_table_assumed_write(const struct object_table *t, size_t i, struct buf *out,
			       struct error *err)
{
	struct object_part p = object_table_assumed_get(t, i);

	return write_line(&p, out, err);
}
