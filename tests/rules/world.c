#include "tests/rules/world.h"

#include "lib/base/base64.h"
#include "lib/base/error.h"
#include "lib/base/str.h"
#include "tests/tools/fragment.h"
#include "tests/tools/master.h"
#include "tests/tools/payload.h"
#include "tests/tools/xml_write.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DOCUMENT_MAX = 16 << 20 };

static void fail(const struct error *err)
{
	fprintf(stderr, "rules: %s\n", err->message);
	exit(70);
}

/* ---- documents ---- */

struct document *world_add(struct world *w, char stream, uint32_t revision)
{
	w->documents = buf_grow(w->documents, &w->capacity, w->count, sizeof *w->documents);
	struct document *d = &w->documents[w->count++];

	*d = (struct document){ .stream = stream,
				.revision = revision,
				.text = BUF_INIT(DOCUMENT_MAX) };
	return d;
}

static int take(void *ctx, const void *bytes, size_t len, struct error *err)
{
	return buf_append(ctx, bytes, len, err);
}

void world_build(struct world *w, uint64_t seed, uint32_t updates)
{
	struct error err = ERROR_INIT;

	*w = (struct world){ .count = 0 };
	model_build(&w->model, &(struct model_options){ .seed = seed,
							.updates = updates,
							.created = 1784048400,
							.core_bytes = 256 });
	payload_eulas(&w->model);
	random_init(&w->random, seed, 77);
	if (master_write(&w->model, 0, take, &world_add(w, 'm', 0)->text, &err) < 0)
		fail(&err);
	for (size_t i = 0; i < w->model.listed; i++) {
		const struct model_update *u = &w->model.updates[w->model.order[i]];
		size_t english = 0;

		fragment_core(&w->model, u, &world_add(w, 'c', u->revision)->text);
		fragment_extended(&w->model, u, &world_add(w, 'x', u->revision)->text);
		while (strcmp(model_language(english), "en") != 0)
			english++;
		if (model_has_language(u, english)) {
			struct document *d = world_add(w, 'l', u->revision);

			snprintf(d->language, sizeof d->language, "en");
			fragment_localized(&w->model, u, english, &d->text);
		}
		for (uint32_t k = 0; k < u->eulas; k++) {
			const struct model_eula *e = &w->model.eulas[u->eulas_at + k];
			struct document *d = world_add(w, 'e', u->revision);

			snprintf(d->language, sizeof d->language, "%s",
				 model_language(e->language));
			fragment_eula(&w->model, e, &d->text);
		}
	}
}

void world_drop(struct world *copy)
{
	for (size_t i = 0; i < copy->count; i++)
		buf_clear(&copy->documents[i].text);
	free(copy->documents);
	copy->documents = NULL;
	copy->count = copy->capacity = 0;
}

void world_clear(struct world *w)
{
	world_drop(w);
	model_clear(&w->model);
}

void world_copy(const struct world *from, struct world *to)
{
	struct error err = ERROR_INIT;

	*to = *from;
	to->documents = NULL;
	to->count = to->capacity = 0;
	for (size_t i = 0; i < from->count; i++) {
		const struct document *d = &from->documents[i];
		struct document *copy = world_add(to, d->stream, d->revision);

		memcpy(copy->language, d->language, sizeof copy->language);
		if (buf_append(&copy->text, d->text.bytes, d->text.len, &err) < 0)
			fail(&err);
	}
}

static uint64_t mark_of(const struct buf *b)
{
	uint64_t h = 0xCBF29CE484222325ull;

	for (size_t i = 0; i < b->len; i++)
		h = (h ^ b->bytes[i]) * 0x100000001B3ull;
	return h;
}

struct catalog *world_judge(const struct world *w, bool fragments, uint64_t **marks)
{
	struct error err = ERROR_INIT;
	struct catalog *c = catalog_new();
	CLEANUP(catalog_master_free)
	struct catalog_master *m = catalog_master_new(&catalog_fill, c);
	const struct buf *master = &w->documents[0].text;

