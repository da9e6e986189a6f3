/* Fragments of a snapshot: as the source delivered them, or derived. */
#include "importer/server/view_internal.h"
#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/limits.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { COMPLETE = 's' }; /* the stream of complete documents */
enum { LABEL_SIZE = 40, LANGUAGES_MAX = 256, LANGUAGES_BYTES = 16384, LANGUAGES_KEY = 0xffff };

int view_read(const struct view *v, const struct view_document *d, struct buf *out,
	      struct error *err)
{
	return view_cache_pack(v->cache, v->store, v->packs[d->pack].sha256, d->offset, d->size,
			       out, err);
}

const struct view_document *view_documents(const struct view *v, uint32_t node, size_t *count)
{
	*count = v->document_first[node + 1] - v->document_first[node];
	return v->documents + v->document_first[node];
}

struct view_key view_key_of(const struct view *v, const struct view_document *d, uint32_t kind,
			    uint32_t language)
{
	struct view_key key = {
		.offset = d->offset, .size = d->size, .kind = kind, .language = language
	};

	memcpy(key.pack, v->packs[d->pack].sha256, sizeof key.pack);
	return key;
}

static unsigned char stream_of(enum wusp_fragment kind)
{
	static const unsigned char streams[WUSP_FRAGMENTS_] = { 'c', 'x', 'l', 'e' };

	return streams[kind];
}

static bool has_locale(enum wusp_fragment kind)
{
	return kind == WUSP_LOCALIZED || kind == WUSP_EULA;
}

static const struct view_document *find_stream(const struct view *v, uint32_t node,
					       unsigned char stream)
{
	size_t count;
	const struct view_document *d = view_documents(v, node, &count);

	for (size_t i = 0; i < count; i++)
		if (d[i].stream == stream)
			return &d[i];
	return NULL;
}

const struct view_document *view_core_document(const struct view *v, uint32_t node)
{
	const struct view_document *d = find_stream(v, node, stream_of(WUSP_CORE));

	return d ? d : find_stream(v, node, COMPLETE);
}

/* The document of this kind that answers locale. */
static const struct view_document *find_localized(const struct view *v, uint32_t node,
						  unsigned char stream, const char *locale)
{
	const struct view_document *all, *of[LANGUAGES_MAX];
	const char *have[LANGUAGES_MAX];
	size_t count, n = 0;

	all = view_documents(v, node, &count);
	for (size_t i = 0; i < count && n < LANGUAGES_MAX; i++) {
		if (all[i].stream != stream)
			continue;
		of[n] = &all[i];
		have[n++] = v->languages[all[i].language];
	}
	size_t at = wusp_fragment_locale(locale, have, n);
	return at == SIZE_MAX ? NULL : of[at];
}

/* What a fragment is made from: a document of its kind, or a complete one. */
static const struct view_document *find_source(const struct view *v, uint32_t node,
					       enum wusp_fragment kind, const char *locale)
{
	const struct view_document *d = has_locale(kind)
						? find_localized(v, node, stream_of(kind), locale)
						: find_stream(v, node, stream_of(kind));

	return d ? d : find_stream(v, node, COMPLETE);
}

/* ---- complete documents ---- */

static void add_language(void *ctx, const char *language)
{
	struct error ignored = ERROR_INIT;

	/* A list that is full ends: nobody asks for the 1,000th language. */
	if (buf_append(ctx, language, strlen(language) + 1, &ignored) < 0)
		return;
}

/* Its languages, each with a NUL behind it; parsed once. */
static int list_languages(const struct view *v, const struct view_document *d, const char *label,
			  enum wusp_fragment kind, struct buf *out, struct error *err)
{
	CLEANUP(buf_clear) struct buf document = BUF_INIT(LIMIT_FRAGMENT_BYTES);
	const struct view_key key = view_key_of(v, d, kind, LANGUAGES_KEY);
	CLEANUP(view_text_put) const struct view_text *text = view_cache_find(v->cache, &key);

	if (text)
		return buf_append(out, text->bytes, text->len, err);
	if (view_read(v, d, &document, err) < 0 ||
	    wusp_fragment_languages(document.bytes, document.len, label, kind, add_language, out,
				    err) < 0)
		return -1;
	text = view_cache_keep(v->cache, &key, out->bytes, out->len);
	return 0;
}

/* Which language of a complete document answers: 1 with place and spelling (in list), 0, -1. */
static int choose_language(const struct view *v, const struct view_document *d, const char *label,
			   enum wusp_fragment kind, const char *locale, struct buf *list,
			   int *place, const char **spelling, struct error *err)
{
	const char *have[LANGUAGES_MAX];
	size_t n = 0;

	if (list_languages(v, d, label, kind, list, err) < 0)
		return -1;
	for (size_t at = 0; at < list->len && n < LANGUAGES_MAX; n++) {
		have[n] = (const char *)list->bytes + at;
		at += strlen(have[n]) + 1;
	}
	size_t at = wusp_fragment_locale(locale, have, n);
	if (at == SIZE_MAX)
		return 0;
	*spelling = have[at];
	*place = (int)at;
	return 1;
}

