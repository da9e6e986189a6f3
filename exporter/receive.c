#include "exporter/receive.h"

#include "exporter/receive_read.h"
#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/str.h"
#include "lib/crypto/digest.h"
#include "lib/crypto/trust.h"
#include "lib/store/channel.h"
#include "lib/store/db.h"
#include "lib/store/doclist.h"
#include "lib/store/evidence.h"
#include "lib/store/held.h"
#include "lib/store/ledger_rows.h"
#include "lib/store/receipts.h"
#include "lib/store/site.h"
#include "lib/store/store.h"
#include "media/ledger.h"
#include "media/manifest.h"
#include "media/need.h"
#include "verifier/accept.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct receiving {
	struct store *store;
	const struct receive_request *request;
	struct buf text; /* the receipt whole */
	unsigned char digest[DIGEST_SHA256];
	struct receipt_file file;
	struct channel channel;
	struct site site;
	bool has_last;
	struct receipts_row last; /* the newest one of the site that counted */
	struct need need;         /* empty unless it was given */
	char signed_by[KEY_HOLDER_SIZE + KEY_SHORT_SIZE + 16]; /* for the ledger */
	struct receive_result *out;
};

static void receiving_clear(struct receiving *r)
{
	need_clear(&r->need);
	buf_clear(&r->text);
}
DEFINE_CLEANUP_IN_PLACE(struct receiving, receiving_clear);

/* ---- reading ---- */

static int read_receipt(struct receiving *r, struct error *err)
{
	const struct receive_request *q = r->request;

	if (receive_read_receipt(q->reader, q->path, &r->text, err) < 0)
		return -1;
	if (receipt_parse(r->text.len ? r->text.bytes : (const void *)"", r->text.len, &r->file,
			  err) < 0)
		return error_wrap(err, "%s", q->path);
	digest_sha256(r->text.bytes, r->text.len, r->digest);
	r->out->receipt = r->file.receipt;
	return 0;
}

/* ---- is it genuine, and about us? ---- */

static int load_channel(struct receiving *r, struct error *err)
{
	const char *name = r->file.receipt.channel;

	if (channel_load_sent(r->store, name, &r->channel, err) == 0)
		return 0;
	if (err->id != ERROR_CHANNEL_ABSENT && err->id != ERROR_CHANNEL_DIRECTION)
		return -1;
	error_clear(err);
	return error_set(err, ERROR_RECEIVE_CHANNEL, "channel '%s' is not sent from here", name);
}

int receive_check_signer(struct store *s, const char *channel, const struct trust_signer *signer,
			 struct error *err)
{
	CLEANUP(file_close) int dir = channel_open_trust(s, channel, err);
	CLEANUP(trust_free) struct trust *trust = dir < 0 ? NULL : trust_load(dir, "trust", err);

	if (!trust)
		return -1;
	if (signer->role != KEY_ROLE_IMPORTER)
		return error_set(err, ERROR_RECEIVE_ROLE, "signed by %s %s, not by an importer",
				 key_role_name(signer->role), signer->holder);
	const struct trust_key *k = trust_find(trust, signer->short_id);
	if (!k || k->role != signer->role || strcmp(k->holder, signer->holder) != 0)
		return error_set(err, ERROR_SANDBOX_RECORD,
				 "a signer who is not in the trust root");
	return 0;
}

static int check_signature(struct receiving *r, struct error *err)
{
	const struct receive_request *q = r->request;
	struct trust_signer signer;

	if (receive_read_signer(q->reader, q->path, &signer, err) < 0)
		return -1;
	if (receive_check_signer(r->store, r->channel.name, &signer, err) < 0)
		return error_wrap(err, "%s", q->path);
	memcpy(r->out->signer, signer.holder, sizeof r->out->signer);
	snprintf(r->signed_by, sizeof r->signed_by, "%s %s %s", key_role_name(signer.role),
		 signer.holder, signer.short_id);
	return 0;
}