	if (catalog_master_feed(m, master->bytes, master->len, &err) < 0 ||
	    catalog_master_finish(m, &err) < 0)
		fail(&err);
	for (size_t i = 1; fragments && i < w->count; i++) {
		const struct document *d = &w->documents[i];

		if (!d->dropped &&
		    catalog_add_fragment(c, (enum catalog_stream)d->stream, d->language,
					 d->revision, d->text.bytes, d->text.len, &err) < 0)
			fail(&err);
	}
	if (catalog_finish(c, &err) < 0)
		fail(&err);
	catalog_validate(c);
	catalog_quarantine(c);
	*marks = buf_calloc(catalog_count(c), sizeof **marks);
	for (size_t i = 0; i < catalog_count(c); i++)
		for (size_t k = 1; fragments && k < w->count; k++)
			if (w->documents[k].stream == 'c' && !w->documents[k].dropped &&
			    w->documents[k].revision == catalog_at(c, i)->revision_id)
				(*marks)[i] = mark_of(&w->documents[k].text);
	return c;
}

/* ---- finding things ---- */

struct document *world_master(struct world *w)
{
	return &w->documents[0];
}

struct document *world_find(struct world *w, char stream, uint32_t revision)
{
	for (size_t i = 0; i < w->count; i++)
		if (w->documents[i].stream == stream && w->documents[i].revision == revision)
			return &w->documents[i];
	abort();
}

size_t world_text(const struct document *d, size_t from, size_t len, const char *text)
{
	size_t left = d->text.len - from;
	const unsigned char *at =
		memmem(d->text.bytes + from, len < left ? len : left, text, strlen(text));

	return at ? (size_t)(at - d->text.bytes) : SIZE_MAX;
}

size_t world_element(struct world *w, uint32_t revision, size_t *len)
{
	struct document *d = world_master(w);
	char text[40];

	snprintf(text, sizeof text, " RevisionId=\"%u\"", revision);
	size_t at = world_text(d, 0, d->text.len, text);
	assert(at != SIZE_MAX);
	size_t close = world_text(d, at, d->text.len - at, ">");
	size_t end = d->text.bytes[close - 1] == '/'
			     ? close + 1
			     : world_text(d, at, d->text.len - at, "</Update>") + 9;
	while (memcmp(d->text.bytes + at, "<Update ", 8) != 0)
		at--;
	*len = end - at;
	return at;
}

uint32_t world_new_revision(struct world *w)
{
	return 4000000000u + (uint32_t)random_below(&w->random, 200000000);
}

static bool is_member(const struct model *m, const struct model_update *u)
{
	for (size_t i = 0; i < m->member_count; i++)
		if (m->members[i] != MODEL_NONE &&
		    memcmp(m->updates[m->members[i]].id, u->id, sizeof u->id) == 0)
			return true;
	return false;
}

static bool suits(const struct world *w, const struct model_update *u, unsigned wanted)
{
	const struct model *m = &w->model;
	bool needed = is_member(m, u);

	for (size_t i = 0; i < m->count; i++)
		for (int k = 0; k < 4 && m->updates[i].kind == MODEL_BUNDLE; k++)
			needed = needed || m->updates[i].category[k] == (uint32_t)(u - m->updates);
	return (!(wanted & WORLD_UNNEEDED) || (!needed && u->twin == MODEL_NONE)) &&
	       (!(wanted & WORLD_NEEDED) || (needed && !u->is_leaf && is_member(m, u))) &&
	       (!(wanted & WORLD_NEEDS) || u->groups > 0) &&
	       (!(wanted & WORLD_FILES) || u->files > 0) &&
	       (!(wanted & WORLD_EULAS) || u->eulas > 0);
}

