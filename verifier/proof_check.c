#include "verifier/proof_check.h"

#include "lib/base/error.h"
#include "lib/base/str.h"
#include "media/log_text.h"
#include "media/proof.h"
#include "media/sum_table.h"
#include "verifier/signed.h"

#include <stdio.h>
#include <string.h>

static int need(const struct proof *p, const char *name, const struct proof_file **out,
		struct error *err)
{
	*out = proof_find(p, name);
	return *out ? 0 : error_set(err, ERROR_PROOF_WRONG, "the proof has no %s", name);
}

/* ---- who signed ---- */

static int check_signatures(const struct proof *p, const struct trust *t, struct proof_facts *out,
			    struct error *err)
{
	struct trust_signature sigs[LIMIT_PROOF_FILES];
	const struct proof_file *manifest;
	size_t count = 0;

	if (need(p, "MANIFEST", &manifest, err) < 0)
		return -1;
	for (size_t i = 0; i < p->count; i++)
		if (strncmp(p->files[i].name, "sigs/", 5) == 0)
			sigs[count++] =
				(struct trust_signature){ p->files[i].name + 5, p->files[i].bytes,
							  p->files[i].len };
	if (count > LIMIT_SIGNATURES)
		return error_set(err, ERROR_PROOF_WRONG, "%zu signatures", count);
	if (trust_check_signatures(t, manifest->bytes, manifest->len, sigs, count, TRUST_TIME_LATER,
				   &out->signers, err) < 0 ||
	    manifest_parse(manifest->bytes, manifest->len, &out->manifest, err) < 0)
		return -1;
	digest_sha256(manifest->bytes, manifest->len, out->manifest_digest);
	return signed_check(t, &out->manifest, out->manifest_digest, &out->signers, err) < 0
		       ? -1
		       : trust_check_policy(t, &out->signers, err);
}

/* ---- from MANIFEST to the small files ---- */

static int check_digest(const struct proof_file *f, const unsigned char *want, struct error *err)
{
	unsigned char digest[DIGEST_SHA256];

	digest_sha256(f->bytes, f->len, digest);
	if (want && memcmp(digest, want, sizeof digest) == 0)
		return 0;
	return error_set(err, ERROR_PROOF_WRONG, "%s is not the one that was signed", f->name);
}

static int find_listed(const struct proof *p, const struct sum_table *sums, const char *name,
		       const struct proof_file **out, struct error *err)
{
	if (need(p, name, out, err) < 0)
		return -1;
	return check_digest(*out, sum_table_find(sums, name), err);
}

/* ---- from the root to the line ---- */

static int read_line(const struct proof *p, struct proof_facts *out, struct error *err)
{
	unsigned char digest[DIGEST_SHA256];
	const char *end[5], *at = p->line;
	uint64_t volume;

	for (int i = 0; i < 5; i++, at = end[i - 1] + 1) {
		end[i] = strchr(at, ' ');
		if (!end[i])
			return error_set(err, ERROR_PROOF_WRONG, "not a line of OBJECTS");
	}
	if (end[0] - p->line != DIGEST_HEX - 1 ||
	    !str_from_hex(p->line, DIGEST_HEX - 1, digest, sizeof digest) ||
	    !str_to_u64(end[0] + 1, (size_t)(end[1] - end[0] - 1), LIMIT_OBJECT_BYTES,
			&out->size) ||
	    end[2] - end[1] - 1 >= (ptrdiff_t)sizeof out->kind ||
	    !str_to_u64(end[3] + 1, (size_t)(end[4] - end[3] - 1), LIMIT_VOLUMES, &volume))
		return error_set(err, ERROR_PROOF_WRONG, "not a line of OBJECTS");
	str_to_hex(digest, sizeof digest, out->object);
	snprintf(out->kind, sizeof out->kind, "%.*s", (int)(end[2] - end[1] - 1), end[1] + 1);
	out->assumed = volume == 0;
	return 0;
}

static int check_line(const struct proof *p, const struct proof_file *objects,
		      struct proof_facts *out, struct error *err)
{
	struct log_text_objects stated;
	unsigned char leaf[TREE_HASH], root[TREE_HASH];

	if (log_text_objects_parse(objects->bytes, objects->len, &stated, err) < 0)
		return -1;
	tree_leaf(p->line, strlen(p->line), leaf);
	if (!audit_inclusion_root(leaf, p->index, stated.lines, &p->path, root) ||
	    memcmp(root, stated.root, sizeof root) != 0)
		return error_set(err, ERROR_PROOF_WRONG,
				 "the line is not line %llu of OBJECTS of this bundle",
				 (unsigned long long)p->index + 1);
	return read_line(p, out, err);
}

/* ---- the log ---- */

static int check_log(const struct proof_file *f, const struct trust *t, struct proof_facts *out,
		     struct error *err)
{
	char text[LOG_TEXT_LEAF_SIZE];
	unsigned char leaf[TREE_HASH], root[TREE_HASH];
	const struct checkpoint *c = &out->log.note.checkpoint;

	if (tlog_proof_parse(f->bytes, f->len, &out->log, err) < 0)
		return -1;
	if (strcmp(c->origin, out->before.origin) != 0 || out->log.index != out->before.head.size)
		return error_set(err, ERROR_PROOF_WRONG,
				 "%s is about another leaf than number %llu of %s", PROOF_LOG,
				 (unsigned long long)out->before.head.size, out->before.origin);
	tree_leaf(text, log_text_bundle(&out->manifest, out->manifest_digest, text), leaf);
	if (!audit_inclusion_root(leaf, out->log.index, c->head.size, &out->log.path, root) ||
	    memcmp(root, c->head.root, sizeof root) != 0)
		return error_set(err, ERROR_PROOF_WRONG,
				 "%s does not lead to the root of its checkpoint", PROOF_LOG);
	if (note_check(t, &out->log.note, &out->witnesses, err) < 0)
		return -1;
	if (out->witnesses.count == 0)
		return error_set(err, ERROR_LOG_UNSIGNED,
				 "%s: nobody of the trust root has signed the checkpoint",
				 PROOF_LOG);
	out->logged = true;
	return 0;
}

static int check_files(const struct proof *p, const struct trust *t, struct proof_facts *out,
		       struct error *err)
{
	CLEANUP(sum_table_clear) struct sum_table sums = { 0 };
	const struct proof_file *file, *objects, *checkpoint, *log = proof_find(p, PROOF_LOG);
	struct checkpoint_note note;

	if (need(p, "SHA256SUMS", &file, err) < 0 ||
	    check_digest(file, out->manifest.files[MANIFEST_SUMS].sha256, err) < 0 ||
	    sum_table_parse(file->bytes, file->len, &sums, err) < 0 ||
	    find_listed(p, &sums, LOG_TEXT_OBJECTS, &objects, err) < 0 ||
	    find_listed(p, &sums, LOG_TEXT_CHECKPOINT, &checkpoint, err) < 0 ||
	    check_line(p, objects, out, err) < 0 ||
	    checkpoint_parse(checkpoint->bytes, checkpoint->len, &note, err) < 0)
		return -1;
	out->before = note.checkpoint;
	return log ? check_log(log, t, out, err) : 0;
}

int proof_check(const struct proof *p, const struct trust *t, struct proof_facts *out,
		struct error *err)
{
	out->logged = false;
	out->witnesses.count = 0;
	return check_signatures(p, t, out, err) < 0 ? -1 : check_files(p, t, out, err);
}
