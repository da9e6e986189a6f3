/*
 * Parsing is a table of lines in their fixed order; whatever is not the line
 * the table wants next is refused, so unknown, missing, repeated and misplaced
 * keys need no code of their own.
 */
#include "media/manifest.h"

#include "lib/base/buf.h"
#include "lib/base/str.h"
#include "lib/crypto/digest.h"
#include "media/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIELDS_MAX = 4 };

static const char file_name[] = "MANIFEST";
static const char *const table_names[MANIFEST_TABLES] = { "CHUNKS", "OBJECTS", "SHA256SUMS" };
static const uint64_t table_limits[MANIFEST_TABLES] = { LIMIT_CHUNKS_BYTES, LIMIT_OBJECTS_BYTES,
							LIMIT_SUMS_BYTES };

struct parse {
	struct manifest *m;
	const struct text_line *line;
	size_t step;  /* index of the line wanted next */
	size_t files; /* file lines read */
	bool ended;
};

const char *manifest_table_name(enum manifest_table table)
{
	return table_names[table];
}

/* ---- one function per line; f[0] is the key ---- */

static int number(const struct parse *p, const struct text_field *f, struct text_range range,
		  uint64_t *out, struct error *err)
{
	return text_number(p->line, f, &range, out, err);
}

static int name(const struct parse *p, const struct text_field *f, char *out, struct error *err)
{
	if (!text_is_name(f[1].bytes, f[1].len, MANIFEST_NAME_SIZE - 1))
		return text_fail(p->line, err, "the name is not 1 to 63 of A-Za-z0-9._-");
	memcpy(out, f[1].bytes, f[1].len);
	out[f[1].len] = '\0';
	return 0;
}

static int channel_line(struct parse *p, const struct text_field *f, struct error *err)
{
	return name(p, f, p->m->channel, err);
}

static int audience_line(struct parse *p, const struct text_field *f, struct error *err)
{
	return name(p, f, p->m->audience, err);
}

static int epoch_line(struct parse *p, const struct text_field *f, struct error *err)
{
	uint64_t value;

	if (number(p, f + 1, (struct text_range){ "epoch", 1, UINT32_MAX }, &value, err))
		return -1;
	p->m->epoch = (uint32_t)value;
	return 0;
}

static int sequence_line(struct parse *p, const struct text_field *f, struct error *err)
{
	return number(p, f + 1, (struct text_range){ "sequence", 1, INT64_MAX }, &p->m->sequence,
		      err);
}

static int previous_line(struct parse *p, const struct text_field *f, struct error *err)
{
	if (text_is(f + 1, "-") != (p->m->sequence == 1))
		return text_fail(p->line, err, "previous must be - for sequence 1 and only then");
	if (p->m->sequence == 1)
		return 0;
	return text_hex(p->line, f + 1, "previous", p->m->previous, 32, err);
}

static int kind_line(struct parse *p, const struct text_field *f, struct error *err)
{
	if (!text_is(f + 1, "full"))
		return text_fail(p->line, err, "this version reads only kind full");
	return 0;
}

static int stamp(const struct parse *p, const struct text_field *f, int64_t *out, struct error *err)
{
	if (!str_to_time(f->bytes, f->len, out))
		return text_fail(p->line, err, "the time is not YYYY-MM-DDThh:mm:ssZ");
	return 0;
}

static int created_line(struct parse *p, const struct text_field *f, struct error *err)
{
	return stamp(p, f + 1, &p->m->created, err);
}

static int expires_line(struct parse *p, const struct text_field *f, struct error *err)
{
	return stamp(p, f + 1, &p->m->expires, err);
}

static int trust_line(struct parse *p, const struct text_field *f, struct error *err)
{
	uint64_t value;

	if (number(p, f + 1, (struct text_range){ "trust-version", 1, UINT32_MAX }, &value, err))
		return -1;
	p->m->trust_version = (uint32_t)value;
	return 0;
}

static int root_line(struct parse *p, const struct text_field *f, struct error *err)
{
	return text_hex(p->line, f + 1, "catalog-root", p->m->catalog_root, 32, err);
}

