#include "tests/tools/layout.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/pool.h"
#include "lib/base/str.h"
#include "tests/tools/cab_write.h"
#include "tests/tools/fragment.h"
#include "tests/tools/master.h"
#include "tests/tools/months.h"
#include "tests/tools/tree.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RESERVE = 6144, PATH_BYTES = 128, SHARD_MEMBERS = 60000, COPY = 1 << 20, KEY = 12 };

/* A folder holds 2,147,450,880 bytes; sizes are estimated, so stay well below. */
#define SHARD_BYTES 1200000000u

static const char parts_name[] = ".parts";

struct shard {
	size_t from, to; /* in model->order */
};

struct layout {
	const struct layout_options *options;
	const struct model *model;
	int parts; /* directory of the inner cabinets */
	struct shard *shards;
	size_t count;
	uint64_t *fragments; /* by shard */
};

/* An inner cabinet being written, and the folder of its loose copy. */
struct output {
	struct cab_write *cab;
	int treefd;
	char prefix[32];
	uint64_t fragments;
	struct buf text;
};

/* ---- partition ---- */

static size_t members_of(const struct model_update *u)
{
	size_t count = 2 + 2 * (size_t)u->eulas;

	for (size_t k = 0; k < MODEL_LANGUAGES; k++)
		count += model_has_language(u, k);
	return count;
}

static uint64_t bytes_of(const struct model *m, const struct model_update *u)
{
	/* The mean is below core_bytes; single ones are far above it. */
	uint64_t times = m->options.true_scale ? 1 : 16;

	return (u->kind == MODEL_LEAF ? 2000 + times * m->options.core_bytes : 8000) +
	       1000 * members_of(u) + 32768ull * u->eulas;
}

static void divide(struct layout *l)
{
	const struct model *m = l->model;
	size_t capacity = 0, members = 0, wished = l->options->shards;
	size_t each = (m->count + wished - 1) / wished, from = 0;
	uint64_t bytes = 0;

	for (size_t i = 0; i < m->listed; i++) {
		const struct model_update *u = &m->updates[m->order[i]];
		/* by place, so that what comes and goes does not move the others */
		bool next = m->place[i] - from >= each;
		bool full = l->count > 0 && (next || members + members_of(u) > SHARD_MEMBERS ||
					     bytes + bytes_of(m, u) > SHARD_BYTES);

		if (l->count == 0 || (full && !m->options.old_layout)) {
			l->shards = buf_grow(l->shards, &capacity, l->count, sizeof *l->shards);
			l->shards[l->count++].from = i;
			from = next ? from + (m->place[i] - from) / each * each : m->place[i];
			members = l->count == 1 ? m->eula_count : 0;
			bytes = 0;
		}
		l->shards[l->count - 1].to = i + 1;
		members += members_of(u);
		bytes += bytes_of(m, u);
	}
}

/* ---- one inner cabinet ---- */

/* Adds the text as member `path`, which is written with slashes. */
static int add(struct output *o, const char *path, struct error *err)
{
	char name[PATH_BYTES], loose[PATH_BYTES + sizeof o->prefix];

	snprintf(name, sizeof name, "%s", path);
	for (char *c = strchr(name, '/'); c; c = strchr(c, '/'))
		*c = '\\';
	if (cab_write_add(o->cab, name, o->text.bytes, o->text.len, err) < 0)
		return -1;
	if (o->treefd < 0)
		return 0;
	snprintf(loose, sizeof loose, "%s/%s", o->prefix, path);
	return tree_write(o->treefd, loose, o->text.bytes, o->text.len, err);
}

static int add_fragment(struct output *o, const char *path, struct error *err)
{
	o->fragments++;
	return add(o, path, err);
}

/* Names are sorted as text, as in genuine cabinets: 1, 10, 105, 11. */
struct entry {
	char key[KEY];
	const struct model_update *update;
};

static int by_key(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	return strcmp(x->key, y->key);
}

typedef void make_fragment(const struct model *m, const struct model_update *u, struct buf *b);

static int add_stream(struct output *o, const struct model *m, const struct entry *e, size_t count,
		      const char *folder, make_fragment *make, struct error *err)
{
	char path[PATH_BYTES];

	for (size_t i = 0; i < count; i++) {
		o->text.len = 0;
		make(m, e[i].update, &o->text);
		snprintf(path, sizeof path, "%s/%s", folder, e[i].key);
		if (add_fragment(o, path, err) < 0)
			return -1;
	}
	return 0;
}

