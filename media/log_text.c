#include "media/log_text.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/str.h"
#include "lib/crypto/digest.h"
#include "media/lines.h"
#include "media/manifest.h"
#include "media/text.h"

#include <stdio.h>
#include <string.h>

static const char nodes_magic[] = "gapferry-nodes 1", objects_magic[] = "gapferry-objects 1";

/* ---- leaves ---- */

size_t log_text_bundle(const struct manifest *m, const unsigned char manifest[32],
		       char out[LOG_TEXT_LEAF_SIZE])
{
	char hex[DIGEST_HEX], base[24] = "-";

	str_to_hex(manifest, DIGEST_SHA256, hex);
	if (m->increment)
		snprintf(base, sizeof base, "%llu", (unsigned long long)m->base);
	return (size_t)snprintf(out, LOG_TEXT_LEAF_SIZE, "gapferry-log 1 bundle %s %u %llu %s %s\n",
				m->channel, m->epoch, (unsigned long long)m->sequence, base, hex);
}

size_t log_text_approval(const unsigned char manifest[32], const char *signer,
			 char out[LOG_TEXT_LEAF_SIZE])
{
	char hex[DIGEST_HEX];

	str_to_hex(manifest, DIGEST_SHA256, hex);
	return (size_t)snprintf(out, LOG_TEXT_LEAF_SIZE, "gapferry-log 1 approval %s %.200s\n", hex,
				signer);
}

size_t log_text_trust(const char *channel, unsigned version, const unsigned char root[32],
		      char out[LOG_TEXT_LEAF_SIZE])
{
	char hex[DIGEST_HEX];

	str_to_hex(root, DIGEST_SHA256, hex);
	return (size_t)snprintf(out, LOG_TEXT_LEAF_SIZE, "gapferry-log 1 trust %.63s %u %s\n",
				channel, version, hex);
}

size_t log_text_ledger(uint64_t number, const unsigned char head[32], char out[LOG_TEXT_LEAF_SIZE])
{
	char hex[DIGEST_HEX];

	str_to_hex(head, DIGEST_SHA256, hex);
	return (size_t)snprintf(out, LOG_TEXT_LEAF_SIZE, "gapferry-log 1 ledger %llu %s\n",
				(unsigned long long)number, hex);
}

/* ---- a line that must be the magic one ---- */

static int check_magic(const struct text_line *line, const char *magic, struct error *err)
{
	const struct text_field whole = { line->bytes, line->len };

	return text_is(&whole, magic) ? 0 : text_fail(line, err, "\"%s\" expected", magic);
}

static int feed_all(struct text_reader *r, const void *bytes, size_t len, struct error *err)
{
	if (text_feed(r, bytes, len, err) < 0)
		return -1;
	return text_finish(r, err);
}

/* ---- log/nodes ---- */

int log_text_nodes_begin(struct buf *out, struct error *err)
{
	return buf_printf(out, err, "%s\n", nodes_magic);
}

int log_text_node(unsigned level, const unsigned char hash[TREE_HASH], struct buf *out,
		  struct error *err)
{
	char hex[DIGEST_HEX];

	str_to_hex(hash, TREE_HASH, hex);
	return buf_printf(out, err, "%u %s\n", level, hex);
}

static void note_size(struct log_text_nodes *n)
{
	if (n->tree.size != n->wanted)
		return;
	n->found = true;
	tree_root(&n->tree, n->root);
}

static int take_node(void *ctx, const struct text_line *line, struct error *err)
{
	static const struct text_range level_range = { "level", 0, TREE_LEVELS - 1 };
	struct log_text_nodes *n = ctx;
	unsigned char hash[TREE_HASH];
	struct text_field fields[2];
	uint64_t level;

	if (line->number == 1)
		return check_magic(line, nodes_magic, err);
	if (text_split(line, fields, 2, err) < 0 ||
	    text_number(line, &fields[0], &level_range, &level, err) < 0 ||
	    text_hex(line, &fields[1], "node", hash, sizeof hash, err) < 0)
		return -1;
	if (!tree_add(&n->tree, (unsigned)level, hash))
		return text_fail(line, err, "a node of level %llu cannot follow %llu leaves",
				 (unsigned long long)level, (unsigned long long)n->tree.size);
	note_size(n);
	return 0;
}