static int volumes_line(struct parse *p, const struct text_field *f, struct error *err)
{
	uint64_t value;

	if (number(p, f + 1, (struct text_range){ "volumes", 0, LIMIT_VOLUMES }, &value, err))
		return -1;
	p->m->volumes = (uint32_t)value;
	return 0;
}

static int objects_line(struct parse *p, const struct text_field *f, struct error *err)
{
	struct manifest *m = p->m;

	if (number(p, f + 1, (struct text_range){ "object count", 0, LIMIT_OBJECTS }, &m->objects,
		   err))
		return -1;
	return number(p, f + 2,
		      (struct text_range){ "content bytes", 0, m->objects * LIMIT_OBJECT_BYTES },
		      &m->object_bytes, err);
}

static int file_line(struct parse *p, const struct text_field *f, struct error *err)
{
	size_t i = p->files++;

	if (!text_is(f + 3, table_names[i]))
		return text_fail(p->line, err, "not the line of %s", table_names[i]);
	if (text_hex(p->line, f + 1, "digest", p->m->files[i].sha256, 32, err))
		return -1;
	return number(p, f + 2, (struct text_range){ "size", 0, table_limits[i] },
		      &p->m->files[i].size, err);
}

static bool is_source_kind(const char *bytes, size_t len)
{
	if (len == 0 || len >= MANIFEST_KIND_SIZE)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (!(bytes[i] >= 'a' && bytes[i] <= 'z') && !(bytes[i] >= '0' && bytes[i] <= '9'))
			return false;
	}
	return true;
}

static int source_line(struct parse *p, const struct text_field *f, struct error *err)
{
	if (p->m->source_count >= LIMIT_SOURCES)
		return text_fail(p->line, err, "more than %u sources", LIMIT_SOURCES);
	struct manifest_source *s = &p->m->sources[p->m->source_count++];

	if (!is_source_kind(f[1].bytes, f[1].len))
		return text_fail(p->line, err, "the kind of source is not 1 to 32 of a-z0-9");
	memcpy(s->kind, f[1].bytes, f[1].len);
	if (text_hex(p->line, f + 2, "cabinet digest", s->cabinet, 32, err))
		return -1;
	s->dated = !text_is(f + 3, "-");
	return s->dated ? stamp(p, f + 3, &s->created, err) : 0;
}

static int end_line(struct parse *p, const struct text_field *f, struct error *err)
{
	uint64_t lines;

	if (number(p, f + 1, (struct text_range){ "line count", 1, LIMIT_MANIFEST_LINES }, &lines,
		   err))
		return -1;
	if (lines != p->line->number)
		return text_fail(p->line, err, "end says %llu lines", (unsigned long long)lines);
	p->ended = true;
	return 0;
}

struct step {
	const char *key;
	size_t fields;
	int (*parse)(struct parse *p, const struct text_field *f, struct error *err);
};

/* Any number of source lines may come before the last step. */
static const struct step source_step = { "source", 4, source_line };
static const struct step steps[] = {
	{ "channel", 2, channel_line },     { "audience", 2, audience_line },
	{ "epoch", 2, epoch_line },         { "sequence", 2, sequence_line },
	{ "previous", 2, previous_line },   { "kind", 2, kind_line },
	{ "created", 2, created_line },     { "expires", 2, expires_line },
	{ "trust-version", 2, trust_line }, { "catalog-root", 2, root_line },
	{ "volumes", 2, volumes_line },     { "objects", 3, objects_line },
	{ "file", 4, file_line },           { "file", 4, file_line },
	{ "file", 4, file_line },           { "end", 2, end_line },
};
enum { STEPS = sizeof steps / sizeof *steps };

static bool has_key(const struct text_line *line, const char *key)
{
	size_t len = strlen(key);

	return line->len > len && memcmp(line->bytes, key, len) == 0 && line->bytes[len] == ' ';
}