static int add_localized(struct output *o, const struct model *m, const struct entry *e,
			 size_t count, struct error *err)
{
	const char *folder = m->options.old_layout ? "localized" : "l";
	char path[PATH_BYTES];

	for (size_t k = 0; k < MODEL_LANGUAGES; k++) {
		for (size_t i = 0; i < count; i++) {
			if (!model_has_language(e[i].update, k))
				continue;
			o->text.len = 0;
			fragment_localized(m, e[i].update, k, &o->text);
			snprintf(path, sizeof path, "%s/%s/%s", folder, model_language(k),
				 e[i].key);
			if (add_fragment(o, path, err) < 0)
				return -1;
		}
	}
	return 0;
}

/* The e fragments of these updates. */
static int add_eulas(struct output *o, const struct model *m, const struct entry *e, size_t count,
		     struct error *err)
{
	const char *folder = m->options.old_layout ? "eula" : "e";
	char path[PATH_BYTES];

	for (size_t k = 0; k < MODEL_LANGUAGES; k++) {
		for (size_t i = 0; i < count; i++) {
			if (k >= e[i].update->eulas)
				continue;
			o->text.len = 0;
			fragment_eula(m, &m->eulas[e[i].update->eulas_at + k], &o->text);
			snprintf(path, sizeof path, "%s/%s/%s", folder, model_language(k),
				 e[i].key);
			if (add_fragment(o, path, err) < 0)
				return -1;
		}
	}
	return 0;
}

/* All licence texts: files/<last two digits>/<SHA-1>. */
static int add_texts(struct output *o, const struct model *m, struct error *err)
{
	char path[PATH_BYTES], sha1[41];

	for (size_t i = 0; i < m->eula_count; i++) {
		str_to_hex(m->eulas[i].sha1, 20, sha1);
		for (char *c = sha1; *c; c++)
			*c = (char)(*c >= 'a' ? *c - 'a' + 'A' : *c);
		snprintf(path, sizeof path, "files/%s/%s", sha1 + 38, sha1);
		o->text.len = 0;
		fragment_eula_text(m, &m->eulas[i], &o->text);
		if (add(o, path, err) < 0)
			return -1;
	}
	return 0;
}

static int add_streams(struct output *o, const struct layout *l, const struct shard *s,
		       struct error *err)
{
	const struct model *m = l->model;
	bool old = m->options.old_layout;
	size_t count = s->to - s->from;
	struct entry *e = buf_malloc(count * sizeof *e);

	for (size_t i = 0; i < count; i++) {
		e[i].update = &m->updates[m->order[s->from + i]];
		snprintf(e[i].key, sizeof e[i].key, "%u", e[i].update->revision);
	}
	qsort(e, count, sizeof *e, by_key);
	int result = add_stream(o, m, e, count, old ? "core" : "c", fragment_core, err);

	if (result == 0)
		result = add_eulas(o, m, e, count, err);
	if (result == 0 && old)
		result = add_stream(o, m, e, count, "extended", fragment_extended, err);
	if (result == 0 && s->from == 0)
		result = add_texts(o, m, err);
	if (result == 0)
		result = add_localized(o, m, e, count, err);
	if (result == 0 && !old)
		result = add_stream(o, m, e, count, "x", fragment_extended, err);
	free(e);
	return result;
}

/* ---- package.xml ---- */

struct document {
	struct output *output;
	int fd; /* of the loose copy, or -1 */
	uint64_t at;
};

static int take_document(void *ctx, const void *bytes, size_t len, struct error *err)
{
	struct document *d = ctx;

	if (d->fd >= 0 && file_write_at(d->fd, "package.xml", bytes, len, d->at, err) < 0)
		return -1;
	d->at += len;
	return cab_write_data(d->output->cab, bytes, len, err);
}

static int add_document(struct output *o, const struct layout *l, struct error *err)
{
	CLEANUP(file_close) int fd = -1;
	char path[PATH_BYTES];

	if (o->treefd >= 0) {
		snprintf(path, sizeof path, "%s/package.xml", o->prefix);
		fd = tree_create(o->treefd, path, err);
		if (fd < 0)
			return -1;
	}
	struct document d = { o, fd, 0 };

	if (cab_write_member(o->cab, "package.xml", err) < 0)
		return -1;
	return master_write(l->model, l->options->master, take_document, &d, err);
}

/* ---- all inner cabinets ---- */