const struct model_update *world_pick(struct world *w, enum model_kind kind, unsigned wanted)
{
	const struct model *m = &w->model;
	size_t from = random_below(&w->random, m->count);

	for (size_t i = 0; i < m->count; i++) {
		const struct model_update *u = &m->updates[(from + i) % m->count];

		if (u->kind == kind && suits(w, u, wanted))
			return u;
	}
	return NULL;
}

/* ---- damage ---- */

void world_splice(struct document *d, size_t at, size_t removed, const char *text)
{
	struct error err = ERROR_INIT;
	size_t len = strlen(text), tail = d->text.len - at - removed;

	if (!buf_room(&d->text, len + 1, &err))
		fail(&err);
	memmove(d->text.bytes + at + len, d->text.bytes + at + removed, tail);
	memcpy(d->text.bytes + at, text, len);
	d->text.len = at + len + tail;
}

size_t world_replace(struct document *d, size_t at, const char *from, const char *to)
{
	at = world_text(d, at, d->text.len - at, from);
	assert(at != SIZE_MAX);
	world_splice(d, at, strlen(from), to);
	return at;
}

void world_attribute(struct document *d, size_t tag, const char *name, const char *value)
{
	size_t close = world_text(d, tag, d->text.len - tag, ">");
	char start[64], whole[512] = "";

	snprintf(start, sizeof start, " %s=\"", name);
	if (value)
		snprintf(whole, sizeof whole, " %s=\"%s\"", name, value);
	size_t at = world_text(d, tag, close - tag, start);

	if (at == SIZE_MAX) {
		size_t name_end = world_text(d, tag, close - tag, " ");

		world_splice(d, name_end, 0, whole);
		return;
	}
	size_t end = world_text(d, at + strlen(start), d->text.len - at, "\"") + 1;

	world_splice(d, at, end - at, whole);
}

size_t world_child(struct world *w, uint32_t revision, const char *text)
{
	struct document *d = world_master(w);
	size_t len, at = world_element(w, revision, &len), end = at + len;

	if (memcmp(d->text.bytes + end - 2, "/>", 2) == 0) {
		world_splice(d, end - 2, 2, "></Update>");
		end += 8;
	}
	world_splice(d, end - 9, 0, text);
	return end - 9;
}

void world_remove(struct world *w, uint32_t revision, const char *name)
{
	struct document *d = world_master(w);
	size_t len, at = world_element(w, revision, &len);
	char open[48], close[48];

	snprintf(open, sizeof open, "<%s>", name);
	snprintf(close, sizeof close, "</%s>", name);
	size_t from = world_text(d, at, len, open);
	if (from == SIZE_MAX)
		return;
	size_t to = world_text(d, from, len, close) + strlen(close);
	world_splice(d, from, to - from, "");
}

size_t world_repeat(struct world *w, uint32_t revision, const char *update_id,
		    uint32_t new_revision, uint32_t number)
{
	struct document *d = world_master(w);
	size_t len, at = world_element(w, revision, &len);
	char *copy = buf_malloc(len + 1), text[16];

	memcpy(copy, d->text.bytes + at, len);
	copy[len] = '\0';
	world_splice(d, at + len, 0, copy);
	free(copy);
	at += len;
	if (update_id)
		world_attribute(d, at, "UpdateId", update_id);
	snprintf(text, sizeof text, "%u", new_revision);
	world_attribute(d, at, "RevisionId", text);
	snprintf(text, sizeof text, "%u", number);
	world_attribute(d, at, "RevisionNumber", text);
	return at;
}

void world_guid(struct world *w, char out[37])
{
	unsigned char id[16];

	random_guid(&w->random, id);
	str_from_guid(id, out);
}

void world_digest(struct world *w, char out[32])
{
	unsigned char sha1[20];

	for (size_t i = 0; i < sizeof sha1; i++)
		sha1[i] = (unsigned char)random_below(&w->random, 256);
	base64_encode(sha1, sizeof sha1, out);
}
