#include "lib/wsus/wsus_gzip.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/limits.h"
#include "lib/base/source.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <zlib.h>

enum { INPUT = 64 << 10, PIECE_MAX = 1 << 20, GZIP_WINDOW = 16 + 15 };

struct wsus_gzip {
	struct source base; /* first, so that it can be taken for the whole */
	struct source *packed;
	char *label;
	z_stream inflate;
	bool inflating, ended;
	uint64_t unpacked;
	unsigned char input[INPUT];
};

static int refuse(const struct wsus_gzip *g, enum error_id id, const char *cause, struct error *err)
{
	return error_set(err, id, "%s: after %llu unpacked bytes: %s", g->label,
			 (unsigned long long)g->unpacked, cause);
}

/* 1 when there is input, 0 at the end of the file, -1. */
static int fill(struct wsus_gzip *g, struct error *err)
{
	if (g->inflate.avail_in > 0)
		return 1;
	ssize_t n = g->packed->read(g->packed, g->input, sizeof g->input, err);
	if (n <= 0)
		return (int)n;
	g->inflate.next_in = g->input;
	g->inflate.avail_in = (uInt)n;
	return 1;
}

static int finish(struct wsus_gzip *g, struct error *err)
{
	int more = fill(g, err);

	g->ended = true;
	return more > 0 ? refuse(g, ERROR_WSUS_GZIP, "something follows", err) : more;
}

static ssize_t gzip_read(struct source *base, void *buf, size_t len, struct error *err)
{
	struct wsus_gzip *g = (struct wsus_gzip *)base;
	size_t room = len < PIECE_MAX ? len : PIECE_MAX;

	if (g->ended || room == 0)
		return 0;
	g->inflate.next_out = buf;
	g->inflate.avail_out = (uInt)room;
	while (g->inflate.avail_out == room) {
		int more = fill(g, err);

		if (more < 0)
			return -1;
		if (more == 0)
			return refuse(g, ERROR_WSUS_GZIP, "the file ends early", err);
		int got = inflate(&g->inflate, Z_NO_FLUSH);
		if (got == Z_STREAM_END) {
			if (finish(g, err) < 0)
				return -1;
			break;
		}
		if (got != Z_OK && got != Z_BUF_ERROR)
			return refuse(g, ERROR_WSUS_GZIP, "damaged", err);
	}
	size_t n = room - g->inflate.avail_out;
	g->unpacked += n;
	if (g->unpacked > LIMIT_WSUS_XML_BYTES)
		return refuse(g, ERROR_WSUS_LIMIT, "more than any genuine export", err);
	return (ssize_t)n;
}

struct wsus_gzip *wsus_gzip_open(struct source *packed, const char *label, struct error *err)
{
	CLEANUP(wsus_gzip_close) struct wsus_gzip *g = buf_calloc(1, sizeof *g);

	g->base.read = gzip_read;
	g->packed = packed;
	g->label = buf_strdup(label);
	if (inflateInit2(&g->inflate, GZIP_WINDOW) != Z_OK) {
		error_set(err, ERROR_WSUS_DEFLATE, "%s: zlib does not start", label);
		return NULL;
	}
	g->inflating = true;
	return STEAL(g);
}

struct source *wsus_gzip_source(struct wsus_gzip *g)
{
	return &g->base;
}

void wsus_gzip_close(struct wsus_gzip *g)
{
	if (!g)
		return;
	if (g->inflating)
		inflateEnd(&g->inflate);
	free(g->label);
	free(g);
}