/* Item 0 is package.cab, item i the shard package<i+1>.cab; the old layout has only item 0. */
static int write_part(void *ctx, size_t i, unsigned worker, struct error *err)
{
	struct layout *l = ctx;
	bool old = l->model->options.old_layout;
	char name[32] = "package.cab";
	/* shards that stay what they are keep their time */
	int64_t first = months_first_created(&l->model->options);
	struct output o = { .treefd = l->options->treefd, .text = BUF_INIT(FRAGMENT_MAX) };

	(void)worker;
	snprintf(o.prefix, sizeof o.prefix, "package");
	if (i > 0) {
		snprintf(name, sizeof name, "package%zu.cab", i + 1);
		snprintf(o.prefix, sizeof o.prefix, "package%zu", i + 1);
	}
	CLEANUP(cab_write_free)
	struct cab_write *cab = cab_write_new(
		&(struct cab_write_options){ .dirfd = l->parts,
					     .name = name,
					     .lzx = l->options->lzx,
					     .reserve = RESERVE,
					     .time = i > 0 ? first : l->model->options.created },
		err);
	if (!cab)
		return -1;
	int result = 0;

	o.cab = cab;
	if (i > 0 || old)
		result = add_streams(&o, l, &l->shards[i > 0 ? i - 1 : 0], err);
	if (result == 0 && i == 0)
		result = add_document(&o, l, err);
	if (result == 0)
		result = cab_write_finish(cab, err);
	l->fragments[i] = o.fragments;
	buf_clear(&o.text);
	return result;
}

/* ---- the outer cabinet ---- */

static int add_part(struct cab_write *cab, int dirfd, const char *name, struct error *err)
{
	CLEANUP(file_close) int fd = -1;
	uint64_t size;

	if (file_open_read(dirfd, name, &fd, &size, err) <= 0)
		return -1;
	if (cab_write_member(cab, name, err) < 0)
		return -1;
	unsigned char *bytes = buf_malloc(COPY);
	int result = 0;

	for (uint64_t at = 0; at < size && result == 0; at += COPY) {
		size_t part = size - at < COPY ? (size_t)(size - at) : COPY;

		result = file_read_at(fd, name, bytes, part, at, err);
		if (result == 0)
			result = cab_write_data(cab, bytes, part, err);
	}
	free(bytes);
	return result;
}

static int add_index(struct cab_write *cab, const struct layout *l, struct error *err)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(FRAGMENT_MAX);
	uint32_t *starts = buf_malloc(l->count * sizeof *starts);

	for (size_t i = 0; i < l->count; i++)
		starts[i] =
			i == 0 ? 0 : l->model->updates[l->model->order[l->shards[i].from]].revision;
	master_index(starts, l->count, &text);
	free(starts);
	if (l->options->treefd >= 0 &&
	    tree_write(l->options->treefd, "index.xml", text.bytes, text.len, err) < 0)
		return -1;
	return cab_write_add(cab, "index.xml", text.bytes, text.len, err);
}

static int write_outer(const struct layout *l, const char *name, size_t parts, struct error *err)
{
	static const char evil[] = "this member must not leave its folder\n";
	const struct layout_options *o = l->options;
	char part[32] = "package.cab";

	CLEANUP(cab_write_free)
	struct cab_write *cab =
		cab_write_new(&(struct cab_write_options){ .dirfd = o->dirfd,
							   .name = name,
							   .lzx = o->lzx,
							   .time = l->model->options.created },
			      err);
	if (!cab)
		return -1;
	if (!l->model->options.old_layout && add_index(cab, l, err) < 0)
		return -1;
	for (size_t i = 0; i < parts; i++) {
		if (i > 0)
			snprintf(part, sizeof part, "package%zu.cab", i + 1);
		if (add_part(cab, l->parts, part, err) < 0)
			return -1;
	}
	if (o->hostile && cab_write_add(cab, o->hostile, evil, sizeof evil - 1, err) < 0)
		return -1;
	return cab_write_finish(cab, err);
}

static int write_all(struct layout *l, struct layout_result *result, struct error *err)
{
	size_t parts = l->model->options.old_layout ? 1 : l->count + 1;

	snprintf(result->name, sizeof result->name, "%s",
		 l->model->options.old_layout ? "WSUSSCAN.cab" : "wsusscn2.cab");
	result->shards = parts - (parts > 1);
	l->fragments = buf_calloc(parts, sizeof *l->fragments);
	if (pool_each(&(struct pool_each){ .threads = l->options->threads,
					   .count = parts,
					   .item = write_part,
					   .ctx = l },
		      err) < 0)
		return -1;
	for (size_t i = 0; i < parts; i++)
		result->fragments += l->fragments[i];
	return write_outer(l, result->name, parts, err);
}

int layout_write(const struct layout_options *options, struct layout_result *result,
		 struct error *err)
{
	CLEANUP(file_close) int parts = file_open_subdir(options->dirfd, parts_name, true, err);

	if (parts < 0)
		return -1;
	struct layout l = { .options = options, .model = options->model, .parts = parts };

	*result = (struct layout_result){ .fragments = 0 };
	divide(&l);
	int written = write_all(&l, result, err);

	free(l.shards);
	free(l.fragments);
	if (written < 0) {
		struct error second = ERROR_INIT;

		if (file_remove_tree(options->dirfd, parts_name, &second) < 0)
			error_clear(&second); /* the first failure is the one to tell */
		return -1;
	}
	return file_remove_tree(options->dirfd, parts_name, err);
}
