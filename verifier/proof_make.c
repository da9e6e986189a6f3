#include "verifier/proof_make.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/str.h"
#include "lib/crypto/digest.h"
#include "lib/crypto/trust.h"
#include "media/log_text.h"
#include "media/manifest.h"
#include "media/proof.h"
#include "media/sum_table.h"
#include "verifier/table.h"
#include "verifier/verify.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the line, and the way from it ---- */

struct search {
	char wanted[DIGEST_HEX]; /* and a space: how the line begins */
	struct proof *proof;
	bool found;
	struct log_text_lines lines;
	unsigned char (*hashes)[TREE_HASH];
	size_t count, capacity;
};

static void search_clear(struct search *s)
{
	free(s->hashes);
}
DEFINE_CLEANUP_IN_PLACE(struct search, search_clear);

static int take_leaf(void *ctx, const char *line, size_t len, const unsigned char hash[TREE_HASH],
		     struct error *err)
{
	struct search *s = ctx;

	(void)err;
	s->hashes = buf_grow(s->hashes, &s->capacity, s->count, sizeof *s->hashes);
	memcpy(s->hashes[s->count], hash, TREE_HASH);
	if (!s->found && len > DIGEST_HEX && memcmp(line, s->wanted, DIGEST_HEX) == 0) {
		s->found = true;
		s->proof->index = s->count;
		memcpy(s->proof->line, line, len);
		s->proof->line[len] = '\0';
	}
	s->count++;
	return 0;
}

static int feed(void *ctx, const void *bytes, size_t len, struct error *err)
{
	return log_text_lines_feed(ctx, bytes, len, err);
}

static int prove_line(const struct verified_bundle *b, const unsigned char object[32],
		      struct proof *out, struct error *err)
{
	CLEANUP(search_clear) struct search s = { .proof = out };
	const struct table_reader reader = { .feed = feed, .ctx = &s.lines };

	str_to_hex(object, DIGEST_SHA256, s.wanted);
	s.wanted[DIGEST_HEX - 1] = ' ';
	s.lines.leaf = take_leaf;
	s.lines.ctx = &s;
	if (table_read(verify_dir(b), manifest_table_name(MANIFEST_OBJECTS),
		       &verify_manifest(b)->files[MANIFEST_OBJECTS], &reader, err) < 0)
		return -1;
	if (!s.found)
		return error_set(err, ERROR_PROOF_OBJECT, "%s: no object %.64s", verify_path(b),
				 s.wanted);
	audit_inclusion(
		&(struct audit_leaves){ (const unsigned char(*)[TREE_HASH])s.hashes, s.count },
		out->index, &out->path);
	return 0;
}

/* ---- the files ---- */

static int add(const struct verified_bundle *b, const char *name, size_t max, struct proof *out,
	       struct error *err)
{
	CLEANUP(free) unsigned char *bytes = NULL;
	size_t len;
	int found = file_load(verify_dir(b), name, max, &bytes, &len, err);

	if (found == 0)
		return error_set(err, ERROR_BUNDLE_FILE_MISSING, "%s: not there any more", name);
	return found < 0 ? -1 : proof_add(out, name, bytes, len, err);
}

static int add_signatures(const struct verified_bundle *b, struct proof *out, struct error *err)
{
	const struct trust_verdict *v = verify_signers(b);

	for (size_t i = 0; i < v->count; i++) {
		char name[KEY_SHORT_SIZE + 16];

		snprintf(name, sizeof name, "sigs/%s.p7s", v->signers[i].short_id);
		if (add(b, name, LIMIT_SIGNATURE_BYTES, out, err) < 0)
			return -1;
	}
	return 0;
}

int proof_make(const struct verified_bundle *b, const unsigned char object[32], struct proof *out,
	       struct error *err)
{
	if (!sum_table_find(verify_sums(b), LOG_TEXT_OBJECTS))
		return error_set(err, ERROR_PROOF_UNLOGGED, "%s: has no " LOG_TEXT_OBJECTS,
				 verify_path(b));
	if (prove_line(b, object, out, err) < 0 ||
	    add(b, "MANIFEST", LIMIT_MANIFEST_BYTES, out, err) < 0 ||
	    add(b, manifest_table_name(MANIFEST_SUMS), LIMIT_SUMS_BYTES, out, err) < 0 ||
	    add(b, LOG_TEXT_OBJECTS, LIMIT_TEXT_LINE, out, err) < 0 ||
	    add(b, LOG_TEXT_CHECKPOINT, LIMIT_NOTE_BYTES, out, err) < 0)
		return -1;
	return add_signatures(b, out, err);
}
