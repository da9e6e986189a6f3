#include "exporter/approve.h"

#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/base/error.h"
#include "lib/base/limits.h"
#include "lib/cli/progress.h"
#include "lib/crypto/signer.h"
#include "lib/crypto/trust.h"
#include "lib/report/report.h"
#include "lib/store/gather.h"
#include "media/manifest.h"
#include "media/object_table.h"
#include "verifier/accept.h"
#include "verifier/stream.h"
#include "verifier/verify.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int fetch(void *ctx, const unsigned char sha256[32], unsigned char **out, size_t *len,
		 struct error *err)
{
	return stream_load(ctx, sha256, LIMIT_PACK_BYTES, out, len, err);
}

static int load_sources(struct approve *a, unsigned threads, struct progress *progress,
			struct error *err)
{
	const struct object_table *t = verify_objects(a->bundle);
	unsigned char(*listings)[32], (*packs)[32];
	struct gather_load_request request = { .fetch = fetch,
					       .ctx = a->bundle,
					       .threads = threads,
					       .done = &progress->done,
					       .tick = progress_tick,
					       .tick_ctx = progress };

	request.listing_count = object_table_collect(t, OBJECT_CATALOG, &listings);
	request.pack_count = object_table_collect(t, OBJECT_PACK, &packs);
	request.listings = (const unsigned char(*)[32])listings;
	request.packs = (const unsigned char(*)[32])packs;
	progress_begin(progress, "judging the catalog", 0);
	int failed = gather_load(&request, &a->sources, err);
	progress_end(progress);
	free(listings);
	free(packs);
	return failed;
}

static int check_root(struct approve *a, struct error *err)
{
	unsigned char root[32];

	gather_root(a->sources.items, a->sources.count, root);
	if (memcmp(root, verify_manifest(a->bundle)->catalog_root, sizeof root) != 0)
		return error_set(err, ERROR_APPROVE_ROOT,
				 "the catalog in the packs is not the one MANIFEST states");
	return 0;
}

static void summarize(struct approve *a)
{
	for (size_t i = 0; i < a->sources.count; i++) {
		struct catalog_summary s;

		catalog_summarize(a->sources.items[i]->catalog, &s);
		report_add_summary(&a->summary, &s);
	}
}

static int read_contents(struct approve *a, unsigned threads, struct progress *progress,
			 struct error *err)
{
	struct stream_options options = { .threads = threads,
					  .sink = &stream_check,
					  .done = &progress->done,
					  .tick = progress_tick,
					  .tick_ctx = progress };

	if (verify_volumes(a->bundle, err) < 0 || stream_volumes(a->bundle, &options, err) < 0)
		return -1;
	for (uint32_t v = 1; v <= verify_manifest(a->bundle)->volumes; v++)
		if (stream_chunks(a->bundle, v, &options, err) < 0)
			return -1;
	return 0;
}

int approve_read(const char *path, const struct trust *trust, unsigned threads,
		 struct progress *progress, struct approve *out, struct error *err)
{
	CLEANUP(approve_clear) struct approve a = { 0 };

	a.bundle = verify_open(path, trust, VERIFY_FOR_APPROVAL, err);
	if (!a.bundle || accept_fresh(verify_manifest(a.bundle), clock_now(), err) < 0)
		return -1;
	/* Everything twice: as objects, and as the chunks that an auditor checks. */
	progress_begin(progress, "reading", 2 * stream_total(a.bundle));
	int failed = read_contents(&a, threads, progress, err);
	progress_end(progress);
	if (failed || load_sources(&a, threads, progress, err) < 0 || check_root(&a, err) < 0)
		return error_wrap(err, "%s", path);
	summarize(&a);
	*out = a;
	a = (struct approve){ 0 };
	return 0;
}

/* The approver, or, where the trust root wants several builders, a further builder. */
static int load_signer(const struct approve *a, const char *key_path, const char *passphrase,
		       struct signer *s, struct error *err)
{
	const struct trust *trust = verify_trust(a->bundle);

	if (signer_load(s, trust, KEY_ROLE_APPROVER, key_path, passphrase, err) == 0)
		return 0;
	if (err->id != ERROR_WRITE_KEY || trust->threshold[KEY_ROLE_BUILDER] < 2)
		return -1;
	error_clear(err);
	signer_clear(s);
	return signer_load(s, trust, KEY_ROLE_BUILDER, key_path, passphrase, err);
}

int approve_sign(const struct approve *a, const char *key_path, const char *passphrase,
		 char holder[64], struct error *err)
{
	CLEANUP(signer_clear) struct signer s = { 0 };
	const struct trust_verdict *v = verify_signers(a->bundle);
	size_t len;
	const void *manifest = verify_manifest_bytes(a->bundle, &len);

	if (load_signer(a, key_path, passphrase, &s, err) < 0)
		return -1;
	for (size_t i = 0; i < v->count; i++)
		if (v->signers[i].role == KEY_ROLE_BUILDER &&
		    key_holder_is_same(v->signers[i].holder, signer_holder(&s)))
			return error_set(err, ERROR_APPROVE_HOLDER, "%s built this bundle",
					 signer_holder(&s));
	snprintf(holder, 64, "%s", signer_holder(&s));
	return signer_sign(&s, manifest, len, verify_dir(a->bundle), err);
}

void approve_clear(struct approve *a)
{
	verify_close(a->bundle);
	gather_set_clear(&a->sources);
	*a = (struct approve){ 0 };
}
