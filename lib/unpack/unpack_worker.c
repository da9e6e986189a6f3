#include "lib/unpack/unpack_worker.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/limits.h"
#include "lib/catalog/catalog.h"
#include "lib/catalog/catalog_record.h"
#include "lib/pack/pack.h"
#include "lib/sandbox/sandbox_message.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct unpack_worker {
	struct catalog_fragment_parser *fragments;
	struct catalog_master *master;
	struct catalog_document_parser *documents;
	struct catalog_export *pieces;
	struct pack *pack;
	struct buf *out; /* where the master parser's pieces go */
	int fd;          /* who asks, when records are sent on the way; -1: all in one answer */
	bool begun;      /* something of this answer is sent */
};

/* ---- records ---- */

/* What a record is put behind: its length, known only afterwards. */
static int begin_record(struct buf *out, size_t *at, struct error *err)
{
	static const uint32_t unknown;

	*at = out->len;
	return buf_append(out, &unknown, sizeof unknown, err);
}

static void end_record(struct buf *out, size_t at)
{
	uint32_t len = (uint32_t)(out->len - at - sizeof len);

	memcpy(out->bytes + at, &len, sizeof len);
}

static int on_package(void *ctx, const struct catalog_package *p, struct error *err)
{
	struct unpack_worker *w = ctx;

	return catalog_record_write(CATALOG_RECORD_PACKAGE, p, w->out, err);
}

static int on_update(void *ctx, const struct catalog_update *u, struct error *err)
{
	struct unpack_worker *w = ctx;

	return catalog_record_write(CATALOG_RECORD_UPDATE, u, w->out, err);
}

static int on_location(void *ctx, const struct catalog_location *l, struct error *err)
{
	struct unpack_worker *w = ctx;

	return catalog_record_write(CATALOG_RECORD_LOCATION, l, w->out, err);
}

static const struct catalog_master_handler handler = { .package = on_package,
						       .update = on_update,
						       .location = on_location };

static int on_export_head(void *ctx, const struct catalog_export_head *h, struct error *err)
{
	struct unpack_worker *w = ctx;

	return catalog_record_write(CATALOG_RECORD_EXPORT_HEAD, h, w->out, err);
}

static int on_export_languages(void *ctx, const struct catalog_export_file *l, struct error *err)
{
	struct unpack_worker *w = ctx;

	return catalog_record_write(CATALOG_RECORD_EXPORT_LANGUAGES, l, w->out, err);
}

static int on_export_file(void *ctx, const struct catalog_export_file *f, struct error *err)
{
	struct unpack_worker *w = ctx;

	return catalog_record_write(CATALOG_RECORD_EXPORT_FILE, f, w->out, err);
}

static int on_export_update(void *ctx, const struct catalog_export_update *u, struct error *err)
{
	struct unpack_worker *w = ctx;

	return catalog_record_write(CATALOG_RECORD_EXPORT_UPDATE, u, w->out, err);
}

static const struct catalog_export_handler export_handler = { .head = on_export_head,
							      .languages = on_export_languages,
							      .file = on_export_file,
							      .update = on_export_update };

static int write_malformed(const struct error *fault, uint64_t offset, struct buf *out,
			   struct error *err)
{
	struct catalog_malformed m = { fault->message, (uint32_t)fault->id, offset };

	return catalog_record_write(CATALOG_RECORD_MALFORMED, &m, out, err);
}

static bool is_of_master(uint32_t stream)
{
	return stream == 'h' || stream == 'u' || stream == 'f';
}

static int parse_master(struct unpack_worker *w, const void *bytes, size_t len, struct buf *out,
			struct error *err)
{
	struct error fault = ERROR_INIT;
	size_t before = out->len;

	w->out = out;
	if (catalog_master_element(w->master, CATALOG_ELSEWHERE, bytes, len, &fault) == 0)
		return 0;
	out->len = before;
	return write_malformed(&fault, 0, out, err);
}

/* What an export package of WSUS has; the stream as unpack.h says. */
static int parse_export(struct unpack_worker *w, const void *bytes, size_t len, struct buf *out,
			struct error *err)
{
	struct error fault = ERROR_INIT;
	size_t before = out->len;

	w->out = out;
	if (catalog_export_piece(w->pieces, CATALOG_ELSEWHERE, bytes, len, &fault) == 0)
		return 0;
	out->len = before;
	return write_malformed(&fault, 0, out, err);
}

static int parse_document(struct unpack_worker *w, const void *bytes, size_t len, struct buf *out,
			  struct error *err)
{
	struct error fault = ERROR_INIT;
	struct catalog_document d;

	if (catalog_document_parse(w->documents, CATALOG_ELSEWHERE, bytes, len, &d, &fault) < 0)
		return write_malformed(&fault, catalog_document_fault(w->documents), out, err);
	return catalog_record_write(CATALOG_RECORD_DOCUMENT, &d, out, err);
}

static int parse_fragment(struct unpack_worker *w, uint32_t stream, const void *bytes, size_t len,
			  struct buf *out, struct error *err)
{
	struct error fault = ERROR_INIT;
	struct catalog_fragment f;

	/* The letters of the listing are the values of the enumeration. */
	if (catalog_fragment_parse(w->fragments, (enum catalog_stream)stream, CATALOG_ELSEWHERE,
				   bytes, len, &f, &fault) < 0)
		return write_malformed(&fault, catalog_fragment_fault(w->fragments), out, err);
	f.stream = (enum catalog_stream)stream;
	return catalog_record_write(CATALOG_RECORD_FRAGMENT, &f, out, err);
}

