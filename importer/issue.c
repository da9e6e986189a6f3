#include "importer/issue.h"

#include "importer/log_watch.h"
#include "importer/qr.h"
#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/crypto/cms.h"
#include "lib/crypto/digest.h"
#include "lib/crypto/signer.h"
#include "lib/crypto/trust.h"
#include "lib/store/care.h"
#include "lib/store/channel.h"
#include "lib/store/db.h"
#include "lib/store/ledger_rows.h"
#include "lib/store/receipts.h"
#include "lib/store/store.h"
#include "lib/store/stored.h"
#include "media/ledger.h"
#include "media/manifest.h"
#include "media/need.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct issuing {
	struct store *store;
	const struct issue_request *request;
	struct channel channel;
	struct trust *trust;
	struct signer signer;
	unsigned char *need; /* R/need as it is; NULL when nothing waits */
	size_t need_len;
	int out;
};

static void issuing_clear(struct issuing *is)
{
	free(is->need);
	file_close(is->out);
	signer_clear(&is->signer);
	trust_free(is->trust);
}
DEFINE_CLEANUP_IN_PLACE(struct issuing, issuing_clear);

static int prepare(struct issuing *is, struct error *err)
{
	const struct issue_request *r = is->request;

	if (channel_load(is->store, NULL, &is->channel, err) < 0)
		return -1;
	CLEANUP(file_close) int dir = channel_open_trust(is->store, is->channel.name, err);
	if (dir < 0)
		return -1;
	is->trust = trust_load(dir, "trust of this repository", err);
	if (!is->trust || signer_load(&is->signer, is->trust, KEY_ROLE_IMPORTER, r->key_path,
				      r->passphrase, err) < 0)
		return -1;
	is->out = file_open_dir(r->out, err);
	return is->out < 0 ? -1 : 0;
}

/* ---- what it says ---- */

static int fill_number(const struct issuing *is, struct receipt *r, struct error *err)
{
	struct receipts_row last;
	int known = receipts_newest(is->store, is->channel.id, r->site, &last, err);

	if (known < 0)
		return -1;
	uint64_t next = known == 1 ? last.counter + 1 : 1, wanted = is->request->counter;

	if (wanted != 0 && wanted < next)
		return error_set(err, ERROR_RECEIPT_COUNTER,
				 "--counter %llu: the last receipt had %llu",
				 (unsigned long long)wanted, (unsigned long long)next - 1);
	r->counter = wanted != 0 ? wanted : next;
	r->has_previous = known == 1;
	if (known == 1)
		memcpy(r->previous, last.digest, sizeof r->previous);
	return 0;
}

static int fill_state(const struct issuing *is, struct receipt *r, struct error *err)
{
	const struct channel *c = &is->channel;
	struct channel_bundle newest = { .epoch = c->epoch };
	struct stored_totals totals;

	r->epoch = c->epoch;
	r->sequence = c->sequence;
	r->trust_version = is->trust->version;
	r->has_manifest = r->has_root = c->has_manifest;
	memcpy(r->manifest, c->manifest, sizeof r->manifest);
	memcpy(r->catalog_root, c->catalog_root, sizeof r->catalog_root);
	if (stored_count(is->store, &totals, err) < 0 ||
	    channel_find_bundle(is->store, c->id, c->epoch, c->sequence, &newest, err) < 0)
		return -1;
	r->objects = totals.count;
	r->bytes = totals.bytes;
	r->processed = newest.processed;
	r->quarantined = newest.quarantined;
	r->repaired = newest.repaired;
	return 0;
}

/* The need list of the bundle that waits, unless it was imported meanwhile. */
static int fill_need(struct issuing *is, struct receipt *r, struct error *err)
{
	CLEANUP(need_clear) struct need need = { 0 };
	int found = file_load(store_dir(is->store), "need", LIMIT_NEED_BYTES, &is->need,
			      &is->need_len, err);

	if (found <= 0)
		return found;
	if (need_parse(is->need, is->need_len, &need, err) < 0)
		return error_wrap(err, "need list of this repository");
	if (need.epoch != r->epoch || need.sequence <= r->sequence) {
		free(is->need);
		is->need = NULL;
		return 0;
	}
	r->has_pending = r->has_need = true;
	r->pending_sequence = need.sequence;
	memcpy(r->pending, need.manifest, sizeof r->pending);
	r->need_count = need.object_count + need.listing_count;
	digest_sha256(is->need, is->need_len, r->need);
	return 0;
}

/* How long ago what scrub has reached was read again, and what of it is still missing. */
static int fill_scrub(const struct issuing *is, struct receipt *r, struct error *err)
{
	struct care_totals totals;

	if (care_total(is->store, &totals, err) < 0)
		return -1;
	r->scrubbed = totals.oldest_check > 0;
	r->scrub = totals.oldest_check;
	r->scrub_bad = r->scrubbed ? totals.unhealed : 0;
	return 0;
}

static int fill(struct issuing *is, struct receipt *r, struct error *err)
{
	snprintf(r->channel, sizeof r->channel, "%s", is->channel.name);
	const char *site = is->channel.audience;

	if (!channel_next_site(&site, r->site))
		return error_set(err, ERROR_CHANNEL_ABSENT, "channel %s: no site", r->channel);
	snprintf(r->version, sizeof r->version, "%s", VERSION);
	r->made = clock_stamp();
	return fill_number(is, r, err) < 0 || fill_state(is, r, err) < 0 ||
			       fill_need(is, r, err) < 0
		       ? -1
		       : fill_scrub(is, r, err);
}

