#include "importer/signatures.h"

#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/pool.h"
#include "lib/base/str.h"
#include "lib/cli/progress.h"
#include "lib/crypto/authenticode.h"
#include "lib/store/content.h"
#include "media/object_table.h"
#include "verifier/verify.h"

#include <stdlib.h>
#include <string.h>

enum { PIECE = 1 << 20 };

struct checking {
	const struct store *store;
	const struct object_table *table;
	const struct authenticode_roots *roots;
	struct progress *progress;
	size_t *parts; /* of the table: where the objects to look at begin */
	size_t count;
	uint64_t bytes;
	unsigned char **buffers; /* one per worker */
	unsigned threads;
};

static void checking_clear(struct checking *c)
{
	for (unsigned i = 0; c->buffers && i < c->threads; i++)
		free(c->buffers[i]);
	free(c->buffers);
	free(c->parts);
}
DEFINE_CLEANUP_IN_PLACE(struct checking, checking_clear);

static void collect(struct checking *c)
{
	size_t parts = object_table_count(c->table);

	c->parts = buf_calloc(parts + 1, sizeof *c->parts);
	for (size_t i = 0; i < parts; i++) {
		struct object_part p = object_table_get(c->table, i);
		size_t first;

		if ((p.kind != OBJECT_CABINET && p.kind != OBJECT_CONTENT) ||
		    object_table_find(c->table, p.sha256, &first) != 1 || first != i)
			continue;
		c->parts[c->count++] = i;
		c->bytes += p.size;
	}
}

/* Only a cabinet is read beyond its first bytes. */
static int feed(struct checking *c, const struct object_part *p, const char *label,
		unsigned char *buffer, struct authenticode *a, struct error *err)
{
	CLEANUP(file_close) int fd = -1;
	uint64_t size;
	int found = content_open(c->store, p->sha256, &fd, &size, err);

	if (found == 0)
		return error_set(err, ERROR_CONTENT_ABSENT, "%s: not in the content store", label);
	for (uint64_t at = 0; found > 0 && at < size;) {
		size_t n = size - at < PIECE ? (size_t)(size - at) : PIECE;

		if (file_read_at(fd, label, buffer, n, at, err) < 0)
			return -1;
		authenticode_feed(a, buffer, n);
		at += n;
		c->progress->done += n;
		if (!authenticode_is_cabinet(a)) {
			c->progress->done += size - at;
			break;
		}
	}
	return found < 0 ? -1 : 0;
}

static int check_object(void *ctx, size_t i, unsigned worker, struct error *err)
{
	struct checking *c = ctx;
	struct object_part p = object_table_get(c->table, c->parts[i]);
	CLEANUP(authenticode_free) struct authenticode *a = authenticode_new();
	struct authenticode_verdict verdict;
	char label[DIGEST_HEX];

	str_to_hex(p.sha256, sizeof p.sha256, label);
	if (feed(c, &p, label, c->buffers[worker], a, err) < 0)
		return -1;
	authenticode_finish(a, c->roots, clock_now(), &verdict);
	if ((p.kind == OBJECT_CABINET ? authenticode_accept_chain
				      : authenticode_accept_digest)(&verdict, label, err) == 0)
		return 0;
	return p.name ? error_wrap(err, "%.100s", p.name) : -1;
}

static int tick(void *ctx)
{
	return progress_tick(((struct checking *)ctx)->progress);
}

int signatures_check(const struct store *s, const struct verified_bundle *b,
		     const struct authenticode_roots *roots, unsigned threads,
		     struct progress *progress, struct error *err)
{
	CLEANUP(checking_clear)
	struct checking c = { .store = s,
			      .table = verify_objects(b),
			      .roots = roots,
			      .progress = progress,
			      .threads = threads };

	if (!roots)
		return 0;
	collect(&c);
	c.buffers = buf_calloc(threads, sizeof *c.buffers);
	for (unsigned i = 0; i < threads; i++)
		c.buffers[i] = buf_malloc(PIECE);
	progress_begin(progress, "checking Authenticode", c.bytes);
	return pool_each(&(struct pool_each){ .threads = threads,
					      .count = c.count,
					      .item = check_object,
					      .tick = tick,
					      .ctx = &c },
			 err);
}