static int derive(const struct view *v, const struct view_document *d, const char *label,
		  enum wusp_fragment kind, const char *locale, struct buf *out, struct error *err)
{
	CLEANUP(buf_clear) struct buf document = BUF_INIT(LIMIT_FRAGMENT_BYTES);
	CLEANUP(buf_clear) struct buf list = BUF_INIT(LANGUAGES_BYTES);
	int place, found = 1;

	if (has_locale(kind))
		found = choose_language(v, d, label, kind, locale, &list, &place, &locale, err);
	if (found <= 0)
		return found;
	if (view_read(v, d, &document, err) < 0)
		return -1;
	return wusp_fragment_derive(document.bytes, document.len, label, kind, locale, out, err);
}

/* ---- digests that clients insist on, express files that are not here ---- */

static int by_sha1(const void *left, const void *right)
{
	const struct wusp_known_file *a = left, *b = right;

	return memcmp(a->sha1, b->sha1, sizeof a->sha1);
}

static void known_free(struct wusp_known_file *k)
{
	free(k);
}
DEFINE_CLEANUP(struct wusp_known_file *, known_free);

static int complete(const struct view *v, uint32_t node, const char *label,
		    const struct buf *fragment, struct buf *out, struct error *err)
{
	size_t count, n = 0;
	const struct view_file *files = view_files(v, node, &count);
	CLEANUP(known_free) struct wusp_known_file *known = buf_calloc(count + 1, sizeof *known);

	for (size_t i = 0; i < count; i++) {
		known[n].has_sha256 = files[i].has_sha256;
		known[n].absent = files[i].is_optional && !files[i].here;
		if (!known[n].has_sha256 && !known[n].absent)
			continue;
		memcpy(known[n].sha1, files[i].sha1, sizeof known[n].sha1);
		memcpy(known[n].sha256, files[i].sha256, sizeof known[n].sha256);
		n++;
	}
	if (n == 0)
		return buf_append(out, fragment->bytes, fragment->len, err);
	qsort(known, n, sizeof *known, by_sha1);
	return wusp_fragment_complete(fragment->bytes, fragment->len, label, known, n, out, err);
}

/* ---- the answer ---- */

int view_make(const struct view *v, uint32_t node, enum wusp_fragment kind, const char *locale,
	      struct buf *out, struct error *err)
{
	const struct view_document *d = find_source(v, node, kind, locale);
	CLEANUP(buf_clear) struct buf raw = BUF_INIT(LIMIT_FRAGMENT_BYTES);
	struct buf *first = kind == WUSP_EXTENDED ? &raw : out;
	char label[LABEL_SIZE];
	int found = 1;

	if (!d)
		return 0;
	snprintf(label, sizeof label, "revision %d", wusp_graph_node(v->graph, node).revision_id);
	if (d->stream != COMPLETE) {
		if (view_read(v, d, first, err) < 0)
			return -1;
	} else {
		found = derive(v, d, label, kind, locale, first, err);
	}
	if (found == 1 && kind == WUSP_EXTENDED && complete(v, node, label, &raw, out, err) < 0)
		return -1;
	return found;
}

int view_language(const struct view *v, uint32_t node, enum wusp_fragment kind, const char *locale,
		  int *language, struct error *err)
{
	const struct view_document *d = find_source(v, node, kind, locale);
	CLEANUP(buf_clear) struct buf list = BUF_INIT(LANGUAGES_BYTES);
	const char *spelling;

	if (!d)
		return 0;
	if (d->stream == COMPLETE)
		return choose_language(v, d, "document", kind, locale, &list, language, &spelling,
				       err);
	*language = d->language;
	return 1;
}

int view_fragment(const struct view *v, uint32_t node, enum wusp_fragment kind, const char *locale,
		  struct buf *out, struct error *err)
{
	CLEANUP(buf_clear) struct buf made = BUF_INIT(2u * LIMIT_FRAGMENT_BYTES);
	int language = 0, found = 1;

	if (has_locale(kind))
		found = locale ? view_language(v, node, kind, locale, &language, err) : 0;
	if (found <= 0)
		return found;
	const struct view_document *d = find_source(v, node, kind, locale);
	if (!d)
		return 0;
	struct view_key key =
		view_key_of(v, d, kind, d->stream == COMPLETE ? (uint32_t)language : 0);
	/* It names what this snapshot knows of the node's files. */
	if (kind == WUSP_EXTENDED)
		key.owner = v->generation << 32 | node;
	CLEANUP(view_text_put) const struct view_text *text = view_cache_find(v->cache, &key);
	if (!text) {
		found = view_make(v, node, kind, locale, &made, err);
		if (found <= 0)
			return found;
		text = view_cache_keep(v->cache, &key, made.bytes, made.len);
	}
	return buf_append(out, text->bytes, text->len, err) < 0 ? -1 : 1;
}
