/* Extended fragments that lack what clients insist on; languages. */
#include "lib/base/base64.h"
#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/limits.h"
#include "lib/base/str.h"
#include "lib/wusp/fragment.h"
#include "lib/xml/xml.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* A <File>: a digest goes behind its start tag, which ends at `at`, or all of it is left out. */
struct change {
	uint64_t from, at, to;
	bool self_closing; /* the tag ends with "/>" */
	const struct wusp_known_file *known;
};

struct walk {
	struct xml_reader *reader;
	const struct wusp_known_file *known;
	size_t known_count;
	struct change *items, open; /* open: of the <File> being read */
	size_t count, capacity;
	unsigned depth, file_at; /* depth of that <File>, 0: none */
	bool has_sha256;
};

static void walk_clear(struct walk *w)
{
	xml_reader_free(w->reader);
	free(w->items);
}
DEFINE_CLEANUP_IN_PLACE(struct walk, walk_clear);

static const struct xml_attribute *find(const struct xml_attribute *attributes, size_t count,
					const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(attributes[i].name, name) == 0)
			return &attributes[i];
	return NULL;
}

static int by_sha1(const void *left, const void *right)
{
	const struct wusp_known_file *b = right;

	return memcmp(left, b->sha1, sizeof b->sha1);
}

static void begin_file(struct walk *w, const struct xml_attribute *attributes, size_t count)
{
	const struct xml_attribute *digest = find(attributes, count, "Digest");
	const struct wusp_known_file *known = NULL;
	unsigned char sha1[20];
	size_t len;

	if (digest && w->known_count > 0 &&
	    str_from_base64(digest->value, digest->len, sha1, sizeof sha1))
		known = bsearch(sha1, w->known, w->known_count, sizeof *w->known, by_sha1);
	if (!known)
		return;
	const char *tag = xml_reader_tag(w->reader, &len);
	w->file_at = w->depth;
	w->has_sha256 = false;
	w->open = (struct change){
		.from = xml_reader_offset(w->reader),
		.at = xml_reader_offset(w->reader) + len,
		.self_closing = len >= 2 && tag[len - 2] == '/',
		.known = known,
	};
}

static int on_start(void *ctx, const char *name, const struct xml_attribute *attributes,
		    size_t count, struct error *err)
{
	struct walk *w = ctx;

	(void)err;
	w->depth++;
	if (w->file_at == 0 && strcmp(name, "File") == 0)
		begin_file(w, attributes, count);
	if (w->file_at > 0 && strcmp(name, "AdditionalDigest") == 0) {
		const struct xml_attribute *a = find(attributes, count, "Algorithm");

		w->has_sha256 |= a && a->len == 6 && strncasecmp(a->value, "SHA256", 6) == 0;
	}
	return 0;
}

static int on_end(void *ctx, const char *name, struct error *err)
{
	struct walk *w = ctx;

	(void)name;
	(void)err;
	if (w->file_at > 0 && w->depth == w->file_at) {
		w->file_at = 0;
		w->open.to = xml_reader_offset(w->reader);
		if (w->open.known->absent || (w->open.known->has_sha256 && !w->has_sha256)) {
			w->items = buf_grow(w->items, &w->capacity, w->count, sizeof *w->items);
			w->items[w->count++] = w->open;
		}
	}
	w->depth--;
	return 0;
}

static int apply(const struct change *i, const unsigned char *bytes, size_t *done, struct buf *out,
		 struct error *err)
{
	size_t upto = (size_t)i->at;
	char digest[BASE64_LENGTH(sizeof i->known->sha256) + 1];

	if (i->known->absent) {
		upto = *done;
		*done = (size_t)i->to;
		return buf_append(out, bytes + upto, (size_t)i->from - upto, err);
	}
	base64_encode(i->known->sha256, sizeof i->known->sha256, digest);
	if (i->self_closing)
		upto -= 2;
	if (buf_append(out, bytes + *done, upto - *done, err) < 0)
		return -1;
	while (i->self_closing && out->len > 0 && out->bytes[out->len - 1] == ' ')
		out->len--;
	*done = (size_t)i->at;
	return buf_printf(out, err,
			  "%s<AdditionalDigest Algorithm=\"SHA256\">%s</AdditionalDigest>%s",
			  i->self_closing ? ">" : "", digest, i->self_closing ? "</File>" : "");
}

int wusp_fragment_complete(const void *fragment, size_t len, const char *label,
			   const struct wusp_known_file *known, size_t count, struct buf *out,
			   struct error *err)
{
	static const struct xml_handler handler = { .start = on_start, .end = on_end };
	CLEANUP(walk_clear) struct walk w = { .known = known, .known_count = count };
	size_t done = 0, before = out->len;

	w.reader = xml_reader_new(&handler, &w, label);
	if (xml_reader_fragment(w.reader, label, fragment, len, err) < 0)
		return -1;
	for (size_t i = 0; i < w.count; i++)
		if (apply(&w.items[i], fragment, &done, out, err) < 0) {
			out->len = before;
			return -1;
		}
	if (buf_append(out, (const unsigned char *)fragment + done, len - done, err) < 0) {
		out->len = before;
		return -1;
	}
	return w.count > 0;
}

/* ---- languages ---- */

size_t wusp_fragment_locale(const char *wanted, const char *const *have, size_t count)
{
	size_t primary = strcspn(wanted, "-");

	for (size_t i = 0; i < count; i++)
		if (strcasecmp(have[i], wanted) == 0)
			return i;
	for (size_t i = 0; i < count; i++)
		if (strlen(have[i]) == primary && strncasecmp(have[i], wanted, primary) == 0)
			return i;
	return SIZE_MAX;
}