static int parse_as(struct unpack_worker *w, uint32_t stream, const void *bytes, size_t len,
		    struct buf *out, struct error *err)
{
	if (is_of_master(stream))
		return parse_master(w, bytes, len, out, err);
	if (stream == 'H' || stream == 'U' || stream == 'F')
		return parse_export(w, bytes, len, out, err);
	return stream == 'S' ? parse_document(w, bytes, len, out, err)
			     : parse_fragment(w, stream, bytes, len, out, err);
}

static int parse_item(struct unpack_worker *w, const struct unpack_item *item, struct buf *out,
		      struct error *err)
{
	size_t at;

	if (!w->pack || item->entry >= w->pack->count)
		return error_set(err, ERROR_SANDBOX_RECORD, "no such fragment");
	const struct pack_entry *e = &w->pack->entries[item->entry];
	const unsigned char *bytes = w->pack->bytes + e->offset;
	if (begin_record(out, &at, err) < 0)
		return -1;
	if (parse_as(w, item->stream, bytes, e->size, out, err) < 0)
		return -1;
	end_record(out, at);
	return 0;
}

/* ---- requests ---- */

static int parse(struct unpack_worker *w, const struct unpack_ask *ask, const unsigned char *bytes,
		 size_t len, struct buf *out, struct error *err)
{
	struct unpack_item item;

	if (len / sizeof item < ask->items)
		return error_set(err, ERROR_SANDBOX_RECORD, "a request is cut short");
	for (uint32_t i = 0; i < ask->items; i++) {
		memcpy(&item, bytes + i * sizeof item, sizeof item);
		if (parse_item(w, &item, out, err) < 0)
			return -1;
		/* Out of reach of whatever the next document makes of this process. */
		if (w->fd >= 0 && i % UNPACK_AT_ONCE == UNPACK_AT_ONCE - 1) {
			if (sandbox_send_part(w->fd, out->bytes, out->len, err) < 0)
				return -1;
			out->len = 0;
			w->begun = true;
		}
	}
	return 0;
}

static int open_pack(struct unpack_worker *w, const struct unpack_ask *ask,
		     const unsigned char *bytes, size_t len, struct buf *out, struct error *err)
{
	pack_free(w->pack);
	w->pack = pack_open(bytes, len, ask->label, err);
	if (!w->pack)
		return -1;
	struct unpack_opened opened = { w->pack->len, w->pack->count };
	if (buf_append(out, &opened, sizeof opened, err) < 0)
		return -1;
	return buf_append(out, w->pack->entries, w->pack->count * sizeof *w->pack->entries, err);
}

static int decompress(const struct unpack_ask *ask, const unsigned char *bytes, size_t len,
		      struct buf *out, struct error *err)
{
	CLEANUP(free) unsigned char *text = NULL;
	size_t text_len;

	if (pack_decompress(bytes, len, ask->max, ask->label, &text, &text_len, err) < 0)
		return -1;
	return buf_append(out, text, text_len, err);
}

static int answer(struct unpack_worker *w, const unsigned char *request, size_t len,
		  struct buf *out, struct error *err)
{
	struct unpack_ask ask;

	if (len < sizeof ask)
		return error_set(err, ERROR_SANDBOX_RECORD, "a request is cut short");
	memcpy(&ask, request, sizeof ask);
	ask.label[sizeof ask.label - 1] = '\0';
	request += sizeof ask;
	len -= sizeof ask;
	switch (ask.verb) {
	case UNPACK_TEXT:
		return decompress(&ask, request, len, out, err);
	case UNPACK_OPEN:
		return open_pack(w, &ask, request, len, out, err);
	case UNPACK_PARSE:
		return parse(w, &ask, request, len, out, err);
	default:
		return error_set(err, ERROR_SANDBOX_RECORD, "an unknown request");
	}
}

struct unpack_worker *unpack_worker_new(void)
{
	struct unpack_worker *w = buf_calloc(1, sizeof *w);

	w->fd = -1;
	w->fragments = catalog_fragment_new();
	w->master = catalog_master_new(&handler, w);
	w->documents = catalog_document_new();
	w->pieces = catalog_export_new(&export_handler, w);
	return w;
}

void unpack_worker_free(struct unpack_worker *w)
{
	if (!w)
		return;
	catalog_fragment_free(w->fragments);
	catalog_master_free(w->master);
	catalog_document_free(w->documents);
	catalog_export_free(w->pieces);
	pack_free(w->pack);
	free(w);
}

int unpack_worker_answer(struct unpack_worker *w, const void *request, size_t len, struct buf *out,
			 struct error *err)
{
	static const unsigned char good;
	struct error why = ERROR_INIT;
	size_t before = out->len;

	w->begun = false;
	if (buf_append(out, &good, 1, err) < 0)
		return -1;
	if (answer(w, request, len, out, &why) == 0)
		return 0;
	if (w->begun) {
		*err = why;
		return -1;
	}
	out->len = before;
	return sandbox_put_error(&why, out, err);
}

/* ---- the process ---- */

int unpack_worker_run(void *ctx, int fd)
{
	CLEANUP(unpack_worker_free) struct unpack_worker *w = unpack_worker_new();
	struct error err = ERROR_INIT; /* the other side sees the end of the stream */

	(void)ctx;
	w->fd = fd;
	for (;;) {
		CLEANUP(buf_clear) struct buf request = BUF_INIT(LIMIT_SANDBOX_MESSAGE);
		CLEANUP(buf_clear) struct buf out = BUF_INIT(LIMIT_SANDBOX_MESSAGE);
		int got = sandbox_receive(fd, &request, &err);

		if (got <= 0)
			return got < 0;
		if (unpack_worker_answer(w, request.bytes, request.len, &out, &err) < 0 ||
		    sandbox_send(fd, out.bytes, out.len, &err) < 0)
			return EXIT_FAILURE;
	}
}
