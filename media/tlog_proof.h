/*
 * Two proofs about the export log, with the checkpoint that they lead to.  That a leaf is in it,
 * for who has neither (C2SP tlog-proof@v1), and that it grew from an older size (the same lines
 * under a magic line of ours, with "old" and that size in place of "index").
 * Bytes to structure and back.
 */
#ifndef MEDIA_TLOG_PROOF_H
#define MEDIA_TLOG_PROOF_H

#include "media/checkpoint.h"

struct tlog_proof {
	uint64_t index; /* of the leaf; of growth: the older size */
	struct audit_path path;
	struct checkpoint_note note;
};

/* Untrusted bytes to *out.  -1 with LOG_FORMAT. */
int tlog_proof_parse(const void *bytes, size_t len, struct tlog_proof *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));
int tlog_proof_parse_growth(const void *bytes, size_t len, struct tlog_proof *out,
			    struct error *err) __attribute__((nonnull, warn_unused_result));

/* Append the proof; note is the text of the checkpoint with its signatures. */
int tlog_proof_write(uint64_t index, const struct audit_path *path, const void *note,
		     size_t note_len, struct buf *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

int tlog_proof_write_growth(uint64_t old, const struct audit_path *path, const void *note,
			    size_t note_len, struct buf *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

#endif
