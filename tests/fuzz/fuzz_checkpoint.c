/* Checkpoints and places in the log: whatever is accepted is written back byte for byte. */
#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "media/tlog_proof.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static void require(int condition)
{
	if (!condition)
		abort();
}

static void write_note(const struct checkpoint_note *n, struct buf *out)
{
	struct error err = ERROR_INIT;

	require(checkpoint_write(&n->checkpoint, out, &err) == 0);
	require(out->len == n->text_len);
	for (size_t i = 0; i < n->count; i++)
		require(checkpoint_write_signature(&n->signatures[i], i == 0, out, &err) == 0);
}

static void check_place(const struct tlog_proof *p, int growth, const unsigned char *data,
			size_t size)
{
	CLEANUP(buf_clear) struct buf note = BUF_INIT(LIMIT_NOTE_BYTES);
	CLEANUP(buf_clear) struct buf out = BUF_INIT(LIMIT_TLOG_PROOF_BYTES);
	unsigned char root[TREE_HASH];
	struct error err = ERROR_INIT;

	write_note(&p->note, &note);
	require((growth ? tlog_proof_write_growth(p->index, &p->path, note.bytes, note.len, &out,
						  &err)
			: tlog_proof_write(p->index, &p->path, note.bytes, note.len, &out, &err)) ==
		0);
	require(out.len == size && memcmp(out.bytes, data, size) == 0);
	/* Any path can be tried. */
	if (audit_inclusion_root(p->note.checkpoint.head.root, p->index,
				 p->note.checkpoint.head.size, &p->path, root))
		require(p->index < p->note.checkpoint.head.size);
	struct audit_head old = { .size = p->index };
	memcpy(old.root, p->note.checkpoint.head.root, TREE_HASH);
	if (audit_is_consistent(&old, &p->note.checkpoint.head, &p->path))
		require(old.size > 0 && old.size <= p->note.checkpoint.head.size);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	CLEANUP(buf_clear) struct buf out = BUF_INIT(LIMIT_NOTE_BYTES);
	struct checkpoint_note n;
	struct tlog_proof p;
	struct error err = ERROR_INIT;

	int failed = checkpoint_parse(data, size, &n, &err);
	require((failed == 0) == (err.id == ERROR_NONE));
	if (!failed) {
		write_note(&n, &out);
		require(out.len == size && memcmp(out.bytes, data, size) == 0);
	}
	error_clear(&err);
	failed = tlog_proof_parse(data, size, &p, &err);
	require((failed == 0) == (err.id == ERROR_NONE));
	if (!failed)
		check_place(&p, 0, data, size);
	error_clear(&err);
	failed = tlog_proof_parse_growth(data, size, &p, &err);
	require((failed == 0) == (err.id == ERROR_NONE));
	if (!failed)
		check_place(&p, 1, data, size);
	return 0;
}
