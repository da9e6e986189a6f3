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
 * Open one volume (from 1), wherever it lies, or all of them, and compare sizes; must succeed
 * before contents are read.  -1 with VOLUME_MISSING or VOLUME_SIZE.
 */
int verify_volume(struct verified_bundle *b, uint32_t volume, struct error *err)
	__attribute__((nonnull, warn_unused_result));
int verify_volume_at(struct verified_bundle *b, uint32_t volume, const char *path,
		     struct error *err) __attribute__((nonnull, warn_unused_result));
int verify_volumes(struct verified_bundle *b, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* What was proved.  Borrowed from the bundle. */
const struct manifest *verify_manifest(const struct verified_bundle *b);
const unsigned char *verify_manifest_digest(const struct verified_bundle *b); /* 32 bytes */
const void *verify_manifest_bytes(const struct verified_bundle *b, size_t *len);
const struct object_table *verify_objects(const struct verified_bundle *b);
const struct chunk_table *verify_chunks(const struct verified_bundle *b);
const struct sum_table *verify_sums(const struct verified_bundle *b);
const struct trust_verdict *verify_signers(const struct verified_bundle *b);

/* The trust root in force after looking at the bundle: ours, or the newer one it carries. */
const struct trust *verify_trust(const struct verified_bundle *b);
bool verify_trust_is_newer(const struct verified_bundle *b);

/* Descriptors: of the bundle directory, of its trust directory, of an opened volume (or -1). */
int verify_dir(const struct verified_bundle *b);
int verify_trust_dir(const struct verified_bundle *b);
int verify_volume_fd(const struct verified_bundle *b, uint32_t volume);

/* The path given to verify_open(), for messages. */
const char *verify_path(const struct verified_bundle *b);

#endif
