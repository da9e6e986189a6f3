#include "exporter/payload.h"

#include "exporter/folder.h"
#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/pool.h"
#include "lib/base/str.h"
#include "lib/catalog/catalog.h"
#include "lib/cli/progress.h"
#include "lib/crypto/authenticode.h"
#include "lib/crypto/digest.h"
#include "lib/store/content.h"
#include "lib/store/store.h"
#include "lib/store/stored.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { PIECE = 1 << 20 };

/* A distinct file that usable updates ask for. */
struct want {
	struct catalog_sha1 sha1;
	unsigned char sha256[32];
	bool has_sha256, has_size;
	uint64_t size;
	const char *name;
	bool present; /* in the content store, from before or from this folder */
};

/* What became of one file of the folder. */
struct result {
	bool taken;
	char *refused; /* why Authenticode does not let it in; owned */
	struct stored_object object;
};

struct ingest {
	struct store *store;
	struct want *wants; /* sorted by SHA-1 */
	size_t count, capacity;
	const struct want **by_size; /* those with a size, sorted */
	size_t sized;
	const struct want **by_name; /* those with a name, sorted without regard to case */
	size_t named;
	bool all_sized;
	const struct folder *folder;
	struct result *results;
	unsigned char **buffers;
	unsigned threads;
	struct progress *progress;
};

static void ingest_clear(struct ingest *in)
{
	for (unsigned i = 0; in->buffers && i < in->threads; i++)
		free(in->buffers[i]);
	free(in->buffers);
	free(in->wants);
	free(in->by_size);
	free(in->by_name);
	for (size_t i = 0; in->results && i < in->folder->count; i++)
		free(in->results[i].refused);
	free(in->results);
}
DEFINE_CLEANUP_IN_PLACE(struct ingest, ingest_clear);

/* ---- what is wanted ---- */

static int compare_wants(const void *a, const void *b)
{
	const struct want *x = a, *y = b;

	return memcmp(x->sha1.bytes, y->sha1.bytes, sizeof x->sha1.bytes);
}

static int compare_sizes(const void *a, const void *b)
{
	const struct want *const *x = a, *const *y = b;

	if ((*x)->size != (*y)->size)
		return (*x)->size < (*y)->size ? -1 : 1;
	return compare_wants(*x, *y);
}

static struct want *add_want(struct ingest *in)
{
	in->wants = buf_grow(in->wants, &in->capacity, in->count, sizeof *in->wants);
	in->wants[in->count] = (struct want){ .name = "" };
	return &in->wants[in->count++];
}

static void add_revision(struct ingest *in, const struct catalog_revision *r)
{
	for (size_t i = 0; i < r->files_count; i++) {
		const struct catalog_file *f = &r->files[i];
		struct want *w = add_want(in);

		w->sha1 = f->sha1;
		w->has_size = f->has_size;
		w->size = f->size;
		w->has_sha256 = f->has_sha256;
		memcpy(w->sha256, f->sha256, sizeof w->sha256);
		w->name = f->name;
	}
	for (size_t i = 0; i < r->payload_count; i++)
		add_want(in)->sha1 = r->payload[i];
	/* A scan catalog carries its licence texts itself. */
	for (size_t i = 0; r->has_document && i < r->licences_count; i++) {
		const struct catalog_licence *l = &r->licences[i];
		struct want *w = add_want(in);

		w->sha1 = l->sha1;
		w->has_size = l->has_size;
		w->size = l->size;
		w->has_sha256 = l->has_sha256;
		memcpy(w->sha256, l->sha256, sizeof w->sha256);
	}
}

/* One record per SHA-1, with everything that any mention states. */
static void merge_wants(struct ingest *in)
{
	size_t kept = 0;

	if (in->count == 0)
		return;
	qsort(in->wants, in->count, sizeof *in->wants, compare_wants);
	for (size_t i = 1; i < in->count; i++) {
		struct want *a = &in->wants[kept], *b = &in->wants[i];

		if (compare_wants(a, b) != 0) {
			in->wants[++kept] = *b;
			continue;
		}
		if (!a->has_size && b->has_size) {
			a->has_size = true;
			a->size = b->size;
		}
		if (!a->has_sha256 && b->has_sha256) {
			a->has_sha256 = true;
			memcpy(a->sha256, b->sha256, sizeof a->sha256);
		}
		if (!a->name[0])
			a->name = b->name;
	}
	in->count = kept + 1;
}

static int find_present(struct ingest *in, struct error *err)
{
	for (size_t i = 0; i < in->count; i++) {
		struct stored_object o;
		int found = stored_find_sha1(in->store, in->wants[i].sha1.bytes, &o, err);

		if (found < 0)
			return -1;
		in->wants[i].present = found == 1;
	}
	return 0;
}

static int compare_names(const void *a, const void *b)
{
	const struct want *const *x = a, *const *y = b;

	return strcasecmp((*x)->name, (*y)->name);
}

