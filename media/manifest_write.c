/* The writer's half of MANIFEST: what is written keeps every rule of the reader. */
#include "media/manifest.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/str.h"
#include "lib/crypto/digest.h"
#include "media/manifest_rule.h"
#include "media/text.h"

#include <stdio.h>
#include <string.h>

static const char file_name[] = "MANIFEST";

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

/* What the names and lists of m are wrong with, or NULL. */
static const char *broken_list(const struct manifest *m)
{
	if (!is_written_name(m->channel))
		return "channel is not 1 to 63 of A-Za-z0-9._-";
	if (m->audience_count < 1 || m->audience_count > LIMIT_AUDIENCES)
		return "no audience, or too many";
	for (size_t i = 0; i < m->audience_count; i++) {
		if (!is_written_name(m->audiences[i]))
			return "an audience is not 1 to 63 of A-Za-z0-9._-";
	}
	if (m->history_count > LIMIT_HISTORY || m->withdrawn_count > LIMIT_WITHDRAWN ||
	    m->origin_count > LIMIT_ORIGINS)
		return "too many lines of history, withdrawn sources or origins";
	for (size_t i = 0; i < m->withdrawn_count; i++) {
		const struct manifest_withdrawn *w = &m->withdrawn[i];

		if (!manifest_rule_is_kind(w->kind, strnlen(w->kind, sizeof w->kind)) ||
		    !manifest_rule_is_series(w->series, strnlen(w->series, sizeof w->series)))
			return "a withdrawn source has no good kind or series";
	}
	if (m->source_count > LIMIT_SOURCES)
		return "too many sources";
	for (size_t i = 0; i < m->source_count; i++) {
		const struct manifest_source *s = &m->sources[i];

		if (!manifest_rule_is_kind(s->kind, strnlen(s->kind, sizeof s->kind)))
			return "the kind of a source is not 1 to 32 of a-z0-9";
		if (s->dated && !is_time(s->created))
			return "the time of a source is outside the years 1970 to 9999";
	}
	return NULL;
}

/* What a single value of m is wrong with, or NULL: the ranges that parsing enforces by line. */
static const char *broken_value(const struct manifest *m)
{
	if (m->version < 1 || m->version > MANIFEST_VERSION)
		return "no such version";
	if (m->version == 1 &&
	    (m->audience_count > 1 || m->history_count > 0 || m->increment || m->origin_count > 0))
		return "version 1 has one audience, no history, no increments and no origins";
	if (m->epoch < 1 || m->sequence < 1 || m->sequence > INT64_MAX || m->trust_version < 1)
		return "epoch, sequence and trust-version start at 1";
	if (!is_time(m->created) || !is_time(m->expires))
		return "a time is outside the years 1970 to 9999";
	if (m->volumes > LIMIT_VOLUMES || m->objects > LIMIT_OBJECTS ||
	    m->assumed > LIMIT_OBJECTS || m->object_bytes > m->objects * LIMIT_OBJECT_BYTES ||
	    m->assumed_bytes > m->assumed * LIMIT_OBJECT_BYTES)
		return "volumes, objects or content bytes are too many";
	for (size_t i = 0; i < MANIFEST_TABLES; i++) {
		if (m->files[i].size > manifest_rule_table_limit((enum manifest_table)i))
			return "a table is too large";
	}
	return NULL;
}

int manifest_check(const struct manifest *m, struct error *err)
{
	const char *broken = broken_value(m);

	if (!broken)
		broken = broken_list(m);
	if (!broken)
		broken = manifest_rule_broken(m);
	if (broken)
		return error_set(err, ERROR_MEDIA_VALUE, "%s: %s", file_name, broken);
	return 0;
}