static int check_place(struct receiving *r, struct error *err)
{
	const struct receipt *t = &r->file.receipt;
	char made[STR_TIME_SIZE];
	int row = site_load(r->store, r->channel.id, t->site, &r->site, err);

	if (row < 0)
		return -1;
	if (row == 0)
		return error_set(err, ERROR_RECEIVE_SITE, "channel %s is not sent to site '%s'",
				 t->channel, t->site);
	if (t->epoch != r->channel.epoch)
		return error_set(err, ERROR_RECEIVE_EPOCH, "epoch %llu, the channel is in epoch %u",
				 (unsigned long long)t->epoch, r->channel.epoch);
	if (t->made > clock_now() + ACCEPT_FUTURE_SECONDS) {
		str_from_time(t->made, made);
		return error_set(err, ERROR_RECEIVE_FUTURE, "made at %s, which is yet to come",
				 made);
	}
	row = receipts_newest(r->store, r->channel.id, t->site, &r->last, err);
	r->has_last = row == 1;
	return row < 0 ? -1 : 0;
}

/* ---- does it fit our history? ---- */

static bool same(const unsigned char *a, const unsigned char *b)
{
	return memcmp(a, b, DIGEST_SHA256) == 0;
}

static int check_number(struct receiving *r, struct error *err)
{
	const struct receipt *t = &r->file.receipt;
	unsigned long long have = t->counter, last = r->has_last ? r->last.counter : 0;

	if (have < last)
		return error_set(err, ERROR_RECEIVE_REPLAY,
				 "receipt %llu of site %s, but %llu was received already", have,
				 t->site, last);
	if (have == last && !same(r->digest, r->last.digest))
		return error_set(err, ERROR_RECEIVE_CHAIN,
				 "a second receipt with number %llu of site %s", have, t->site);
	if (r->has_last && have == last + 1 &&
	    (!t->has_previous || !same(t->previous, r->last.digest)))
		return error_set(err, ERROR_RECEIVE_CHAIN,
				 "receipt %llu of site %s does not follow receipt %llu", have,
				 t->site, last);
	r->out->missed = have > last + 1 ? have - last - 1 : 0;
	return 0;
}

/* A bundle that the receipt names must be one of ours; root is NULL when it is not stated. */
static int check_bundle(struct receiving *r, uint64_t sequence, const unsigned char digest[32],
			const unsigned char *root, struct error *err)
{
	const struct evidence_bundle b = { r->channel.id, r->channel.epoch, sequence };
	CLEANUP(free) unsigned char *bytes = NULL;
	unsigned char ours[DIGEST_SHA256];
	struct manifest m;
	size_t len;
	int row = evidence_manifest(r->store, &b, &bytes, &len, err);

	if (row < 0)
		return -1;
	if (row == 0)
		return error_set(err, ERROR_RECEIVE_UNKNOWN,
				 "site %s has bundle %llu, which was not written here",
				 r->file.receipt.site, (unsigned long long)sequence);
	digest_sha256(bytes, len, ours);
	if (!same(ours, digest))
		return error_set(err, ERROR_RECEIVE_FORK,
				 "site %s has another MANIFEST of bundle %llu",
				 r->file.receipt.site, (unsigned long long)sequence);
	if (manifest_parse(bytes, len, &m, err) < 0)
		return error_wrap(err, "kept MANIFEST of bundle %llu",
				  (unsigned long long)sequence);
	if (root && !same(m.catalog_root, root))
		return error_set(err, ERROR_RECEIVE_FORK,
				 "site %s has another catalog after bundle %llu",
				 r->file.receipt.site, (unsigned long long)sequence);
	return 0;
}

static int check_history(struct receiving *r, struct error *err)
{
	const struct receipt *t = &r->file.receipt;

	if (check_number(r, err) < 0)
		return -1;
	if (t->sequence > 0 && check_bundle(r, t->sequence, t->manifest, t->catalog_root, err) < 0)
		return -1;
	return t->has_pending ? check_bundle(r, t->pending_sequence, t->pending, NULL, err) : 0;
}

