#include "verifier/log_medium.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/crypto/digest.h"
#include "media/log_text.h"
#include "media/manifest.h"
#include "media/sum_table.h"
#include "verifier/verify.h"

#include <stdlib.h>
#include <string.h>

static const char *const names[] = { LOG_TEXT_CHECKPOINT, LOG_TEXT_NODES, LOG_TEXT_OBJECTS };

enum { NAMES = sizeof names / sizeof *names };

/* How many of the files are listed; -1 for one that is none of them. */
static int count_listed(const struct verified_bundle *b, struct error *err)
{
	const struct sum_table *sums = verify_sums(b);
	int known = 0, all = 0;

	for (int i = 0; i < NAMES; i++)
		known += sum_table_find(sums, names[i]) != NULL;
	for (size_t i = 0; i < sums->count; i++)
		all += strncmp(sums->entries[i].name, "log/", 4) == 0;
	if (known != all || (known != 0 && known != NAMES))
		return error_set(err, ERROR_MEDIA_MISMATCH,
				 "log: not the files checkpoint, nodes and objects");
	return known;
}

static int load(const struct verified_bundle *b, const char *name, unsigned char **bytes,
		size_t *len, struct error *err)
{
	const unsigned char *want = sum_table_find(verify_sums(b), name);
	unsigned char digest[DIGEST_SHA256];
	int found = file_load(verify_dir(b), name, LIMIT_LOG_NODES_BYTES, bytes, len, err);

	if (found < 0)
		return -1;
	digest_sha256(*bytes, found ? *len : 0, digest);
	if (!found || memcmp(digest, want, sizeof digest) != 0)
		return error_set(err, ERROR_BUNDLE_DIGEST, "%s: changed while it was read", name);
	return 0;
}

static int load_checkpoint(const struct verified_bundle *b, struct checkpoint *out,
			   struct error *err)
{
	CLEANUP(free) unsigned char *bytes = NULL;
	struct checkpoint_note note;
	size_t len;

	if (load(b, LOG_TEXT_CHECKPOINT, &bytes, &len, err) < 0)
		return -1;
	if (checkpoint_parse(bytes, len, &note, err) < 0)
		return error_wrap(err, "%s", LOG_TEXT_CHECKPOINT);
	/* A signature is not the same twice, and the bundle would not be either. */
	if (note.count > 0)
		return error_set(err, ERROR_LOG_FORMAT, "%s: has signatures of its own",
				 LOG_TEXT_CHECKPOINT);
	*out = note.checkpoint;
	return 0;
}

/* The log that the nodes make is the one of the checkpoint; then the bundle's leaf comes. */
static int add_bundle(const struct verified_bundle *b, struct log_medium *m, struct error *err)
{
	struct log_text_nodes nodes = { .wanted = m->before.head.size };
	char leaf[LOG_TEXT_LEAF_SIZE];
	unsigned char hash[TREE_HASH];

	if (log_text_nodes_parse(m->nodes, m->nodes_len, &nodes, err) < 0)
		return -1;
	if (!nodes.found || nodes.tree.size != m->before.head.size ||
	    memcmp(nodes.root, m->before.head.root, TREE_HASH) != 0)
		return error_set(err, ERROR_LOG_TREE,
				 "log/nodes: make a log of %llu leaves that is not that of "
				 "log/checkpoint",
				 (unsigned long long)nodes.tree.size);
	tree_leaf(leaf, log_text_bundle(verify_manifest(b), verify_manifest_digest(b), leaf), hash);
	if (!tree_add(&nodes.tree, 0, hash))
		return error_set(err, ERROR_LOG_TREE, "log/checkpoint: too many leaves");
	m->after = m->before;
	m->after.head.size = nodes.tree.size;
	tree_root(&nodes.tree, m->after.head.root);
	return 0;
}

int log_medium_load(const struct verified_bundle *b, struct log_medium *out, struct error *err)
{
	CLEANUP(log_medium_clear) struct log_medium m = { .nodes = NULL };
	int listed = count_listed(b, err);

	if (listed <= 0)
		return listed;
	if (load_checkpoint(b, &m.before, err) < 0 ||
	    load(b, LOG_TEXT_NODES, &m.nodes, &m.nodes_len, err) < 0 || add_bundle(b, &m, err) < 0)
		return -1;
	*out = m;
	m.nodes = NULL;
	return 1;
}

void log_medium_clear(struct log_medium *m)
{
	free(m->nodes);
	m->nodes = NULL;
}

int log_medium_root(const struct log_medium *m, uint64_t size, unsigned char out[TREE_HASH],
		    struct error *err)
{
	struct log_text_nodes nodes = { .wanted = size };

	if (log_text_nodes_parse(m->nodes, m->nodes_len, &nodes, err) < 0)
		return -1;
	if (nodes.found)
		memcpy(out, nodes.root, TREE_HASH);
	return nodes.found;
}

static int check_objects(const struct verified_bundle *b, const struct tree *objects,
			 struct error *err)
{
	CLEANUP(free) unsigned char *bytes = NULL;
	unsigned char root[TREE_HASH];
	struct log_text_objects stated;
	size_t len;

	if (load(b, LOG_TEXT_OBJECTS, &bytes, &len, err) < 0 ||
	    log_text_objects_parse(bytes, len, &stated, err) < 0)
		return -1;
	tree_root(objects, root);
	if (stated.lines == objects->size && memcmp(stated.root, root, sizeof root) == 0)
		return 0;
	return error_set(err, ERROR_LOG_TREE, "%s: not the root over the lines of OBJECTS",
			 LOG_TEXT_OBJECTS);
}

int log_medium_check(const struct verified_bundle *b, const struct tree *objects, struct error *err)
{
	CLEANUP(log_medium_clear) struct log_medium m = { .nodes = NULL };
	int has = log_medium_load(b, &m, err);

	return has <= 0 ? has : check_objects(b, objects, err);
}
