/*
 * Parsing is a table of lines in their fixed order; whatever is not the line
 * the table wants next is refused, so unknown, missing, repeated and misplaced
 * keys need no code of their own.
 */
#include "media/manifest.h"

#include "lib/base/error.h"
#include "lib/base/str.h"
#include "media/manifest_rule.h"
#include "media/text.h"

#include <string.h>

enum { FIELDS_MAX = 4 };

static const char file_name[] = "MANIFEST";
static const char *const table_names[MANIFEST_TABLES] = { "CHUNKS", "OBJECTS", "SHA256SUMS" };
static const char magic[] = "gapferry-manifest ";

_Static_assert(18 + LIMIT_AUDIENCES + LIMIT_HISTORY + LIMIT_WITHDRAWN + LIMIT_SOURCES +
			       LIMIT_ORIGINS <=
		       LIMIT_MANIFEST_LINES,
	       "the longest manifest has room");

struct parse {
	struct manifest *m;
	const struct text_line *line;
	size_t step;  /* index of the line wanted next */
	size_t count; /* lines of that step read already */
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
	if (p->m->audience_count >= LIMIT_AUDIENCES)
		return text_fail(p->line, err, "more than %u audiences", LIMIT_AUDIENCES);
	return name(p, f, p->m->audiences[p->m->audience_count++], err);
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

static int history_line(struct parse *p, const struct text_field *f, struct error *err)
{
	if (p->m->history_count >= LIMIT_HISTORY)
		return text_fail(p->line, err, "more than %u history lines", LIMIT_HISTORY);
	struct manifest_history *h = &p->m->history[p->m->history_count++];

	if (number(p, f + 1, (struct text_range){ "sequence", 1, INT64_MAX }, &h->sequence, err))
		return -1;
	return text_hex(p->line, f + 2, "digest", h->sha256, sizeof h->sha256, err);
}

static int kind_line(struct parse *p, const struct text_field *f, struct error *err)
{
	p->m->increment = p->m->version > 1 && text_is(f + 1, "increment");
	if (!p->m->increment && !text_is(f + 1, "full"))
		return text_fail(p->line, err, "not a kind that version %u has",
				 (unsigned)p->m->version);
	return 0;
}

static int base_line(struct parse *p, const struct text_field *f, struct error *err)
{
	return number(p, f + 1, (struct text_range){ "base", 1, INT64_MAX }, &p->m->base, err);
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

static int counts(const struct parse *p, const struct text_field *f, uint64_t *objects,
		  uint64_t *bytes, struct error *err)
{
	if (number(p, f + 1, (struct text_range){ "object count", 0, LIMIT_OBJECTS }, objects, err))
		return -1;
	return number(p, f + 2,
		      (struct text_range){ "content bytes", 0, *objects * LIMIT_OBJECT_BYTES },
		      bytes, err);
}

static int objects_line(struct parse *p, const struct text_field *f, struct error *err)
{
	return counts(p, f, &p->m->objects, &p->m->object_bytes, err);
}

static int assumed_line(struct parse *p, const struct text_field *f, struct error *err)
{
	return counts(p, f, &p->m->assumed, &p->m->assumed_bytes, err);
}

static int source_kind(const struct parse *p, const struct text_field *f, char *out,
		       struct error *err)
{
	if (!manifest_rule_is_kind(f->bytes, f->len))
		return text_fail(p->line, err, "the kind of source is not 1 to 32 of a-z0-9");
	memcpy(out, f->bytes, f->len);
	out[f->len] = '\0';
	return 0;
}

static int withdrawn_line(struct parse *p, const struct text_field *f, struct error *err)
{
	if (p->m->withdrawn_count >= LIMIT_WITHDRAWN)
		return text_fail(p->line, err, "more than %u withdrawn sources", LIMIT_WITHDRAWN);
	struct manifest_withdrawn *w = &p->m->withdrawn[p->m->withdrawn_count++];

	if (source_kind(p, f + 1, w->kind, err))
		return -1;
	if (!manifest_rule_is_series(f[2].bytes, f[2].len))
		return text_fail(p->line, err, "the series is not a word of 1 to 95 bytes");
	memcpy(w->series, f[2].bytes, f[2].len);
	return 0;
}

static int file_line(struct parse *p, const struct text_field *f, struct error *err)
{
	size_t i = p->files++;

	if (!text_is(f + 3, table_names[i]))
		return text_fail(p->line, err, "not the line of %s", table_names[i]);
	if (text_hex(p->line, f + 1, "digest", p->m->files[i].sha256, 32, err))
		return -1;
	return number(
		p, f + 2,
		(struct text_range){ "size", 0, manifest_rule_table_limit((enum manifest_table)i) },
		&p->m->files[i].size, err);
}

static int source_line(struct parse *p, const struct text_field *f, struct error *err)
{
	if (p->m->source_count >= LIMIT_SOURCES)
		return text_fail(p->line, err, "more than %u sources", LIMIT_SOURCES);
	struct manifest_source *s = &p->m->sources[p->m->source_count++];

	if (source_kind(p, f + 1, s->kind, err) ||
	    text_hex(p->line, f + 2, "cabinet digest", s->cabinet, 32, err))
		return -1;
	s->dated = !text_is(f + 3, "-");
	return s->dated ? stamp(p, f + 3, &s->created, err) : 0;
}

static int origin_line(struct parse *p, const struct text_field *f, struct error *err)
{
	if (p->m->origin_count >= LIMIT_ORIGINS)
		return text_fail(p->line, err, "more than %u origins", LIMIT_ORIGINS);
	return text_hex(p->line, f + 1, "origin", p->m->origins[p->m->origin_count++], 32, err);
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

/* How often a line stands there. */
enum often {
	ONCE,
	SOME,           /* version 1: once; else from once up to a limit */
	ANY,            /* up to a limit */
	NEWER,          /* not in version 1; else as ANY */
	INCREMENT_ONCE, /* exactly in an increment */
	INCREMENT_ANY
};

struct step {
	const char *key;
	size_t fields;
	enum often often;
	int (*parse)(struct parse *p, const struct text_field *f, struct error *err);
};

static const struct step steps[] = {
	{ "channel", 2, ONCE, channel_line },
	{ "audience", 2, SOME, audience_line },
	{ "epoch", 2, ONCE, epoch_line },
	{ "sequence", 2, ONCE, sequence_line },
	{ "previous", 2, ONCE, previous_line },
	{ "history", 3, NEWER, history_line },
	{ "kind", 2, ONCE, kind_line },
	{ "base", 2, INCREMENT_ONCE, base_line },
	{ "created", 2, ONCE, created_line },
	{ "expires", 2, ONCE, expires_line },
	{ "trust-version", 2, ONCE, trust_line },
	{ "catalog-root", 2, ONCE, root_line },
	{ "volumes", 2, ONCE, volumes_line },
	{ "objects", 3, ONCE, objects_line },
	{ "assumed", 3, INCREMENT_ONCE, assumed_line },
	{ "withdrawn", 3, INCREMENT_ANY, withdrawn_line },
	{ "file", 4, ONCE, file_line },
	{ "file", 4, ONCE, file_line },
	{ "file", 4, ONCE, file_line },
	{ "source", 4, ANY, source_line },
	{ "origin", 2, NEWER, origin_line },
	{ "end", 2, ONCE, end_line },
};
enum { STEPS = sizeof steps / sizeof *steps };

/* How many lines of a step there must be, and may be (limits of lists are the lines' own). */
static size_t least(const struct manifest *m, enum often often)
{
	return often == ONCE || often == SOME || (often == INCREMENT_ONCE && m->increment);
}

static size_t most(const struct manifest *m, enum often often)
{
	bool many = often == ANY || (often == SOME && m->version > 1) ||
		    (often == NEWER && m->version > 1) || (often == INCREMENT_ANY && m->increment);

	return many ? SIZE_MAX : least(m, often);
}

static bool has_key(const struct text_line *line, const char *key)
{
	size_t len = strlen(key);

	return line->len > len && memcmp(line->bytes, key, len) == 0 && line->bytes[len] == ' ';
}

static int magic_line(struct parse *p, const struct text_line *line, struct error *err)
{
	size_t len = strlen(magic);

	if (line->len == len + 1 && memcmp(line->bytes, magic, len) == 0 &&
	    line->bytes[len] >= '1' && line->bytes[len] <= '0' + MANIFEST_VERSION) {
		p->m->version = (uint32_t)(line->bytes[len] - '0');
		return 0;
	}
	return text_fail(line, err, "not '%s1' to '%s%d'", magic, magic, MANIFEST_VERSION);
}

/* The step that the line belongs to, or NULL with err set. */
static const struct step *find_step(struct parse *p, struct error *err)
{
	for (;;) {
		const struct step *step = &steps[p->step];

		if (p->count < most(p->m, step->often) && has_key(p->line, step->key)) {
			p->count++;
			return step;
		}
		if (p->count < least(p->m, step->often)) {
			text_fail(p->line, err, "not the key '%s'", step->key);
			return NULL;
		}
		p->step++;
		p->count = 0;
	}
}

static int parse_line(void *ctx, const struct text_line *line, struct error *err)
{
	struct parse *p = ctx;
	struct text_field fields[FIELDS_MAX];

	p->line = line;
	if (line->number == 1)
		return magic_line(p, line, err);
	if (p->ended)
		return text_fail(line, err, "text after the end line");
	const struct step *step = find_step(p, err);
	if (!step || text_split(line, fields, step->fields, err))
		return -1;
	return step->parse(p, fields, err);
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

	memset(out, 0, sizeof *out);
	if (text_feed(&r, bytes, len, err) || text_finish(&r, err))
		return -1;
	if (!p.ended)
		return error_set(err, ERROR_MANIFEST_FORMAT, "%s line %llu: no end line", file_name,
				 (unsigned long long)r.lines + 1);
	const char *broken = manifest_rule_broken(out);
	if (broken)
		return error_set(err, ERROR_MANIFEST_FORMAT, "%s: %s", file_name, broken);
	return 0;
}
