/*
 * May a bundle be believed?  Opens a bundle directory and proves, in this
 * order: enough of the right people signed MANIFEST; the tables are the ones it
 * names; every small file is the one SHA256SUMS names; every volume is there
 * and has its size.  Only then does a struct verified_bundle exist, and only
 * that type can be read from (verifier/stream.h), so unverified data cannot
 * reach an importer.  Format: docs/FORMAT.md.  Never writes, opens no socket.
 */
#ifndef VERIFIER_VERIFY_H
#define VERIFIER_VERIFY_H

#include "lib/base/cleanup.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct chunk_table;
struct error;
struct manifest;
struct object_table;
struct sum_table;
struct trust;
struct trust_verdict;
struct verified_bundle;
struct verify_evidence;
struct volumes;

enum verify_policy {
	VERIFY_COMPLETE,    /* builders and approvers, as the trust root demands */
	VERIFY_FOR_APPROVAL /* a builder has signed; somebody is about to approve */
};

/*
 * Open and check everything but the volumes.  trust is what this site holds
 * (borrowed for the life of the bundle); a newer trust root that the bundle
 * carries is used when it continues ours.  Sequence, channel and expiry are not
 * judged here: verifier/accept.h.
 */
struct verified_bundle *verify_open(const char *path, const struct trust *trust,
				    enum verify_policy policy, struct error *err)
	__attribute__((nonnull, warn_unused_result));
void verify_close(struct verified_bundle *b);
DEFINE_CLEANUP(struct verified_bundle *, verify_close);

/*
 * Look for volumes and segments in a further directory: another medium of the same bundle
 * (-1 with BUNDLE_OTHER when its MANIFEST is another one), or a folder with volume files alone.
 */
int verify_add_dir(struct verified_bundle *b, const char *path, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/*
 * Open one volume (from 1), under its name or wherever it lies, or all of them, and compare
 * sizes.  0 when all of it is at hand; -1 with VOLUME_MISSING (which chunks) or VOLUME_SIZE: what
 * is there can be read nevertheless.  Comes before contents are read, on one thread.
 */
int verify_volume(struct verified_bundle *b, uint32_t volume, struct error *err)
	__attribute__((nonnull, warn_unused_result));
int verify_volume_at(struct verified_bundle *b, uint32_t volume, const char *path,
		     struct error *err) __attribute__((nonnull, warn_unused_result));
int verify_volumes(struct verified_bundle *b, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/*
 * Bytes of an opened volume, not proved yet: whole or in segments, from whichever directory has
 * them.  verify_has() tells whether they are at hand.  From any thread.  -1 with VOLUME_MISSING
 * or FILE_READ.
 */
bool verify_has(const struct verified_bundle *b, uint32_t volume, uint64_t at, uint64_t len)
	__attribute__((nonnull));
int verify_read(const struct verified_bundle *b, uint32_t volume, void *buf, size_t len,
		uint64_t at, struct error *err) __attribute__((nonnull, warn_unused_result));

/*
 * One chunk of an opened volume, proved by CHUNKS, from whichever copy is good; buf has room
 * for VOLUME_CHUNK bytes.  -1 with VOLUME_MISSING, FILE_READ or CHUNK_DIGEST.
 */
int verify_read_chunk(const struct verified_bundle *b, uint32_t volume, size_t chunk, void *buf,
		      size_t *len, struct error *err) __attribute__((nonnull, warn_unused_result));

/*
 * A file that lies beside volumes, in whichever directory, and is not signed: as
 * file_open_read().
 */
int verify_open_helper(const struct verified_bundle *b, const char *name, int *fd, uint64_t *size,
		       struct error *err) __attribute__((nonnull, warn_unused_result));

/* First byte and length of a chunk of a volume. */
uint64_t verify_chunk_span(const struct verified_bundle *b, uint32_t volume, size_t chunk,
			   size_t *len) __attribute__((nonnull));

/* What was proved.  Borrowed from the bundle. */
const struct manifest *verify_manifest(const struct verified_bundle *b);
const unsigned char *verify_manifest_digest(const struct verified_bundle *b); /* 32 bytes */
const void *verify_manifest_bytes(const struct verified_bundle *b, size_t *len);
const struct object_table *verify_objects(const struct verified_bundle *b);
const struct chunk_table *verify_chunks(const struct verified_bundle *b);
const struct sum_table *verify_sums(const struct verified_bundle *b);
const struct trust_verdict *verify_signers(const struct verified_bundle *b);

/* Signature and certificate of signer i of the verdict; struct verify_evidence of verify_prove.h.
 */
const struct verify_evidence *verify_evidence(const struct verified_bundle *b, size_t i);

/* The trust root in force after looking at the bundle: ours, or the newer one it carries. */
const struct trust *verify_trust(const struct verified_bundle *b);
bool verify_trust_is_newer(const struct verified_bundle *b);

/* Descriptors: of the bundle directory, of its trust directory. */
int verify_dir(const struct verified_bundle *b);
int verify_trust_dir(const struct verified_bundle *b);

/* Where its volumes lie (verifier/volumes.h). */
struct volumes *verify_places(const struct verified_bundle *b);

/* The path given to verify_open(), for messages. */
const char *verify_path(const struct verified_bundle *b);

#endif