static void index_wants(struct ingest *in)
{
	in->by_size = buf_calloc(in->count, sizeof *in->by_size);
	in->by_name = buf_calloc(in->count, sizeof *in->by_name);
	in->all_sized = true;
	for (size_t i = 0; i < in->count; i++) {
		if (in->wants[i].name[0])
			in->by_name[in->named++] = &in->wants[i];
		if (in->wants[i].has_size)
			in->by_size[in->sized++] = &in->wants[i];
		else
			in->all_sized = false;
	}
	if (in->sized > 0)
		qsort(in->by_size, in->sized, sizeof *in->by_size, compare_sizes);
	if (in->named > 0)
		qsort(in->by_name, in->named, sizeof *in->by_name, compare_names);
}

static int collect_wants(struct ingest *in, const struct catalog *c, struct error *err)
{
	for (size_t i = 0; i < catalog_count(c); i++) {
		const struct catalog_revision *r = catalog_at(c, i);

		if (r->verdict == CATALOG_OK && !r->is_duplicate)
			add_revision(in, r);
	}
	merge_wants(in);
	index_wants(in);
	return find_present(in, err);
}

/* ---- one file of the folder ---- */

/* First of the wants of this size, or sized. */
static size_t first_of_size(const struct ingest *in, uint64_t size)
{
	size_t low = 0, high = in->sized;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (in->by_size[middle]->size < size)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/*
 * Is a file of this size asked for and not here yet?  *with_sha1: its SHA-256 is not stated
 * everywhere, so only SHA-1 can tell.
 */
static bool may_be_wanted(const struct ingest *in, uint64_t size, bool *with_sha1)
{
	bool wanted = !in->all_sized;

	*with_sha1 = !in->all_sized;
	for (size_t i = first_of_size(in, size); i < in->sized && in->by_size[i]->size == size;
	     i++) {
		wanted |= !in->by_size[i]->present;
		*with_sha1 |= !in->by_size[i]->has_sha256;
	}
	return wanted;
}

static const struct want *match(const struct ingest *in, uint64_t size,
				const unsigned char sha256[32], const unsigned char *sha1)
{
	for (size_t i = first_of_size(in, size); i < in->sized && in->by_size[i]->size == size; i++)
		if (in->by_size[i]->has_sha256 && memcmp(in->by_size[i]->sha256, sha256, 32) == 0)
			return in->by_size[i];
	if (!sha1 || in->count == 0)
		return NULL;
	struct want key = { 0 };
	memcpy(key.sha1.bytes, sha1, sizeof key.sha1.bytes);
	const struct want *w = bsearch(&key, in->wants, in->count, sizeof key, compare_wants);

	/* Where a SHA-256 is stated, the SHA-1 alone never authorises a file. */
	return w && !w->has_sha256 && (!w->has_size || w->size == size) ? w : NULL;
}

static int copy_file(const struct ingest *in, const struct folder_file *f, struct content_writer *w,
		     struct authenticode *signature, unsigned char *buffer, struct error *err)
{
	CLEANUP(file_close) int fd = folder_open(in->folder, f, err);

	if (fd < 0)
		return -1;
	for (uint64_t at = 0; at < f->size;) {
		size_t n = f->size - at < PIECE ? (size_t)(f->size - at) : PIECE;

		if (file_read_at(fd, f->path, buffer, n, at, err) < 0 ||
		    content_write(w, buffer, n, err) < 0)
			return -1;
		authenticode_feed(signature, buffer, n);
		at += n;
		in->progress->done += n;
	}
	return 0;
}

/* Why a cabinet is not what was signed; NULL when it is, or when nobody signed it. */
static char *objection(struct authenticode *a, const char *path)
{
	struct authenticode_verdict verdict;
	struct error why = ERROR_INIT;

	authenticode_finish(a, NULL, clock_now(), &verdict);
	return authenticode_accept_digest(&verdict, path, &why) < 0 ? buf_strdup(why.message)
								    : NULL;
}

static int take_file(void *ctx, size_t i, unsigned worker, struct error *err)
{
	struct ingest *in = ctx;
	const struct folder_file *f = &in->folder->files[i];
	struct result *r = &in->results[i];
	bool with_sha1;

	if (!may_be_wanted(in, f->size, &with_sha1)) {
		in->progress->done += f->size;
		return 0;
	}
	CLEANUP(content_abandon)
	struct content_writer *w = content_begin(in->store, with_sha1, err);
	CLEANUP(authenticode_free) struct authenticode *signature = authenticode_new();
	if (!w || copy_file(in, f, w, signature, in->buffers[worker], err) < 0)
		return -1;
	r->object =
		(struct stored_object){ .kind = OBJECT_CONTENT, .size = f->size, .has_sha1 = true };
	content_digests(w, r->object.sha256, with_sha1 ? r->object.sha1 : NULL);
	const struct want *want =
		match(in, f->size, r->object.sha256, with_sha1 ? r->object.sha1 : NULL);
	if (!want)
		return 0;
	r->refused = objection(signature, f->path);
	if (r->refused)
		return 0;
	memcpy(r->object.sha1, want->sha1.bytes, sizeof r->object.sha1);
	const char *slash = strrchr(f->path, '/');
	stored_clean_name(want->name[0] ? want->name : slash ? slash + 1 : f->path, r->object.name);
	r->taken = true;
	return content_commit(STEAL(w), NULL, err) < 0 ? -1 : 0;
}

static int tick(void *ctx)
{
	struct ingest *in = ctx;

	return progress_tick(in->progress);
}

/* ---- the result ---- */

static void mark_present(struct ingest *in, const struct stored_object *o)
{
	struct want key = { 0 };

	memcpy(key.sha1.bytes, o->sha1, sizeof key.sha1.bytes);
	struct want *w = bsearch(&key, in->wants, in->count, sizeof key, compare_wants);
	if (w)
		w->present = true;
}

static const struct want *want_of_sha1(const struct ingest *in, const unsigned char *sha1)
{
	struct want key = { 0 };

	memcpy(key.sha1.bytes, sha1, sizeof key.sha1.bytes);
	return in->count ? bsearch(&key, in->wants, in->count, sizeof key, compare_wants) : NULL;
}

/*
 * The wanted file that a file's name promises: Microsoft puts the SHA-1 into the name
 * (..._<SHA-1>.cab, <SHA-1>.exe), or it is the FileName of the metadata.
 */
static const struct want *promised(const struct ingest *in, const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	struct want key = { .name = name };
	const struct want *pointer = &key, *const * found;
	unsigned char sha1[DIGEST_SHA1];

	for (const char *p = name; strlen(p) >= 2 * sizeof sha1; p++) {
		if (!str_from_any_hex(p, 2 * sizeof sha1, sha1, sizeof sha1))
			continue;
		const struct want *w = want_of_sha1(in, sha1);
		if (w)
			return w;
	}
	if (in->named == 0)
		return NULL;
	found = bsearch(&pointer, in->by_name, in->named, sizeof pointer, compare_names);
	return found ? *found : NULL;
}

static void describe(const struct want *w, char *out, size_t size)
{
	char hex[DIGEST_HEX];

	str_to_hex(w->sha1.bytes, sizeof w->sha1.bytes, hex);
	if (w->name[0])
		snprintf(out, size, "%.60s", w->name);
	else
		snprintf(out, size, "SHA-1 %s", hex);
}

static void summarize(struct ingest *in, struct payload *out)
{
	size_t count = in->folder->count;

	out->objects = buf_calloc(count, sizeof *out->objects);
	out->rejects = buf_calloc(count, sizeof *out->rejects);
	for (size_t i = 0; i < count; i++) {
		struct result *r = &in->results[i];

		if (!r->taken)
			continue;
		mark_present(in, &r->object);
		out->bytes += r->object.size;
		out->objects[out->object_count++] = r->object;
	}
	for (size_t i = 0; i < count; i++) {
		struct result *r = &in->results[i];

		if (r->refused) {
			out->bad_signatures++;
			out->rejects[out->reject_count++] =
				(struct payload_reject){ buf_strdup(in->folder->files[i].path),
							 STEAL(r->refused) };
			continue;
		}
		const struct want *w =
			in->results[i].taken ? NULL : promised(in, in->folder->files[i].path);

		if (w && !w->present)
			out->rejects[out->reject_count++].path =
				buf_strdup(in->folder->files[i].path);
		else
			out->unreferenced += !in->results[i].taken;
	}
	out->wanted = in->count;
	for (size_t i = 0; i < in->count; i++) {
		size_t missing = i - out->present;

		if (in->wants[i].present)
			out->present++;
		else if (missing < sizeof out->missing / sizeof *out->missing)
			describe(&in->wants[i], out->missing[missing],
				 sizeof out->missing[missing]);
	}
}

int payload_ingest(struct store *s, const struct catalog *c, const char *dir, unsigned threads,
		   struct progress *progress, struct payload *out, struct error *err)
{
	CLEANUP(folder_clear) struct folder folder = { .dir = -1 };
	CLEANUP(ingest_clear)
	struct ingest in = {
		.store = s, .threads = threads, .progress = progress, .folder = &folder
	};

	*out = (struct payload){ 0 };
	if (folder_scan(dir, &folder, err) < 0 || collect_wants(&in, c, err) < 0)
		return -1;
	in.results = buf_calloc(folder.count, sizeof *in.results);
	in.buffers = buf_calloc(threads, sizeof *in.buffers);
	for (unsigned i = 0; i < threads; i++)
		in.buffers[i] = buf_malloc(PIECE);
	progress_begin(progress, "copying payload", folder.bytes);
	int failed = pool_each(&(struct pool_each){ .threads = threads,
						    .count = folder.count,
						    .item = take_file,
						    .tick = tick,
						    .ctx = &in },
			       err);
	progress_end(progress);
	if (failed)
		return error_wrap(err, "%s", dir);
	summarize(&in, out);
	return 0;
}

void payload_clear(struct payload *p)
{
	for (size_t i = 0; i < p->reject_count; i++) {
		free(p->rejects[i].path);
		free(p->rejects[i].reason);
	}
	free(p->rejects);
	free(p->objects);
	*p = (struct payload){ 0 };
}