/* The need list is what the receipt says it is, and about the same bundle. */
static int read_need(struct receiving *r, struct error *err)
{
	const struct receipt *t = &r->file.receipt;
	CLEANUP(free) unsigned char *bytes = NULL;
	unsigned char digest[DIGEST_SHA256];
	size_t len;

	if (!r->request->need)
		return 0;
	if (file_load_present(AT_FDCWD, r->request->need, LIMIT_NEED_BYTES, &bytes, &len, err) < 0)
		return -1;
	digest_sha256(bytes, len, digest);
	if (!t->has_need || !same(digest, t->need))
		return error_set(err, ERROR_RECEIVE_NEED,
				 "%s: not the need list of receipt %llu of site %s",
				 r->request->need, (unsigned long long)t->counter, t->site);
	if (need_parse(bytes, len, &r->need, err) < 0)
		return error_wrap(err, "%s", r->request->need);
	if (strcmp(r->need.channel, t->channel) != 0 || strcmp(r->need.site, t->site) != 0 ||
	    r->need.epoch != t->epoch || !t->has_pending ||
	    r->need.sequence != t->pending_sequence || !same(r->need.manifest, t->pending))
		return error_set(err, ERROR_RECEIVE_NEED, "%s: about another bundle or site",
				 r->request->need);
	return 0;
}

/* ---- recording ---- */

static int keep(struct receiving *r, bool refused, struct error *err)
{
	struct receipts_row row = { .counter = r->file.receipt.counter,
				    .recorded = clock_now(),
				    .refused = refused },
			    seen;
	int known = receipts_find(r->store, r->channel.id, r->digest, &seen, err);

	if (known < 0)
		return -1;
	if (known == 1 && (refused || !seen.refused))
		return 0;
	memcpy(row.site, r->file.receipt.site, sizeof row.site);
	memcpy(row.digest, r->digest, sizeof row.digest);
	return receipts_add(r->store, r->channel.id, &row, r->text.bytes, r->text.len, err);
}

/* ---- the ledger ---- */

static void bundle_name(const struct receiving *r, uint64_t sequence,
			char out[MANIFEST_DIRECTORY_SIZE])
{
	snprintf(out, MANIFEST_DIRECTORY_SIZE, "%s-%u-%llu", r->channel.name, r->channel.epoch,
		 (unsigned long long)sequence);
}

static void begin_record(const struct receiving *r, const char *event, uint64_t sequence,
			 struct ledger_body *body)
{
	const struct receipt *t = &r->file.receipt;
	char name[MANIFEST_DIRECTORY_SIZE] = "";

	if (sequence > 0)
		bundle_name(r, sequence, name);
	ledger_begin(body, event);
	ledger_text(body, "bundle", name);
	ledger_text(body, "channel", t->channel);
	ledger_text(body, "site", t->site);
	ledger_number(body, "counter", t->counter);
	ledger_digest(body, "receipt", r->digest);
}

static int record_receipt(struct receiving *r, struct error *err)
{
	const struct receipt *t = &r->file.receipt;
	struct ledger_body body;

	begin_record(r, "receive", t->sequence, &body);
	if (t->has_manifest)
		ledger_digest(&body, "manifest", t->manifest);
	ledger_text(&body, "signer", r->signed_by);
	ledger_number(&body, "repaired", t->repaired);
	if (t->scrubbed)
		ledger_number(&body, "damaged", t->scrub_bad);
	return ledger_rows_append(r->store, body.text, err);
}

/* That a bundle waits at the site belongs to that bundle, which is another one. */
static int record_waiting(struct receiving *r, struct error *err)
{
	const struct receipt *t = &r->file.receipt;
	struct ledger_body body;

	begin_record(r, "need", t->pending_sequence, &body);
	ledger_digest(&body, "manifest", t->pending);
	if (t->has_need) {
		ledger_digest(&body, "need", t->need);
		ledger_number(&body, "needed", t->need_count);
	}
	if (r->request->need) {
		ledger_number(&body, "carried-again", r->out->needed);
		ledger_number(&body, "carried-anyway", r->out->unheld);
	}
	return ledger_rows_append(r->store, body.text, err);
}

