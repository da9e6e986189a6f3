#include "exporter/shard.h"

#include "lib/base/error.h"
#include "lib/base/source.h"
#include "lib/crypto/digest.h"
#include "lib/store/content.h"
#include "lib/store/gather_part.h"
#include "lib/store/stored.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A note is the name of a member and, of a licence text, the SHA-1 of its bytes. */
enum { SHA1 = 20, MEMBERS_MAX = 65535, NOTE_MAX = LIMIT_CAB_NAME + 1 + SHA1 };

struct shard *shard_new(const char *name, const struct store *store, struct gather_known *known,
			struct survey_span span)
{
	struct shard *s = buf_calloc(1, sizeof *s);

	snprintf(s->name, sizeof s->name, "%s", name);
	s->store = store;
	s->span = span;
	s->part = gather_part_new(store, known);
	s->bytes = (struct buf)BUF_INIT(LIMIT_SHARD_BYTES + 1);
	s->member = (struct buf)BUF_INIT(LIMIT_FRAGMENT_BYTES + 1);
	s->notes = (struct buf)BUF_INIT(MEMBERS_MAX * NOTE_MAX);
	return s;
}

void shard_free(struct shard *s)
{
	if (!s)
		return;
	gather_part_free(s->part);
	buf_clear(&s->bytes);
	buf_clear(&s->member);
	buf_clear(&s->notes);
	free(s->licences);
	free(s);
}

void shard_forget(const struct shard *s)
{
	gather_part_forget(s->part);
	for (size_t i = 0; i < s->licence_count; i++)
		if (s->licences[i].id == 0)
			content_forget(s->store, s->licences[i].sha256);
}

/* ---- what the survey has to know ---- */

static int note(struct shard *s, const char *name, const void *sha1, struct error *err)
{
	if (buf_append(&s->notes, name, strlen(name) + 1, err) < 0)
		return -1;
	return sha1 ? buf_append(&s->notes, sha1, SHA1, err) : 0;
}

static bool is_expected(const struct shard *s, uint32_t revision)
{
	return s->span.first <= revision && revision <= s->span.last;
}

void shard_survey(const struct shard *s, struct survey *survey)
{
	const unsigned char *at = s->notes.bytes, *end = at + s->notes.len;
	struct index_name n;

	survey_cabinet(survey, s->name, &s->info);
	while (at < end) {
		const char *name = (const char *)at;
		enum index_class class = index_classify(name, &n);

		at += strlen(name) + 1;
		survey_member(survey, s->name, name, class, &n);
		if (class != INDEX_LICENCE)
			continue;
		survey_licence(survey, s->name, name, &n, at);
		at += SHA1;
	}
}

/* ---- members ---- */

int shard_load(const char *label, struct cab *cab, const struct cab_member *m, uint64_t max,
	       struct buf *out, struct error *err)
{
	if (m->size > max)
		return error_set(err, ERROR_SCAN_LIMIT, "%s: %s: %llu bytes, more than %llu", label,
				 m->name, (unsigned long long)m->size, (unsigned long long)max);
	out->len = 0;
	unsigned char *room = buf_room(out, (size_t)m->size, err);
	for (size_t done = 0; room && done < m->size;) {
		ssize_t n = cab_read(cab, room + done, (size_t)m->size - done, err);

		if (n < 0)
			return -1;
		if (n == 0)
			return error_set(err, ERROR_SCAN_LAYOUT, "%s: %s: ends early", label,
					 m->name);
		done += (size_t)n;
	}
	if (!room)
		return -1;
	out->len = (size_t)m->size;
	return 0;
}

static int load_member(struct shard *s, struct cab *cab, const struct cab_member *m,
		       struct error *err)
{
	return shard_load(s->name, cab, m, LIMIT_FRAGMENT_BYTES, &s->member, err);
}

static int read_fragment(struct shard *s, struct cab *cab, const struct cab_member *m,
			 struct listing_entry *e, struct error *err)
{
	if (load_member(s, cab, m, err) < 0)
		return -1;
	if (gather_part_add(s->part, e, s->member.bytes, s->member.len, err) < 0)
		return error_wrap(err, "%s: %s", s->name, m->name);
	return 0;
}

/* files/<hh>/<SHA-1>: an object of its own, served to clients under that SHA-1. */
static int read_licence(struct shard *s, struct cab *cab, const struct cab_member *m,
			const unsigned char sha1[SHA1], struct error *err)
{
	struct stored_object o = { .kind = OBJECT_CONTENT, .size = m->size, .has_sha1 = true };

	if (load_member(s, cab, m, err) < 0)
		return -1;
	digest_sha1(s->member.bytes, s->member.len, o.sha1);
	if (memcmp(o.sha1, sha1, sizeof o.sha1) != 0)
		s->bad_licences++;
	if (note(s, m->name, o.sha1, err) < 0)
		return -1;
	snprintf(o.name, sizeof o.name, "%s", m->name + strlen(m->name) - 40);
	int known = content_put(s->store, s->member.bytes, s->member.len, o.sha256, err);
	if (known < 0)
		return -1;
	o.id = known ? -1 : 0;
	s->licences =
		buf_grow(s->licences, &s->licence_capacity, s->licence_count, sizeof *s->licences);
	s->licences[s->licence_count++] = o;
	return 0;
}

static int read_member(struct shard *s, struct cab *cab, const struct cab_member *m,
		       struct error *err)
{
	struct index_name name;

	switch (index_classify(m->name, &name)) {
	case INDEX_FRAGMENT: {
		struct listing_entry e = { .stream = name.stream, .revision = name.revision };

		snprintf(e.key, sizeof e.key, "%s", name.language);
		if (!is_expected(s, name.revision) && note(s, m->name, NULL, err) < 0)
			return -1;
		return read_fragment(s, cab, m, &e, err);
	}
	case INDEX_LICENCE:
		return read_licence(s, cab, m, name.sha1, err);
	case INDEX_UNKNOWN:
	default:
		s->unknown_members++;
		return note(s, m->name, NULL, err);
	}
}

int shard_read(struct shard *s, struct source *src, struct error *err)
{
	CLEANUP(cab_close) struct cab *cab = cab_open(src, s->name, err);
	struct cab_member m;
	int more, failed = 0;

	if (!cab)
		return -1;
	s->info = *cab_info(cab);
	while (!failed && (more = cab_next(cab, &m, err)) != 0) {
		if (more < 0)
			return -1;
		s->has_master = strcmp(m.name, "package.xml") == 0;
		if (s->has_master && !s->master)
			return 0;
		failed = s->has_master ? s->master(s->master_ctx, s, cab, err)
				       : read_member(s, cab, &m, err);
	}
	s->has_master = false;
	return failed ? -1 : gather_part_finish(s->part, err);
}

int shard_run(void *arg, struct error *err)
{
	struct shard *s = arg;
	struct source_memory source;

	source_memory_init(&source, s->bytes.bytes, s->bytes.len);
	return shard_read(s, &source.base, err);
}