static int parse_line(void *ctx, const struct text_line *line, struct error *err)
{
	struct parse *p = ctx;
	struct text_field fields[FIELDS_MAX];

	p->line = line;
	if (line->number == 1) {
		if (line->len != strlen(MANIFEST_MAGIC) ||
		    memcmp(line->bytes, MANIFEST_MAGIC, line->len) != 0)
			return text_fail(line, err, "not '%s'", MANIFEST_MAGIC);
		return 0;
	}
	if (p->ended)
		return text_fail(line, err, "text after the end line");

	const struct step *step = &steps[p->step];
	if (p->step == STEPS - 1 && has_key(line, source_step.key))
		step = &source_step;
	else
		p->step++;
	if (!has_key(line, step->key))
		return text_fail(line, err, "not the key '%s'", step->key);
	if (text_split(line, fields, step->fields, err))
		return -1;
	return step->parse(p, fields, err);
}

/* ---- rules that concern more than one line ---- */

enum { SOURCE_TEXT = 160 };

static void source_text(const struct manifest_source *s, char out[SOURCE_TEXT])
{
	char hex[DIGEST_HEX], time[STR_TIME_SIZE] = "-";

	str_to_hex(s->cabinet, sizeof s->cabinet, hex);
	if (s->dated)
		str_from_time(s->created, time);
	snprintf(out, SOURCE_TEXT, "source %s %s %s", s->kind, hex, time);
}

static int compare_sources(const void *left, const void *right)
{
	char a[SOURCE_TEXT], b[SOURCE_TEXT];

	source_text(left, a);
	source_text(right, b);
	return strcmp(a, b);
}

/* What is wrong with m, or NULL. */
static const char *broken_rule(const struct manifest *m)
{
	if (m->created >= m->expires)
		return "expires is not later than created";
	if ((m->volumes == 0) != (m->objects == 0))
		return "volumes and objects must both be 0 or neither";
	for (size_t i = 1; i < m->source_count; i++) {
		if (compare_sources(&m->sources[i - 1], &m->sources[i]) >= 0)
			return "the source lines are not sorted and unique";
	}
	return NULL;
}

int manifest_parse(const void *bytes, size_t len, struct manifest *out, struct error *err)
{
	struct parse p = { .m = out };
	struct text_reader r = { .file = file_name,
				 .id = ERROR_MANIFEST_FORMAT,
				 .max_bytes = LIMIT_MANIFEST_BYTES,
				 .max_lines = LIMIT_MANIFEST_LINES,
				 .line = parse_line,
				 .ctx = &p };

	*out = (struct manifest){ .epoch = 0 };
	if (text_feed(&r, bytes, len, err) || text_finish(&r, err))
		return -1;
	if (!p.ended)
		return error_set(err, ERROR_MANIFEST_FORMAT, "%s line %llu: no end line", file_name,
				 (unsigned long long)r.lines + 1);
	const char *broken = broken_rule(out);
	if (broken)
		return error_set(err, ERROR_MANIFEST_FORMAT, "%s: %s", file_name, broken);
	return 0;
}

/* ---- writing ---- */

static bool is_written_name(const char *text)
{
	return text_is_name(text, strnlen(text, MANIFEST_NAME_SIZE), MANIFEST_NAME_SIZE - 1);
}

static bool is_time(int64_t seconds)
{
	char text[STR_TIME_SIZE];
	int64_t again;

	str_from_time(seconds, text);
	return str_to_time(text, STR_TIME_SIZE - 1, &again) && again == seconds;
}

/* What a single value of m is wrong with, or NULL: the ranges that parsing enforces by line. */
static const char *broken_value(const struct manifest *m)
{
	if (!is_written_name(m->channel))
		return "channel is not 1 to 63 of A-Za-z0-9._-";
	if (!is_written_name(m->audience))
		return "audience is not 1 to 63 of A-Za-z0-9._-";
	if (m->epoch < 1 || m->sequence < 1 || m->sequence > INT64_MAX || m->trust_version < 1)
		return "epoch, sequence and trust-version start at 1";
	if (!is_time(m->created) || !is_time(m->expires))
		return "a time is outside the years 1970 to 9999";
	if (m->volumes > LIMIT_VOLUMES || m->objects > LIMIT_OBJECTS ||
	    m->object_bytes > m->objects * LIMIT_OBJECT_BYTES)
		return "volumes, objects or content bytes are too many";
	for (size_t i = 0; i < MANIFEST_TABLES; i++) {
		if (m->files[i].size > table_limits[i])
			return "a table is too large";
	}
	if (m->source_count > LIMIT_SOURCES)
		return "too many sources";
	for (size_t i = 0; i < m->source_count; i++) {
		const struct manifest_source *s = &m->sources[i];

		if (!is_source_kind(s->kind, strnlen(s->kind, MANIFEST_KIND_SIZE)))
			return "the kind of a source is not 1 to 32 of a-z0-9";
		if (s->dated && !is_time(s->created))
			return "the time of a source is outside the years 1970 to 9999";
	}
	return NULL;
}