int log_text_nodes_parse(const void *bytes, size_t len, struct log_text_nodes *out,
			 struct error *err)
{
	struct text_reader r = { .file = LOG_TEXT_NODES,
				 .id = ERROR_LOG_FORMAT,
				 .max_bytes = LIMIT_LOG_NODES_BYTES,
				 .max_lines = LIMIT_LOG_NODES,
				 .line = take_node,
				 .ctx = out };

	*out = (struct log_text_nodes){ .wanted = out->wanted };
	note_size(out);
	if (feed_all(&r, bytes, len, err) < 0)
		return -1;
	return r.lines > 0 ? 0
			   : error_set(err, ERROR_LOG_FORMAT, "%s: \"%s\" expected", r.file,
				       nodes_magic);
}

/* ---- log/objects ---- */

static int take_objects(void *ctx, const struct text_line *line, struct error *err)
{
	static const struct text_range lines_range = { "lines", 0, LIMIT_OBJECTS };
	static const char *const keys[] = { "lines", "root" };
	struct log_text_objects *o = ctx;
	struct text_field fields[2];

	if (line->number == 1)
		return check_magic(line, objects_magic, err);
	if (text_split(line, fields, 2, err) < 0)
		return -1;
	if (!text_is(&fields[0], keys[line->number - 2]))
		return text_fail(line, err, "\"%s\" expected", keys[line->number - 2]);
	return line->number == 2 ? text_number(line, &fields[1], &lines_range, &o->lines, err)
				 : text_hex(line, &fields[1], "root", o->root, sizeof o->root, err);
}

int log_text_objects_parse(const void *bytes, size_t len, struct log_text_objects *out,
			   struct error *err)
{
	struct text_reader r = { .file = LOG_TEXT_OBJECTS,
				 .id = ERROR_LOG_FORMAT,
				 .max_bytes = LIMIT_TEXT_LINE,
				 .max_lines = 3,
				 .line = take_objects,
				 .ctx = out };

	*out = (struct log_text_objects){ 0 };
	if (feed_all(&r, bytes, len, err) < 0)
		return -1;
	return r.lines == 3 ? 0 : error_set(err, ERROR_LOG_FORMAT, "%s: not three lines", r.file);
}

int log_text_objects_write(const struct log_text_objects *o, struct buf *out, struct error *err)
{
	char hex[DIGEST_HEX];

	str_to_hex(o->root, TREE_HASH, hex);
	return buf_printf(out, err, "%s\nlines %llu\nroot %s\n", objects_magic,
			  (unsigned long long)o->lines, hex);
}

/* ---- lines of OBJECTS ---- */

static int add_line(void *ctx, const char *bytes, size_t len, struct error *err)
{
	struct log_text_lines *l = ctx;
	unsigned char hash[TREE_HASH];

	tree_leaf(bytes, len, hash);
	if (!tree_add(&l->tree, 0, hash))
		return error_set(err, ERROR_MEDIA_LIMIT, "OBJECTS: too many lines");
	return l->leaf ? l->leaf(l->ctx, bytes, len, hash, err) : 0;
}

static int too_long(void *ctx, struct error *err)
{
	(void)ctx;
	return error_set(err, ERROR_MEDIA_LIMIT, "OBJECTS: a line has more than %u bytes",
			 LIMIT_TEXT_LINE);
}

int log_text_lines_feed(struct log_text_lines *l, const void *bytes, size_t len, struct error *err)
{
	const struct lines lines = { l->part, sizeof l->part, &l->held, add_line, too_long, l };

	return lines_feed(&lines, bytes, len, err);
}
