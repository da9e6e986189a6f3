#include "exporter/approve.h"

#include "exporter/approve_origin.h"
#include "lib/base/clock.h"
#include "lib/base/error.h"
#include "lib/cli/progress.h"
#include "lib/crypto/signer.h"
#include "lib/crypto/trust.h"
#include "lib/report/report.h"
#include "lib/store/gather.h"
#include "media/manifest.h"
#include "verifier/accept.h"
#include "verifier/prover.h"
#include "verifier/stream.h"
#include "verifier/verify.h"

#include <stdio.h>
#include <string.h>

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
					  .tick_ctx = progress,
					  .chunks = true };

	if (verify_volumes(a->bundle, err) < 0)
		return -1;
	return stream_volumes(a->bundle, &options, err) < 0 ? -1 : 0;
}

/* -1 when the difference was asked for by name, or must be heard of. */
static int load_past(struct approve *a, struct approve_origin *o, const struct approve_request *r,
		     struct error *err)
{
	int row = approve_origin_load_past(o, &a->past, &a->past_sources, err);

	a->has_past = row == 1;
	if (row == 1)
		return 0;
	if (row == 0) {
		snprintf(a->why, sizeof a->why, "%s",
			 r->store ? "the repository of --repo has no bundle before it"
				  : "no bundle before it was given (--base, --repo)");
		return 0;
	}
	if (r->base_count > 0 || err->id == ERROR_APPROVE_FORK || err->id == ERROR_STOPPED)
		return -1;
	snprintf(a->why, sizeof a->why, "%s", err->message);
	error_clear(err);
	return 0;
}

static void compare(struct approve *a)
{
	approve_marks_make(&a->sources, &a->marks);
	approve_marks_make(&a->past_sources, &a->past_marks);
	/* Before the first bundle there was nothing. */
	a->compared = a->has_past || verify_manifest(a->bundle)->sequence == 1;
	if (!a->compared)
		return;
	struct catalog_diff_state before = approve_marks_state(&a->past_marks);
	struct catalog_diff_state after = approve_marks_state(&a->marks);
	catalog_diff_compute(&before, &after, &a->diff);
}

static int load_catalogs(struct approve *a, const struct approve_request *r, struct error *err)
{
	struct approve_origin_request request = { .bundle = a->bundle,
						  .trust = r->trust,
						  .trust_dir = r->trust_dir,
						  .prover = r->prover,
						  .store = r->store,
						  .bases = r->bases,
						  .base_count = r->base_count,
						  .threads = r->threads,
						  .unpack = r->unpack,
						  .progress = r->progress };
	/* Whether there is a base is said before everything is read. */
	CLEANUP(approve_origin_free)
	struct approve_origin *o = approve_origin_new(&request, err);

	if (!o)
		return -1;
	progress_begin(r->progress, "reading", stream_total(a->bundle));
	int failed = read_contents(a, r->threads, r->progress, err);
	progress_end(r->progress);
	if (failed || approve_origin_load(o, &a->sources, err) < 0)
		return -1;
	return load_past(a, o, r, err);
}

int approve_read(const struct approve_request *r, struct approve *out, struct error *err)
{
	CLEANUP(approve_clear) struct approve a = { .trust = r->trust };

	a.bundle =
		prover_open(r->prover, r->path, r->trust_dir, r->trust, VERIFY_FOR_APPROVAL, err);
	if (!a.bundle || accept_fresh(verify_manifest(a.bundle), clock_now(), err) < 0)
		return -1;
	/* Without objects there is no catalog to judge: an importer changes nothing but its trust.
	 */
	if (!manifest_is_trust_only(verify_manifest(a.bundle)) && load_catalogs(&a, r, err) < 0)
		return error_wrap(err, "%s", r->path);
	summarize(&a);
	compare(&a);
	*out = a;
	a = (struct approve){ 0 };
	return 0;
}

bool approve_has_findings(const struct approve *a)
{
	return a->summary.quarantined > 0 || a->summary.errors > 0;
}

static int load_role(struct signer *s, const struct trust *trust, enum key_role role,
		     const struct elsewhere_choice *c, struct error *err)
{
	return c->export_tbs ? signer_load_listed(s, trust, role, c->certificate, err)
			     : signer_load(s, trust, role, c->key_path, c->passphrase, err);
}

/* The approver, or, where the trust root wants several builders, a further builder. */
static int load_signer(const struct approve *a, const struct elsewhere_choice *c, struct signer *s,
		       struct error *err)
{
	const struct trust *trust = verify_trust(a->bundle);

	if (load_role(s, trust, KEY_ROLE_APPROVER, c, err) == 0)
		return 0;
	if (err->id != ERROR_WRITE_KEY || trust->threshold[KEY_ROLE_BUILDER] < 2)
		return -1;
	error_clear(err);
	signer_clear(s);
	return load_role(s, trust, KEY_ROLE_BUILDER, c, err);
}

int approve_sign(const struct approve *a, const struct elsewhere_choice *signer,
		 struct approve_signer *out, struct error *err)
{
	CLEANUP(signer_clear) struct signer s = { 0 };
	const struct trust_verdict *v = verify_signers(a->bundle);
	size_t len;
	const void *manifest = verify_manifest_bytes(a->bundle, &len);

	if (load_signer(a, signer, &s, err) < 0)
		return -1;
	for (size_t i = 0; i < v->count; i++)
		if (v->signers[i].role == KEY_ROLE_BUILDER &&
		    key_holder_is_same(v->signers[i].holder, signer_holder(&s)))
			return error_set(err, ERROR_APPROVE_HOLDER, "%s built this bundle",
					 signer_holder(&s));
	*out = (struct approve_signer){ .role = s.listed->role };
	snprintf(out->holder, sizeof out->holder, "%s", signer_holder(&s));
	snprintf(out->short_id, sizeof out->short_id, "%s", s.listed->short_id);
	if (signer->export_tbs) {
		char name[MANIFEST_DIRECTORY_SIZE];

		manifest_directory(verify_manifest(a->bundle), name);
		return elsewhere_export(&s, &(struct elsewhere_text){ name, manifest, len },
					signer->export_tbs, err);
	}
	return signer_sign(&s, manifest, len, verify_dir(a->bundle), err);
}

void approve_clear(struct approve *a)
{
	catalog_diff_clear(&a->diff);
	approve_marks_clear(&a->marks);
	approve_marks_clear(&a->past_marks);
	gather_set_clear(&a->sources);
	gather_set_clear(&a->past_sources);
	verify_close(a->bundle);
	*a = (struct approve){ 0 };
}