int manifest_check(const struct manifest *m, struct error *err)
{
	const char *broken = broken_value(m);

	if (!broken)
		broken = broken_rule(m);
	if (broken)
		return error_set(err, ERROR_MEDIA_VALUE, "%s: %s", file_name, broken);
	return 0;
}

void manifest_sort_sources(struct manifest *m)
{
	size_t kept = 0;

	qsort(m->sources, m->source_count, sizeof *m->sources, compare_sources);
	for (size_t i = 0; i < m->source_count; i++) {
		if (kept > 0 && compare_sources(&m->sources[kept - 1], &m->sources[i]) == 0)
			continue;
		m->sources[kept++] = m->sources[i];
	}
	m->source_count = kept;
}

static int write_head(const struct manifest *m, struct buf *out, struct error *err)
{
	char previous[DIGEST_HEX] = "-", created[STR_TIME_SIZE], expires[STR_TIME_SIZE];

	if (m->sequence > 1)
		str_to_hex(m->previous, sizeof m->previous, previous);
	str_from_time(m->created, created);
	str_from_time(m->expires, expires);
	return buf_printf(out, err,
			  MANIFEST_MAGIC "\nchannel %s\naudience %s\nepoch %lu\nsequence %llu\n"
					 "previous %s\nkind full\ncreated %s\nexpires %s\n",
			  m->channel, m->audience, (unsigned long)m->epoch,
			  (unsigned long long)m->sequence, previous, created, expires);
}

static int write_counts(const struct manifest *m, struct buf *out, struct error *err)
{
	char root[DIGEST_HEX];

	str_to_hex(m->catalog_root, sizeof m->catalog_root, root);
	return buf_printf(out, err,
			  "trust-version %lu\ncatalog-root %s\nvolumes %lu\nobjects %llu %llu\n",
			  (unsigned long)m->trust_version, root, (unsigned long)m->volumes,
			  (unsigned long long)m->objects, (unsigned long long)m->object_bytes);
}

static int write_lists(const struct manifest *m, struct buf *out, struct error *err)
{
	char line[SOURCE_TEXT], hex[DIGEST_HEX];

	for (size_t i = 0; i < MANIFEST_TABLES; i++) {
		str_to_hex(m->files[i].sha256, sizeof m->files[i].sha256, hex);
		if (buf_printf(out, err, "file %s %llu %s\n", hex,
			       (unsigned long long)m->files[i].size, table_names[i]))
			return -1;
	}
	for (size_t i = 0; i < m->source_count; i++) {
		source_text(&m->sources[i], line);
		if (buf_printf(out, err, "%s\n", line))
			return -1;
	}
	/* The magic line counts, too. */
	return buf_printf(out, err, "end %zu\n", 1 + STEPS + m->source_count);
}

int manifest_write(const struct manifest *m, struct buf *out, struct error *err)
{
	if (manifest_check(m, err) || write_head(m, out, err) || write_counts(m, out, err))
		return -1;
	return write_lists(m, out, err);
}

int manifest_digest(const struct manifest *m, unsigned char out[32], struct error *err)
{
	struct buf text CLEANUP(buf_clear) = BUF_INIT(LIMIT_MANIFEST_BYTES);

	if (manifest_write(m, &text, err))
		return -1;
	digest_sha256(text.bytes, text.len, out);
	return 0;
}

void manifest_directory(const struct manifest *m, char out[MANIFEST_DIRECTORY_SIZE])
{
	snprintf(out, MANIFEST_DIRECTORY_SIZE, "%s-%lu-%llu", m->channel, (unsigned long)m->epoch,
		 (unsigned long long)m->sequence);
}