static int record_refusal(struct receiving *r, const struct error *why, struct error *err)
{
	struct ledger_body body;

	begin_record(r, "refused", r->file.receipt.sequence, &body);
	ledger_text(&body, "signer", r->signed_by);
	ledger_text(&body, "id", error_id_text(why->id));
	ledger_text(&body, "message", why->message);
	return ledger_rows_append(r->store, body.text, err);
}

/* What contradicts us must not get lost with the refusal. */
static int keep_evidence(struct receiving *r, struct error *err)
{
	CLEANUP(db_scope_end) struct db_scope scope = { store_db(r->store) };
	struct error lost = ERROR_INIT;

	if (err->id != ERROR_RECEIVE_CHAIN && err->id != ERROR_RECEIVE_FORK &&
	    err->id != ERROR_RECEIVE_UNKNOWN)
		return -1;
	if (db_begin(scope.db, &lost) < 0 || keep(r, true, &lost) < 0 ||
	    record_refusal(r, err, &lost) < 0 || db_commit(scope.db, &lost) < 0)
		return error_wrap(err, "not even kept as evidence (%s)", lost.message);
	return -1;
}

static int save_site(struct receiving *r, struct error *err)
{
	const struct receipt *t = &r->file.receipt;
	struct site *s = &r->site;

	s->epoch = (uint32_t)t->epoch;
	s->sequence = t->sequence;
	s->has_manifest = t->has_manifest;
	memcpy(s->manifest, t->manifest, sizeof s->manifest);
	s->counter = t->counter;
	s->has_receipt = true;
	memcpy(s->receipt, r->digest, sizeof s->receipt);
	s->made = t->made;
	s->received = clock_now();
	return site_save(r->store, r->channel.id, s, err);
}

/* What the site lacks is carried by the next bundle. */
static int forget_needed(struct receiving *r, struct error *err)
{
	for (size_t i = 0; i < r->need.object_count; i++) {
		const unsigned char *sha256 = r->need.objects[i].sha256;
		int held = held_forget(r->store, r->channel.id, sha256, err);

		if (held < 0)
			return -1;
		r->out->needed += held == 1;
		r->out->unheld += held == 0;
	}
	for (size_t i = 0; i < r->need.listing_count; i++) {
		int known = doclist_forget(r->store, r->channel.id, r->need.listings[i], err);

		if (known < 0)
			return -1;
		r->out->needed += known == 1;
		r->out->unheld += known == 0;
	}
	return 0;
}

static int record(struct receiving *r, struct error *err)
{
	CLEANUP(db_scope_end) struct db_scope scope = { store_db(r->store) };

	if (db_begin(scope.db, err) < 0 ||
	    (!r->out->known &&
	     (keep(r, false, err) < 0 || save_site(r, err) < 0 || record_receipt(r, err) < 0)) ||
	    forget_needed(r, err) < 0 ||
	    (r->file.receipt.has_pending && record_waiting(r, err) < 0))
		return -1;
	return db_commit(scope.db, err);
}

int receive_receipt(struct store *s, const struct receive_request *request,
		    struct receive_result *out, struct error *err)
{
	CLEANUP(receiving_clear)
	struct receiving r = {
		.store = s, .request = request, .text = BUF_INIT(LIMIT_RECEIPT_BYTES), .out = out
	};

	*out = (struct receive_result){ 0 };
	if (read_receipt(&r, err) < 0)
		return -1;
	if (load_channel(&r, err) < 0)
		return error_wrap(err, "%s", request->path);
	if (check_signature(&r, err) < 0)
		return -1;
	if (check_place(&r, err) < 0)
		return error_wrap(err, "%s", request->path);
	if (check_history(&r, err) < 0) {
		error_wrap(err, "%s", request->path);
		return keep_evidence(&r, err);
	}
	if (read_need(&r, err) < 0)
		return -1;
	out->before = r.site.epoch == r.channel.epoch ? r.site.sequence : 0;
	out->behind = r.channel.sequence - r.file.receipt.sequence;
	out->known = r.site.has_receipt && same(r.site.receipt, r.digest);
	out->lowered = !out->known && r.file.receipt.sequence < out->before;
	return out->known && !request->need ? 0 : record(&r, err);
}
