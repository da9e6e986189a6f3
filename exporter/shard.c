#include "exporter/shard.h"

#include "lib/base/error.h"
#include "lib/base/source.h"
#include "lib/base/varint.h"
#include "lib/crypto/digest.h"
#include "lib/pack/pack.h"
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
	s->packs = known;
	s->span = span;
	s->part = gather_part_new(store, known);
	s->bytes = (struct buf)BUF_INIT(LIMIT_SHARD_BYTES + 1);
	s->member = (struct buf)BUF_INIT(LIMIT_FRAGMENT_BYTES + 1);
	s->notes = (struct buf)BUF_INIT(MEMBERS_MAX * NOTE_MAX);
	s->state = (struct buf)BUF_INIT(LIMIT_DB_VALUE);
	return s;
}

void shard_free(struct shard *s)
{
	if (!s)
		return;
	gather_part_free(s->part);
	gather_part_free(s->past);
	buf_clear(&s->bytes);
	buf_clear(&s->member);
	buf_clear(&s->notes);
	buf_clear(&s->state);
	free(s->told);
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

static int check_size(const char *label, const struct cab_member *m, uint64_t max,
		      struct error *err)
{
	if (m->size <= max)
		return 0;
	return error_set(err, ERROR_SCAN_LIMIT, "%s: %s: %llu bytes, more than %llu", label,
			 m->name, (unsigned long long)m->size, (unsigned long long)max);
}

/* All of the member, whose size was checked. */
static int fill(const char *label, struct cab *cab, const struct cab_member *m, unsigned char *room,
		struct error *err)
{
	for (size_t done = 0; done < m->size;) {
		ssize_t n = cab_read(cab, room + done, (size_t)m->size - done, err);

		if (n < 0)
			return -1;
		if (n == 0)
			return error_set(err, ERROR_SCAN_LAYOUT, "%s: %s: ends early", label,
					 m->name);
		done += (size_t)n;
	}
	return 0;
}

int shard_load(const char *label, struct cab *cab, const struct cab_member *m, uint64_t max,
	       struct buf *out, struct error *err)
{
	if (check_size(label, m, max, err) < 0)
		return -1;
	out->len = 0;
	unsigned char *room = buf_room(out, (size_t)m->size, err);
	if (!room || fill(label, cab, m, room, err) < 0)
		return -1;
	out->len = (size_t)m->size;
	return 0;
}

static int read_fragment(struct shard *s, struct cab *cab, const struct cab_member *m,
			 struct listing_entry *e, struct error *err)
{
	if (check_size(s->name, m, LIMIT_FRAGMENT_BYTES, err) < 0)
		return -1;
	unsigned char *room = gather_part_room(s->part, (size_t)m->size);
	if (fill(s->name, cab, m, room, err) < 0)
		return -1;
	if (gather_part_add(s->part, e, room, (size_t)m->size, err) < 0)
		return error_wrap(err, "%s: %s", s->name, m->name);
	return 0;
}

/* files/<hh>/<SHA-1>: an object of its own, served to clients under that SHA-1. */
static int read_licence(struct shard *s, struct cab *cab, const struct cab_member *m,
			const unsigned char sha1[SHA1], struct error *err)
{
	struct stored_object o = { .kind = OBJECT_CONTENT, .size = m->size, .has_sha1 = true };

	if (shard_load(s->name, cab, m, LIMIT_FRAGMENT_BYTES, &s->member, err) < 0)
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

/* ---- what is kept ---- */

/* Facts of another version may be other facts. */
static const char VERSION_OF_STATE[] = "1 " VERSION;

static void put_licences(const struct shard *s, struct varint_writer *w)
{
	varint_put(w, s->licence_count);
	for (size_t i = 0; i < s->licence_count; i++) {
		const struct stored_object *o = &s->licences[i];

		varint_put_bytes(w, o->sha1, sizeof o->sha1);
		varint_put_bytes(w, o->sha256, sizeof o->sha256);
		varint_put(w, o->size);
		varint_put_text(w, o->name);
	}
}

/* Into s->state, which stays empty when it would be too long. */
static int keep(struct shard *s, struct error *err)
{
	struct varint_writer w = { .out = BUF_INIT(LIMIT_SHARD_STATE) };

	varint_put_text(&w, VERSION_OF_STATE);
	varint_put(&w, s->span.first);
	varint_put(&w, s->span.last);
	varint_put(&w, s->info.members);
	varint_put(&w, s->info.folders);
	varint_put(&w, s->info.method);
	varint_put(&w, s->unknown_members);
	varint_put(&w, s->bad_licences);
	varint_put(&w, s->notes.len);
	varint_put_bytes(&w, s->notes.bytes, s->notes.len);
	put_licences(s, &w);
	gather_part_write(s->part, &w);
	int failed = w.full ? 0 : pack_compress(w.out.bytes, w.out.len, &s->state, err);
	buf_clear(&w.out);
	return failed;
}

/* 1; 0 when a text is not in the content store as it was. */
static int get_licences(struct shard *s, struct varint_reader *r, struct error *err)
{
	for (uint64_t count = varint_get_to(r, MEMBERS_MAX); count > 0 && !r->bad; count--) {
		struct stored_object o = { .kind = OBJECT_CONTENT, .has_sha1 = true, .id = -1 };

		varint_copy_bytes(r, o.sha1, sizeof o.sha1);
		varint_copy_bytes(r, o.sha256, sizeof o.sha256);
		o.size = varint_get(r);
		snprintf(o.name, sizeof o.name, "%s", varint_get_text(r));
		int good = r->bad ? 0 : content_check(s->store, o.sha256, o.size, err);
		if (good <= 0)
			return good;
		s->licences = buf_grow(s->licences, &s->licence_capacity, s->licence_count,
				       sizeof *s->licences);
		s->licences[s->licence_count++] = o;
	}
	return !r->bad;
}

/* Whether no fragment was passed over then that must be told now. */
static bool fits(const struct shard *s, struct survey_span then)
{
	const struct gather *g = gather_part_get(s->part);

	for (size_t i = 0; i < g->entry_count; i++) {
		uint32_t revision = g->entries[i].revision;

		if (then.first <= revision && revision <= then.last && !is_expected(s, revision))
			return false;
	}
	return true;
}

/* Into s->part, and all else that reading would have told: 1; 0; -1. */
static int recall_from(struct shard *s, struct varint_reader *r, struct error *err)
{
	struct survey_span then;

	if (strcmp(varint_get_text(r), VERSION_OF_STATE) != 0)
		return 0;
	then.first = (uint32_t)varint_get_to(r, UINT32_MAX);
	then.last = (uint32_t)varint_get_to(r, UINT32_MAX);
	s->info.members = (uint32_t)varint_get_to(r, UINT32_MAX);
	s->info.folders = (uint32_t)varint_get_to(r, UINT32_MAX);
	s->info.method = (enum cab_method)varint_get_to(r, CAB_LZX);
	s->unknown_members = varint_get(r);
	s->bad_licences = varint_get(r);
	size_t len = (size_t)varint_get_to(r, MEMBERS_MAX * NOTE_MAX);
	const void *notes = varint_get_bytes(r, len);
	if (notes && buf_append(&s->notes, notes, len, err) < 0)
		return -1;
	int result = r->bad ? 0 : get_licences(s, r, err);
	if (result == 1)
		result = gather_part_read(s->part, r, err);
	return result == 1 ? r->at == r->end && (!s->known || fits(s, then)) : result;
}

/* 1 when s->state told all of a cabinet; s->part is then what it consists of. */
static int recall(struct shard *s, struct error *err)
{
	struct error ignored = ERROR_INIT;
	size_t len;

	if (pack_decompress(s->state.bytes, s->state.len, LIMIT_SHARD_STATE, s->name, &s->told,
			    &len, &ignored) < 0) {
		error_clear(&ignored);
		return 0;
	}
	struct varint_reader r = { s->told, s->told + len, false };
	return recall_from(s, &r, err);
}

/* As before recall(); what it told of another cabinet is the past of this one. */
static void begin_again(struct shard *s, bool told)
{
	s->past = s->part;
	s->part = gather_part_new(s->store, s->packs);
	s->notes.len = 0;
	s->licence_count = 0;
	s->unknown_members = s->bad_licences = 0;
	if (told)
		gather_part_expect(s->part, s->past);
}

/* It may wait for its turn. */
static void end_past(struct shard *s)
{
	gather_part_free(STEAL(s->past));
	free(STEAL(s->told));
}

int shard_run(void *arg, struct error *err)
{
	struct shard *s = arg;
	struct source_memory source;

	if (s->state.len > 0) {
		int told = recall(s, err);

		buf_clear(&s->state);
		if (told < 0)
			return -1;
		if (told == 1 && s->known)
			return gather_part_finish(s->part, err);
		begin_again(s, told == 1);
	}
	source_memory_init(&source, s->bytes.bytes, s->bytes.len);
	if (shard_read(s, &source.base, err) < 0)
		return -1;
	end_past(s);
	if (!s->keep || s->has_master)
		return 0;
	digest_sha256(s->bytes.bytes, s->bytes.len, s->digest);
	return keep(s, err);
}
