#include "exporter/tables.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/file_writer.h"
#include "lib/base/limits.h"
#include "lib/crypto/digest.h"
#include "media/chunk_table.h"
#include "media/log_text.h"
#include "media/manifest.h"
#include "media/object_table.h"

/* The lines of a volume of 1 TiB take 22 MiB. */
enum { TEXT_MAX = 32 << 20, TEXT_FLUSH = 1 << 20 };

struct output {
	struct file_writer *writer;
	struct digest *digest;
	struct buf text; /* lines not yet handed on */
	uint64_t limit;
	struct log_text_lines *lines; /* of OBJECTS: the tree over them */
};

static void output_clear(struct output *o)
{
	file_writer_abandon(o->writer);
	digest_free(o->digest);
	buf_clear(&o->text);
}
DEFINE_CLEANUP_IN_PLACE(struct output, output_clear);

static int begin(struct output *o, int dir, enum manifest_table table, uint64_t limit,
		 struct error *err)
{
	*o = (struct output){ .text = BUF_INIT(TEXT_MAX), .limit = limit };
	o->digest = digest_new(DIGEST_KIND_SHA256);
	o->writer = file_writer_begin(dir, manifest_table_name(table), 0644, err);
	return o->writer ? 0 : -1;
}

/* Hand on the lines collected, when there are more than `least` bytes of them. */
static int flush(struct output *o, size_t least, struct error *err)
{
	if (o->text.len <= least)
		return 0;
	if (file_writer_size(o->writer) + o->text.len > o->limit)
		return error_set(err, ERROR_LIMIT_BYTES, "a table has more than %llu bytes",
				 (unsigned long long)o->limit);
	digest_update(o->digest, o->text.bytes, o->text.len);
	if (o->lines && log_text_lines_feed(o->lines, o->text.bytes, o->text.len, err) < 0)
		return -1;
	if (file_writer_append(o->writer, o->text.bytes, o->text.len, err) < 0)
		return -1;
	o->text.len = 0;
	return 0;
}

static int finish(struct output *o, struct manifest_file *out, struct error *err)
{
	if (flush(o, 0, err) < 0)
		return -1;
	out->size = file_writer_size(o->writer);
	digest_final(o->digest, out->sha256);
	return file_writer_commit(STEAL(o->writer), err);
}

static int save_chunks(int dir, const struct chunk_table *t, struct manifest_file *out,
		       struct error *err)
{
	CLEANUP(output_clear) struct output o;

	if (begin(&o, dir, MANIFEST_CHUNKS, LIMIT_CHUNKS_BYTES, err) < 0)
		return -1;
	for (uint32_t v = 1; v <= chunk_table_volumes(t); v++)
		if (chunk_table_write(t, v, &o.text, err) < 0 || flush(&o, TEXT_FLUSH, err) < 0)
			return -1;
	return finish(&o, out, err);
}

static int save_objects(int dir, const struct object_table *t, struct manifest_file *out,
			struct tree *tree, struct error *err)
{
	CLEANUP(output_clear) struct output o;
	struct log_text_lines lines = { .held = 0 };

	if (begin(&o, dir, MANIFEST_OBJECTS, LIMIT_OBJECTS_BYTES, err) < 0)
		return -1;
	o.lines = &lines;
	for (size_t i = 0; i < object_table_assumed_count(t); i++)
		if (object_table_assumed_write(t, i, &o.text, err) < 0 ||
		    flush(&o, TEXT_FLUSH, err) < 0)
			return -1;
	for (size_t i = 0; i < object_table_count(t); i++)
		if (object_table_write(t, i, &o.text, err) < 0 || flush(&o, TEXT_FLUSH, err) < 0)
			return -1;
	if (finish(&o, out, err) < 0)
		return -1;
	*tree = lines.tree;
	return 0;
}

int tables_save(int dir, const struct object_table *objects, const struct chunk_table *chunks,
		struct manifest *m, struct tree *lines, struct error *err)
{
	if (save_chunks(dir, chunks, &m->files[MANIFEST_CHUNKS], err) < 0)
		return -1;
	return save_objects(dir, objects, &m->files[MANIFEST_OBJECTS], lines, err);
}