static int sign(const struct issuing *is, struct buf *text, struct error *err)
{
	CLEANUP(buf_clear) struct buf signature = BUF_INIT(LIMIT_SIGNATURE_BYTES);

	if (cms_sign(is->signer.key, is->signer.listed->cert, text->bytes, text->len, &signature,
		     err) < 0)
		return -1;
	return receipt_write_signature(signature.bytes, signature.len, text, err);
}

/* ---- where it goes ---- */

static int save_page(const struct issuing *is, const struct buf *text, struct issue_result *out,
		     struct error *err)
{
	CLEANUP(buf_clear) struct buf html = BUF_INIT(QR_HTML_BYTES);

	if (qr_page(out->file, (const char *)text->bytes, text->len, &html, err) < 0)
		return -1;
	snprintf(out->page, sizeof out->page, "%.*s.html",
		 (int)(strlen(out->file) - strlen(".txt")), out->file);
	return file_save(is->out, out->page, html.bytes, html.len, 0644, err);
}

static int save_need(const struct issuing *is, struct issue_result *out, struct error *err)
{
	const struct receipt *r = &out->receipt;

	if (!is->need)
		return 0;
	snprintf(out->need, sizeof out->need, "need-%s-%s-%llu.txt", r->channel, r->site,
		 (unsigned long long)r->counter);
	return file_save(is->out, out->need, is->need, is->need_len, 0644, err);
}

/* Made before anything is committed: a token that fails now costs no number. */
static int cosign(const struct issuing *is, struct buf *note, struct issue_result *out,
		  struct error *err)
{
	const struct receipt *r = &out->receipt;
	int seen = log_watch_cosign(is->store, &is->channel, r->site, &is->signer, note, err);

	if (seen == 1)
		snprintf(out->checkpoint, sizeof out->checkpoint, "checkpoint-%s-%s-%llu.txt",
			 r->channel, r->site, (unsigned long long)r->counter);
	return seen < 0 ? -1 : 0;
}

static int save_checkpoint(const struct issuing *is, const struct buf *note,
			   const struct issue_result *out, struct error *err)
{
	return *out->checkpoint
		       ? file_save(is->out, out->checkpoint, note->bytes, note->len, 0644, err)
		       : 0;
}

static int add_record(const struct issuing *is, const struct receipt *r,
		      const unsigned char digest[32], struct error *err)
{
	char name[MANIFEST_DIRECTORY_SIZE] = "", signer[KEY_HOLDER_SIZE + KEY_SHORT_SIZE + 16];
	struct ledger_body body;

	if (r->sequence > 0)
		snprintf(name, sizeof name, "%s-%llu-%llu", r->channel,
			 (unsigned long long)r->epoch, (unsigned long long)r->sequence);
	snprintf(signer, sizeof signer, "%s %s %s", key_role_name(KEY_ROLE_IMPORTER),
		 signer_holder(&is->signer), is->signer.listed->short_id);
	ledger_begin(&body, "receipt");
	ledger_text(&body, "bundle", name);
	ledger_text(&body, "channel", r->channel);
	ledger_text(&body, "site", r->site);
	ledger_number(&body, "counter", r->counter);
	ledger_digest(&body, "receipt", digest);
	ledger_text(&body, "signer", signer);
	if (r->has_need)
		ledger_digest(&body, "need", r->need);
	return ledger_rows_append(is->store, body.text, err);
}

static int record(const struct issuing *is, const struct receipt *r, const struct buf *text,
		  struct error *err)
{
	struct receipts_row row = { .counter = r->counter, .recorded = clock_now() };

	snprintf(row.site, sizeof row.site, "%s", r->site);
	digest_sha256(text->bytes, text->len, row.digest);
	if (receipts_add(is->store, is->channel.id, &row, text->bytes, text->len, err) < 0)
		return -1;
	return add_record(is, r, row.digest, err);
}

int issue_receipt(struct store *s, const struct issue_request *request, struct issue_result *out,
		  struct error *err)
{
	CLEANUP(issuing_clear) struct issuing is = { .store = s, .request = request, .out = -1 };
	CLEANUP(buf_clear) struct buf text = BUF_INIT(LIMIT_RECEIPT_BYTES);
	CLEANUP(buf_clear) struct buf note = BUF_INIT(LIMIT_NOTE_BYTES);
	CLEANUP(db_scope_end) struct db_scope scope = { store_db(s) };

	*out = (struct issue_result){ 0 };
	if (prepare(&is, err) < 0 || db_begin(scope.db, err) < 0 ||
	    fill(&is, &out->receipt, err) < 0 || receipt_write(&out->receipt, &text, err) < 0 ||
	    sign(&is, &text, err) < 0 || cosign(&is, &note, out, err) < 0 ||
	    record(&is, &out->receipt, &text, err) < 0 || db_commit(scope.db, err) < 0)
		return -1;
	receipt_file_name(&out->receipt, out->file);
	if (file_save(is.out, out->file, text.bytes, text.len, 0644, err) < 0 ||
	    save_checkpoint(&is, &note, out, err) < 0 || save_need(&is, out, err) < 0)
		return -1;
	return request->qr ? save_page(&is, &text, out, err) : 0;
}
