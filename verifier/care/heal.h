/* Where the bytes of damaged objects come from again: a folder, or a bundle on a medium. */
#ifndef CARE_HEAL_H
#define CARE_HEAL_H

struct error;
struct prover;
struct scrub_result;
struct store;

/*
 * Look in path for what is damaged and not healed yet.  A folder (every depth to 16, symbolic
 * links not followed): files with the size and SHA-256.  A bundle (a directory with MANIFEST):
 * verified with the trust root of one of the repository's channels; its age does not matter.
 * What is found is put into the content store and marked healed.  -1 with SCRUB_SOURCE, or what
 * prover_open() reports.
 */
struct heal_request {
	struct store *store;
	const char *repo; /* its path */
	const char *path;
	unsigned threads;
	struct prover *prover; /* who looks at the signatures of a bundle */
};
int heal_from(const struct heal_request *r, struct scrub_result *damage, struct error *err)
	__attribute__((nonnull, warn_unused_result));

#endif