static int write_stream(const struct manifest *m, struct buf *out, struct error *err)
{
	char hex[DIGEST_HEX] = "-";

	if (buf_printf(out, err, "gapferry-manifest %lu\nchannel %s\n", (unsigned long)m->version,
		       m->channel))
		return -1;
	for (size_t i = 0; i < m->audience_count; i++)
		if (buf_printf(out, err, "audience %s\n", m->audiences[i]))
			return -1;
	if (m->sequence > 1)
		str_to_hex(m->previous, sizeof m->previous, hex);
	if (buf_printf(out, err, "epoch %lu\nsequence %llu\nprevious %s\n", (unsigned long)m->epoch,
		       (unsigned long long)m->sequence, hex))
		return -1;
	for (size_t i = 0; i < m->history_count; i++) {
		str_to_hex(m->history[i].sha256, sizeof m->history[i].sha256, hex);
		if (buf_printf(out, err, "history %llu %s\n",
			       (unsigned long long)m->history[i].sequence, hex))
			return -1;
	}
	return 0;
}

static int write_kind(const struct manifest *m, struct buf *out, struct error *err)
{
	char root[DIGEST_HEX], created[STR_TIME_SIZE], expires[STR_TIME_SIZE];

	if (!m->increment && buf_printf(out, err, "kind full\n"))
		return -1;
	if (m->increment &&
	    buf_printf(out, err, "kind increment\nbase %llu\n", (unsigned long long)m->base))
		return -1;
	str_from_time(m->created, created);
	str_from_time(m->expires, expires);
	str_to_hex(m->catalog_root, sizeof m->catalog_root, root);
	return buf_printf(out, err, "created %s\nexpires %s\ntrust-version %lu\ncatalog-root %s\n",
			  created, expires, (unsigned long)m->trust_version, root);
}

static int write_counts(const struct manifest *m, struct buf *out, struct error *err)
{
	if (buf_printf(out, err, "volumes %lu\nobjects %llu %llu\n", (unsigned long)m->volumes,
		       (unsigned long long)m->objects, (unsigned long long)m->object_bytes))
		return -1;
	if (m->increment &&
	    buf_printf(out, err, "assumed %llu %llu\n", (unsigned long long)m->assumed,
		       (unsigned long long)m->assumed_bytes))
		return -1;
	for (size_t i = 0; i < m->withdrawn_count; i++)
		if (buf_printf(out, err, "withdrawn %s %s\n", m->withdrawn[i].kind,
			       m->withdrawn[i].series))
			return -1;
	return 0;
}

static int write_lists(const struct manifest *m, struct buf *out, struct error *err)
{
	char line[MANIFEST_RULE_SOURCE], hex[DIGEST_HEX];

	for (size_t i = 0; i < MANIFEST_TABLES; i++) {
		str_to_hex(m->files[i].sha256, sizeof m->files[i].sha256, hex);
		if (buf_printf(out, err, "file %s %llu %s\n", hex,
			       (unsigned long long)m->files[i].size,
			       manifest_table_name((enum manifest_table)i)))
			return -1;
	}
	for (size_t i = 0; i < m->source_count; i++) {
		manifest_rule_source(&m->sources[i], line);
		if (buf_printf(out, err, "%s\n", line))
			return -1;
	}
	for (size_t i = 0; i < m->origin_count; i++) {
		str_to_hex(m->origins[i], sizeof m->origins[i], hex);
		if (buf_printf(out, err, "origin %s\n", hex))
			return -1;
	}
	return 0;
}

/* The number of the line that says it: 16 that every manifest has, and the lists. */
static size_t count_lines(const struct manifest *m)
{
	return 16 + m->audience_count + m->history_count + (m->increment ? 2 : 0) +
	       m->withdrawn_count + m->source_count + m->origin_count;
}

int manifest_write(const struct manifest *m, struct buf *out, struct error *err)
{
	if (manifest_check(m, err) || write_stream(m, out, err) || write_kind(m, out, err) ||
	    write_counts(m, out, err) || write_lists(m, out, err))
		return -1;
	return buf_printf(out, err, "end %zu\n", count_lines(m));
}

bool manifest_is_trust_only(const struct manifest *m)
{
	return m->increment && m->objects == 0 && m->assumed == 0 && m->volumes == 0;
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
