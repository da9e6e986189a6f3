#include "importer/choose.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/limits.h"
#include "lib/crypto/digest.h"
#include "media/manifest.h"
#include "verifier/medium_find.h"
#include "verifier/prover.h"
#include "verifier/verify.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct choice {
	struct verified_bundle *bundle;
	enum accept_decision decision;
};

/* SHA-256 of a MANIFEST that is not proved yet: good for telling bundles apart, no more. */
static bool digest_of(const char *path, unsigned char out[DIGEST_SHA256])
{
	CLEANUP(free) unsigned char *bytes = NULL;
	struct error ignored = ERROR_INIT; /* opening it as a bundle says what is wrong */
	CLEANUP(file_close) int dir = file_open_dir(path, &ignored);
	size_t len;

	if (dir < 0 ||
	    file_load(dir, "MANIFEST", LIMIT_MANIFEST_BYTES, &bytes, &len, &ignored) != 1)
		return false;
	digest_sha256(bytes, len, out);
	return true;
}

/* New before expired before known; of the new ones the oldest, of the known ones the newest. */
static bool is_better(const struct choice *a, const struct choice *b)
{
	const struct manifest *x = verify_manifest(a->bundle);

	if (!b->bundle)
		return true;
	if (a->decision != b->decision)
		return a->decision < b->decision;
	const struct manifest *y = verify_manifest(b->bundle);
	bool older = x->epoch != y->epoch ? x->epoch < y->epoch : x->sequence < y->sequence;

	return a->decision != ACCEPT_ALREADY ? older : !older;
}

/* Prove and judge one bundle; *best is replaced when it is better. */
static int consider(const struct choose_request *r, const char *path, struct choice *best,
		    struct error *err)
{
	struct choice c = { .bundle = prover_open(r->prover, path, r->trust_dir, r->trust,
						  VERIFY_COMPLETE, err) };

	if (!c.bundle || r->decide(r->ctx, c.bundle, &c.decision, err) < 0) {
		verify_close(c.bundle);
		return -1;
	}
	if (is_better(&c, best)) {
		struct choice old = *best;

		*best = c;
		c = old;
	}
	verify_close(c.bundle);
	return 0;
}

/* What a medium may hold besides: bundles that were imported, and those of other sites. */
static bool is_usual(const struct error *err)
{
	return err->id == ERROR_NONE || err->id == ERROR_REPLAY_OLDER ||
	       err->id == ERROR_CHANNEL_WRONG;
}

static void look(const struct choose_request *r, const struct medium_list *list,
		 struct choice *best, struct error *err)
{
	for (size_t i = 0; i < list->count; i++) {
		unsigned char digest[DIGEST_SHA256];
		struct error problem = ERROR_INIT;
		bool known = digest_of(list->paths[i], digest);

		if (r->wanted && (!known || memcmp(digest, r->wanted, sizeof digest) != 0)) {
			if (err->id == ERROR_NONE)
				error_set(err, ERROR_BUNDLE_OTHER,
					  "%s: this is not the bundle that is being imported",
					  list->paths[i]);
			continue;
		}
		/* Another medium of what was proved already. */
		if (known && best->bundle &&
		    memcmp(digest, verify_manifest_digest(best->bundle), sizeof digest) == 0)
			continue;
		if (consider(r, list->paths[i], best, &problem) < 0 &&
		    (err->id == ERROR_NONE || (is_usual(err) && !is_usual(&problem))))
			*err = problem;
	}
}

struct verified_bundle *choose_bundle(const struct choose_request *r,
				      enum accept_decision *decision, struct error *err)
{
	CLEANUP(medium_find_clear) struct medium_list list = { 0 };
	struct choice best = { 0 };
	struct error problem = ERROR_INIT;

	for (size_t i = 0; i < r->count; i++)
		if (medium_find(r->places[i], &list, &problem) < 0) {
			/* It may hold volumes alone; if nothing else does, this is the reason. */
			if (err->id == ERROR_NONE)
				*err = problem;
			error_clear(&problem);
		}
	if (list.count > 0)
		error_clear(err);
	look(r, &list, &best, err);
	if (!best.bundle)
		return NULL;
	/* Another one that cannot be read, or is damaged, may be the one that is new. */
	if (best.decision == ACCEPT_ALREADY && !is_usual(err)) {
		verify_close(best.bundle);
		return NULL;
	}
	error_clear(err);
	CLEANUP(verify_close) struct verified_bundle *b = best.bundle;
	for (size_t i = 0; i < r->count; i++)
		if (medium_find_add(b, r->places[i], err) < 0)
			return NULL;
	*decision = best.decision;
	return STEAL(b);
}
