/* One table for each struct; the two walks below know nothing of catalogs. */
#include "lib/catalog/catalog_record.h"

#include "lib/base/arena.h"
#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/limits.h"
#include "lib/catalog/catalog_action.h"

#include <stdbool.h>
#include <string.h>

enum field_kind { FIELD_BOOL, FIELD_ENUM, FIELD_BYTES, FIELD_TEXT, FIELD_LIST, FIELD_STRUCT };

/* size: of FIELD_BYTES; of FIELD_ENUM how many values there are. */
struct field {
	enum field_kind kind;
	size_t at, size;
	size_t count_at;        /* FIELD_LIST: where how many there are is */
	const struct shape *of; /* FIELD_LIST, FIELD_STRUCT */
};

struct shape {
	size_t size;
	const struct field *fields;
	size_t count;
};

#define SHAPE(name, type)                                               \
	static const struct shape name = { sizeof(type), name##_fields, \
					   sizeof name##_fields / sizeof *name##_fields }
#define BOOL(type, member)                                     \
	{                                                      \
		FIELD_BOOL, offsetof(type, member), 0, 0, NULL \
	}
#define ENUM(type, member, values)                                  \
	{                                                           \
		FIELD_ENUM, offsetof(type, member), values, 0, NULL \
	}
#define BYTES(type, member)                                                               \
	{                                                                                 \
		FIELD_BYTES, offsetof(type, member), sizeof(((type *)0)->member), 0, NULL \
	}
#define TEXT(type, member)                                     \
	{                                                      \
		FIELD_TEXT, offsetof(type, member), 0, 0, NULL \
	}
#define LIST(type, member, count, of)                                               \
	{                                                                           \
		FIELD_LIST, offsetof(type, member), 0, offsetof(type, count), &(of) \
	}
#define STRUCT(type, member, of)                                  \
	{                                                         \
		FIELD_STRUCT, offsetof(type, member), 0, 0, &(of) \
	}

static const struct field guid_fields[] = { BYTES(struct catalog_guid, bytes) };
SHAPE(guid, struct catalog_guid);

static const struct field sha1_fields[] = { BYTES(struct catalog_sha1, bytes) };
SHAPE(sha1, struct catalog_sha1);

static const struct field number_fields[] = { { FIELD_BYTES, 0, sizeof(uint32_t), 0, NULL } };
SHAPE(number, uint32_t);

static const struct field text_fields[] = { { FIELD_TEXT, 0, 0, 0, NULL } };
SHAPE(text, const char *);

static const struct field group_fields[] = { LIST(struct catalog_group, any_of, count, guid) };
SHAPE(group, struct catalog_group);

static const struct field category_fields[] = {
	ENUM(struct catalog_category, type, CATALOG_CATEGORY_PRODUCT + 1),
	BYTES(struct catalog_category, id),
};
SHAPE(category, struct catalog_category);

static const struct field licence_fields[] = {
	BYTES(struct catalog_licence, sha1),
	TEXT(struct catalog_licence, language),
	BOOL(struct catalog_licence, has_sha256),
	BYTES(struct catalog_licence, sha256),
};
SHAPE(licence, struct catalog_licence);

static const struct field file_fields[] = {
	BYTES(struct catalog_file, sha1),    BOOL(struct catalog_file, has_sha256),
	BOOL(struct catalog_file, has_size), BYTES(struct catalog_file, sha256),
	BYTES(struct catalog_file, size),    TEXT(struct catalog_file, name),
	TEXT(struct catalog_file, modified), TEXT(struct catalog_file, patching_type),
};
SHAPE(file, struct catalog_file);

static const struct field problem_fields[] = {
	ENUM(struct catalog_problem, rule, CATALOG_RULES_),
	BYTES(struct catalog_problem, offset),
	TEXT(struct catalog_problem, value),
	TEXT(struct catalog_problem, detail),
};
SHAPE(problem, struct catalog_problem);

static const struct field problems_fields[] = {
	LIST(struct catalog_problems, items, count, problem),
};
SHAPE(problems, struct catalog_problems);

#define U struct catalog_update
static const struct field update_fields[] = {
	BYTES(U, revision_id),
	BYTES(U, revision_number),
	BOOL(U, has_update_id),
	BYTES(U, update_id),
	BYTES(U, creation),
	TEXT(U, creation_text),
	TEXT(U, default_language),
	BOOL(U, is_leaf),
	BOOL(U, is_bundle),
	BOOL(U, is_software),
	ENUM(U, action, CATALOG_ACTION_UNKNOWN + 1),
	TEXT(U, action_text),
	BYTES(U, action_offset),
	LIST(U, prerequisites, prerequisites_count, group),
	LIST(U, superseded_by, superseded_by_count, number),
	LIST(U, bundled_by, bundled_by_count, number),
	LIST(U, categories, categories_count, category),
	LIST(U, languages, languages_count, text),
	LIST(U, payload, payload_count, sha1),
	LIST(U, licences, licences_count, licence),
	BYTES(U, offset),
	STRUCT(U, problems, problems),
};
SHAPE(update, U);
#undef U

static const struct field location_fields[] = {
	BOOL(struct catalog_location, has_sha1),
	BYTES(struct catalog_location, sha1),
	TEXT(struct catalog_location, url),
	BOOL(struct catalog_location, is_included),
	BYTES(struct catalog_location, offset),
	STRUCT(struct catalog_location, problems, problems),
};
SHAPE(location, struct catalog_location);

static const struct field package_fields[] = {
	TEXT(struct catalog_package, minimum_client_version),
	TEXT(struct catalog_package, package_version),
	TEXT(struct catalog_package, protocol_version),
	TEXT(struct catalog_package, creation_text),
	TEXT(struct catalog_package, package_id),
	TEXT(struct catalog_package, source_id),
	TEXT(struct catalog_package, xmlns),
	BYTES(struct catalog_package, creation),
	BYTES(struct catalog_package, offset),
	STRUCT(struct catalog_package, problems, problems),
};
SHAPE(package, struct catalog_package);

/* ---- fragments: the stream, then what belongs to it ---- */

#define F struct catalog_fragment
static const struct field core_fields[] = {
	BOOL(F, core.has_update_id),
	BYTES(F, core.update_id),
	BYTES(F, core.revision_number),
	TEXT(F, core.update_type),
	TEXT(F, core.licence_id),
	BOOL(F, core.explicitly_deployable),
	LIST(F, core.superseded, core.superseded_count, guid),
	LIST(F, core.prerequisites, core.prerequisites_count, group),
	LIST(F, core.bundled, core.bundled_count, guid),
	STRUCT(F, problems, problems),
};
SHAPE(core, F);

static const struct field extended_fields[] = {
	TEXT(F, extended.kb),
	TEXT(F, extended.severity),
	TEXT(F, extended.bulletin),
	TEXT(F, extended.support_url),
	TEXT(F, extended.more_info_url),
	TEXT(F, extended.handler),
	TEXT(F, extended.default_language),
	BOOL(F, extended.has_max_size),
	BYTES(F, extended.max_size),
	LIST(F, extended.files, extended.files_count, file),
	STRUCT(F, problems, problems),
};
SHAPE(extended, F);

static const struct field localized_fields[] = {
	TEXT(F, localized.language),
	TEXT(F, localized.title),
	TEXT(F, localized.description),
	STRUCT(F, problems, problems),
};
SHAPE(localized, F);

static const struct field eula_fields[] = {
	TEXT(F, eula.language),
	LIST(F, eula.files, eula.files_count, licence),
	STRUCT(F, problems, problems),
};
SHAPE(eula, F);

static const struct field complete_fields[] = { STRUCT(F, problems, problems) };
SHAPE(complete, F);
#undef F

static const struct field malformed_fields[] = {
	TEXT(struct catalog_malformed, why),
	BYTES(struct catalog_malformed, error),
	BYTES(struct catalog_malformed, offset),
};
SHAPE(malformed, struct catalog_malformed);

static const struct shape *shape_of(unsigned char kind, unsigned char stream)
{
	static const struct shape *const pieces[CATALOG_RECORD_KINDS_] = {
		[CATALOG_RECORD_PACKAGE] = &package,
		[CATALOG_RECORD_UPDATE] = &update,
		[CATALOG_RECORD_LOCATION] = &location,
		[CATALOG_RECORD_MALFORMED] = &malformed,
	};

	if (kind != CATALOG_RECORD_FRAGMENT)
		return kind < CATALOG_RECORD_KINDS_ && stream == 0 ? pieces[kind] : NULL;
	switch (stream) {
	case CATALOG_STREAM_CORE:
		return &core;
	case CATALOG_STREAM_EXTENDED:
		return &extended;
	case CATALOG_STREAM_LOCALIZED:
		return &localized;
	case CATALOG_STREAM_LICENCE:
		return &eula;
	case CATALOG_STREAM_COMPLETE:
		return &complete;
	default:
		return NULL;
	}
}

/* ---- writing ---- */

static int write_shape(const struct shape *s, const unsigned char *from, struct buf *out,
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

static int write_list(const struct field *f, const unsigned char *from, struct buf *out,
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

static int write_field(const struct field *f, const unsigned char *from, struct buf *out,
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

static int write_shape(const struct shape *s, const unsigned char *from, struct buf *out,
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
	return write_shape(shape_of(head[0], head[1]), piece, out, err);
}

/* ---- reading ---- */

struct input {
	const unsigned char *bytes;
	size_t left;
	struct arena *arena;
};

static bool read_shape(struct input *in, const struct shape *s, unsigned char *to);

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
static size_t least_bytes(const struct shape *s)
{
	size_t sum = 0;

	for (size_t i = 0; i < s->count; i++) {
		const struct field *f = &s->fields[i];

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

static bool read_list(struct input *in, const struct field *f, unsigned char *to)
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

static bool read_field(struct input *in, const struct field *f, unsigned char *to)
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

static bool read_shape(struct input *in, const struct shape *s, unsigned char *to)
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

/* What the parsers see to, and who fills a catalog relies on. */
static bool is_sane(enum catalog_record_kind kind, const union catalog_piece *p)
{
	const struct catalog_update *u = &p->update;
	size_t ids = 0;

	if (kind == CATALOG_RECORD_MALFORMED)
		return is_error(p->malformed.error);
	if (kind == CATALOG_RECORD_FRAGMENT && p->fragment.stream == CATALOG_STREAM_LICENCE)
		return p->fragment.eula.files_count <= LIMIT_UPDATE_RELATIONS;
	if (kind == CATALOG_RECORD_FRAGMENT && p->fragment.stream == CATALOG_STREAM_EXTENDED)
		return p->fragment.extended.files_count <= UINT32_MAX;
	if (kind != CATALOG_RECORD_UPDATE)
		return true;
	for (size_t i = 0; i < u->prerequisites_count; i++)
		ids += u->prerequisites[i].count;
	return ids <= LIMIT_UPDATE_RELATIONS && u->prerequisites_count <= LIMIT_UPDATE_RELATIONS &&
	       u->superseded_by_count <= LIMIT_UPDATE_RELATIONS &&
	       u->bundled_by_count <= LIMIT_UPDATE_RELATIONS &&
	       u->categories_count <= LIMIT_UPDATE_RELATIONS &&
	       u->languages_count <= LIMIT_UPDATE_RELATIONS &&
	       u->payload_count <= LIMIT_UPDATE_RELATIONS &&
	       u->licences_count <= LIMIT_UPDATE_RELATIONS;
}

int catalog_record_read(const void *bytes, size_t len, struct arena *arena,
			enum catalog_record_kind *kind, union catalog_piece *out, struct error *err)
{
	struct input in = { bytes, len, arena };
	unsigned char head[2];

	memset(out, 0, sizeof *out);
	const struct shape *s = take(&in, head, sizeof head) ? shape_of(head[0], head[1]) : NULL;
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
