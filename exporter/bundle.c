#include "exporter/bundle.h"

#include "exporter/bundle_log.h"
#include "exporter/chosen.h"
#include "exporter/plan.h"
#include "exporter/provenance.h"
#include "exporter/tables.h"
#include "exporter/trust_only.h"
#include "exporter/write.h"
#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/limits.h"
#include "lib/base/str.h"
#include "lib/cli/progress.h"
#include "lib/crypto/cms.h"
#include "lib/crypto/digest.h"
#include "lib/crypto/signer.h"
#include "lib/crypto/trust.h"
#include "lib/store/channel.h"
#include "lib/store/content.h"
#include "lib/store/db.h"
#include "lib/store/ledger_rows.h"
#include "lib/store/rows.h"
#include "lib/store/selection.h"
#include "lib/store/store.h"
#include "lib/store/stored.h"
#include "media/card.h"
#include "media/chunk_table.h"
#include "media/ledger.h"
#include "media/log_text.h"
#include "media/manifest.h"
#include "media/object_table.h"
#include "media/sum_table.h"
#include "media/volume.h"
#include "verifier/care/medium.h"
#include "verifier/inquiry/selection_medium.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct making {
	struct store *store;
	const struct bundle_request *request;
	struct channel channel;
	struct trust *trust;
	int trust_dir;
	struct signer signer;
	struct increment increment;
	struct plan plan;
	struct selection selection;
	struct object_table *objects;
	struct chunk_table *chunks;
	struct tree object_lines; /* of OBJECTS */
	struct bundle_log log;
	struct manifest manifest;
	int top, dir; /* gapferry/ and the bundle below it, under its temporary name */
	char name[MANIFEST_DIRECTORY_SIZE], temporary[MANIFEST_DIRECTORY_SIZE + 8];
};

static void making_clear(struct making *m)
{
	file_close(m->dir);
	if (m->top >= 0 && m->temporary[0]) {
		struct error ignored = ERROR_INIT; /* the first failure is being reported */

		if (file_remove_tree(m->top, m->temporary, &ignored) < 0)
			error_clear(&ignored);
	}
	file_close(m->top);
	file_close(m->trust_dir);
	trust_free(m->trust);
	signer_clear(&m->signer);
	plan_clear(&m->plan);
	increment_clear(&m->increment);
	object_table_free(m->objects);
	chunk_table_free(m->chunks);
	bundle_log_clear(&m->log);
	selection_clear(&m->selection);
}
DEFINE_CLEANUP_IN_PLACE(struct making, making_clear);

/* ---- before anything is written ---- */

static int check_complete(const struct making *m, struct error *err)
{
	const struct plan *p = &m->plan;

	if (p->count == 0)
		return error_set(err, ERROR_WRITE_NOTHING,
				 "channel %s: the repository holds no catalog", m->channel.name);
	if (p->missing_expected == 0 || m->request->incomplete)
		return 0;
	return error_set(err, ERROR_PAYLOAD_MISSING, "%zu payload files are not here, first %s",
			 p->missing_expected, p->missing_names[0]);
}

static int load_builder(struct making *m, struct error *err)
{
	const struct elsewhere_choice *r = &m->request->signer;

	if (r->export_tbs)
		return signer_load_listed(&m->signer, m->trust, KEY_ROLE_BUILDER, r->certificate,
					  err);
	return signer_load(&m->signer, m->trust, KEY_ROLE_BUILDER, r->key_path, r->passphrase, err);
}

static int prepare(struct making *m, struct error *err)
{
	const struct bundle_request *r = m->request;

	if (channel_load_sent(m->store, r->channel, &m->channel, err) < 0)
		return -1;
	m->trust_dir = channel_open_trust(m->store, r->channel, err);
	if (m->trust_dir < 0)
		return -1;
	m->trust = trust_load(m->trust_dir, "trust", err);
	if (!m->trust || load_builder(m, err) < 0)
		return -1;
	if (r->trust_only) {
		m->increment.full = false;
		m->objects = object_table_new();
		return trust_only_base(m->store, &m->channel, &m->manifest, &m->increment, err) <
					       0 ||
				       object_table_finish(m->objects, err) < 0
			       ? -1
			       : 0;
	}
	if (chosen_load(m->store, &m->channel, r->selection, &m->selection, err) < 0 ||
	    increment_make(m->store, &m->channel, &r->wish, &m->increment, err) < 0 ||
	    plan_make(m->store, &m->increment, &m->selection, r->volume_limit, &m->plan, err) < 0 ||
	    check_complete(m, err) < 0)
		return -1;
	m->objects = plan_table(&m->plan, err);
	return m->objects ? 0 : -1;
}

static int add_sources(struct making *m, struct error *err)
{
	struct rows_source s = { 0 };
	int row;

	while ((row = rows_next_source(m->store, &s, err)) == 1) {
		if (m->manifest.source_count == LIMIT_SOURCES)
			return error_set(err, ERROR_WRITE_NOTHING, "more than %u catalogs",
					 LIMIT_SOURCES);
		struct manifest_source *out = &m->manifest.sources[m->manifest.source_count++];

		snprintf(out->kind, sizeof out->kind, "%s", s.source.kind);
		memcpy(out->cabinet, s.source.cabinet, sizeof out->cabinet);
		out->dated = s.source.created >= 0;
		out->created = s.source.created;
	}
	manifest_sort(&m->manifest);
	return row;
}

static int add_sites(struct making *m, struct error *err)
{
	struct manifest *out = &m->manifest;
	const char *at = m->channel.audience;

	while (out->audience_count < LIMIT_AUDIENCES &&
	       channel_next_site(&at, out->audiences[out->audience_count]))
		out->audience_count++;
	if (*at != '\0')
		return error_set(err, ERROR_USAGE, "channel %s has more than %u sites",
				 m->channel.name, LIMIT_AUDIENCES);
	return 0;
}

/* The MANIFESTs before the previous one, so that a site that missed some sees a fork. */
static int add_history(struct making *m, struct error *err)
{
	struct manifest *out = &m->manifest;
	struct channel_past past[LIMIT_HISTORY];
	int count =
		channel_history(m->store, &m->channel, out->sequence - 1, past, LIMIT_HISTORY, err);

	if (count < 0)
		return -1;
	out->history_count = (size_t)count;
	for (size_t i = 0; i < out->history_count; i++) {
		const struct channel_past *from = &past[out->history_count - 1 - i];

		out->history[i].sequence = from->sequence;
		memcpy(out->history[i].sha256, from->digest, sizeof out->history[i].sha256);
	}
	return 0;
}

static void add_increment(struct making *m)
{
	const struct increment *inc = &m->increment;
	struct manifest *out = &m->manifest;

	out->increment = !inc->full;
	out->base = inc->base;
	out->assumed = object_table_assumed_count(m->objects);
	out->assumed_bytes = object_table_assumed_bytes(m->objects);
	for (size_t i = 0; i < inc->withdrawn_count; i++) {
		struct manifest_withdrawn *w = &out->withdrawn[out->withdrawn_count++];

		snprintf(w->kind, sizeof w->kind, "%s", inc->withdrawn[i].kind);
		snprintf(w->series, sizeof w->series, "%s", inc->withdrawn[i].series);
	}
}

static int fill_manifest(struct making *m, struct error *err)
{
	struct manifest *out = &m->manifest;

	out->version = MANIFEST_VERSION;
	snprintf(out->channel, sizeof out->channel, "%s", m->channel.name);
	out->epoch = m->channel.epoch;
	out->sequence = m->channel.sequence + 1;
	if (m->channel.has_manifest)
		memcpy(out->previous, m->channel.manifest, sizeof out->previous);
	out->created = clock_stamp();
	out->expires = out->created + m->request->valid_seconds;
	out->trust_version = m->trust->version;
	out->volumes = object_table_volumes(m->objects);
	out->objects = object_table_objects(m->objects);
	out->object_bytes = object_table_bytes(m->objects);
	add_increment(m);
	if (m->trust->expires < out->created)
		return error_set(err, ERROR_WRITE_EXPIRY, "the trust root has expired");
	if (add_sites(m, err) < 0 || add_history(m, err) < 0 ||
	    provenance_fill(m->store, out, err) < 0)
		return -1;
	if (m->request->trust_only)
		return 0; /* catalog root and sources are those of the bundle before */
	if (rows_root(m->store, out->catalog_root, err) < 0)
		return -1;
	return add_sources(m, err);
}

/* ---- the directory ---- */

/* The unfinished directory of a killed run of this channel: its number is never used again. */
static bool is_left_over(const struct making *m, const char *name)
{
	size_t channel = strlen(m->channel.name), len = strlen(name);

	return len > channel + 6 && strncmp(name, m->channel.name, channel) == 0 &&
	       name[channel] == '-' && strspn(name + channel, "-0123456789") == len - channel - 5 &&
	       strcmp(name + len - 5, ".part") == 0;
}

static int open_target(struct making *m, struct error *err)
{
	CLEANUP(file_close) int out = file_open_dir(m->request->out, err);
	uint64_t need = 64u << 20, room;

	if (out < 0)
		return -1;
	need += write_bytes(m->objects, m->request->parity, m->request->spares);
	if (__builtin_add_overflow(need, m->request->min_free, &need))
		need = UINT64_MAX;
	if (file_free_space(out, &room, err) < 0)
		return -1;
	if (room < need)
		return error_set(err, ERROR_STORE_SPACE, "%s: %llu MiB free, %llu MiB needed",
				 m->request->out, (unsigned long long)(room >> 20),
				 (unsigned long long)(need >> 20));
	m->top = file_open_subdir(out, "gapferry", true, err);
	if (m->top < 0)
		return -1;
	manifest_directory(&m->manifest, m->name);
	struct file_list list = { 0 };
	if (file_list_load(m->top, 100000, &list, err) < 0)
		return -1;
	bool exists = false;
	int failed = 0;
	for (size_t i = 0; i < list.count && !failed; i++) {
		exists |= strcmp(list.names[i], m->name) == 0;
		if (is_left_over(m, list.names[i]))
			failed = file_remove_tree(m->top, list.names[i], err);
	}
	file_list_clear(&list);
	if (failed)
		return -1;
	if (exists)
		return error_set(err, ERROR_FILE_EXISTS, "%s/gapferry/%s: exists already",
				 m->request->out, m->name);
	snprintf(m->temporary, sizeof m->temporary, "%s.part", m->name);
	if (file_remove_tree(m->top, m->temporary, err) < 0)
		return -1;
	m->dir = file_open_subdir(m->top, m->temporary, true, err);
	return m->dir < 0 ? -1 : 0;
}

static int add_small_file(struct making *m, int dir, const char *name, const char *listed,
			  const void *bytes, size_t len, struct sum_table *sums, struct error *err)
{
	unsigned char sha256[DIGEST_SHA256];

	digest_sha256(bytes, len, sha256);
	if (file_save(dir, name, bytes, len, 0644, err) < 0)
		return -1;
	(void)m;
	return sum_table_add(sums, listed, sha256, err);
}

/* Every version of the trust root, so that a site years behind can walk the chain. */
static int copy_trust(struct making *m, struct sum_table *sums, struct error *err)
{
	CLEANUP(file_close) int to = file_open_subdir(m->dir, "trust", true, err);
	CLEANUP(file_list_clear) struct file_list list = { 0 };

	if (to < 0 || file_list_load(m->trust_dir, LIMIT_TRUST_FILES, &list, err) < 0)
		return -1;
	for (size_t i = 0; i < list.count; i++) {
		CLEANUP(free) unsigned char *bytes = NULL;
		char listed[SUM_NAME_SIZE];
		size_t len;

		snprintf(listed, sizeof listed, "trust/%s", list.names[i]);
		if (file_load(m->trust_dir, list.names[i], LIMIT_TRUST_BYTES, &bytes, &len, err) <
			    0 ||
		    add_small_file(m, to, list.names[i], listed, bytes, len, sums, err) < 0)
			return -1;
	}
	return 0;
}

struct origin_folder {
	struct making *making;
	struct sum_table *sums;
	int dir;
};

static int add_origin(void *ctx, const char *name, const void *bytes, size_t len, struct error *err)
{
	const struct origin_folder *f = ctx;
	char listed[SUM_NAME_SIZE];

	snprintf(listed, sizeof listed, "origin/%s", name);
	return add_small_file(f->making, f->dir, name, listed, bytes, len, f->sums, err);
}

static int save_origin(struct making *m, struct sum_table *sums, struct error *err)
{
	if (m->manifest.origin_count == 0)
		return 0;
	CLEANUP(file_close) int dir = file_open_subdir(m->dir, "origin", true, err);
	struct origin_folder folder = { m, sums, dir };

	return dir < 0 ? -1 : provenance_each(m->store, add_origin, &folder, err);
}

/* What is known of the export log up to here, and the tree over OBJECTS. */
static int save_log(struct making *m, struct sum_table *sums, struct error *err)
{
	const struct bundle_log *l = &m->log;
	CLEANUP(file_close) int dir = file_open_subdir(m->dir, "log", true, err);

	if (dir < 0 ||
	    bundle_log_make(m->store, &m->channel, m->trust, &m->object_lines, &m->log, err) < 0 ||
	    add_small_file(m, dir, "checkpoint", LOG_TEXT_CHECKPOINT, l->checkpoint.bytes,
			   l->checkpoint.len, sums, err) < 0 ||
	    add_small_file(m, dir, "nodes", LOG_TEXT_NODES, l->nodes.bytes, l->nodes.len, sums,
			   err) < 0)
		return -1;
	return add_small_file(m, dir, "objects", LOG_TEXT_OBJECTS, l->objects.bytes, l->objects.len,
			      sums, err);
}

/* By which rules content was chosen, for who wonders what is not here. */
static int save_selection(struct making *m, struct sum_table *sums, struct error *err)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(LIMIT_SELECTION_BYTES);

	if (!m->selection.has)
		return 0;
	if (rules_write(&m->selection.rules, &text, err) < 0)
		return -1;
	return add_small_file(m, m->dir, SELECTION_MEDIUM_NAME, SELECTION_MEDIUM_NAME, text.bytes,
			      text.len, sums, err);
}

static int save_small_files(struct making *m, struct error *err)
{
	CLEANUP(sum_table_clear) struct sum_table sums = { 0 };
	CLEANUP(buf_clear) struct buf text = BUF_INIT(LIMIT_SUMS_BYTES);
	const char *card = card_text();

	if (add_small_file(m, m->dir, "VERIFY.txt", "VERIFY.txt", card, strlen(card), &sums, err) <
		    0 ||
	    copy_trust(m, &sums, err) < 0 || save_origin(m, &sums, err) < 0 ||
	    save_log(m, &sums, err) < 0 || save_selection(m, &sums, err) < 0 ||
	    sum_table_write(&sums, &text, err) < 0)
		return -1;
	struct manifest_file *f = &m->manifest.files[MANIFEST_SUMS];
	f->size = text.len;
	digest_sha256(text.bytes, text.len, f->sha256);
	return file_save(m->dir, manifest_table_name(MANIFEST_SUMS), text.bytes, text.len, 0644,
			 err);
}

/* MANIFEST and the builder's signature, or what is to be signed elsewhere; digest receives SHA-256
 * of MANIFEST. */
static int sign(struct making *m, struct buf *text, unsigned char digest[32], struct error *err)
{
	if (manifest_write(&m->manifest, text, err) < 0)
		return -1;
	digest_sha256(text->bytes, text->len, digest);
	if (file_save(m->dir, "MANIFEST", text->bytes, text->len, 0644, err) < 0)
		return -1;
	if (m->request->signer.export_tbs)
		return elsewhere_export(&m->signer,
					&(struct elsewhere_text){ m->name, text->bytes, text->len },
					m->request->signer.export_tbs, err);
	return signer_sign(&m->signer, text->bytes, text->len, m->dir, err);
}

/* What the other side has once it has this bundle. */
static int record_view(struct making *m, struct error *err)
{
	const struct manifest *b = &m->manifest;

	if (m->request->trust_only)
		return doclist_repeat(m->store, m->channel.id, b->epoch, b->sequence - 1,
				      b->sequence, err);
	if (held_update(m->store, m->channel.id, b->sequence, &m->increment.held, m->plan.view,
			m->plan.view_count, err) < 0)
		return -1;
	for (size_t i = 0; i < m->increment.source_count; i++)
		if (doclist_record(m->store, m->channel.id, b->epoch, b->sequence,
				   &m->increment.sources[i], err) < 0)
			return -1;
	/* Who is at an older bundle than that gets listings. */
	uint64_t from = b->base > 0                   ? b->base
			: b->sequence > LIMIT_HISTORY ? b->sequence - LIMIT_HISTORY
						      : 1;
	return doclist_prune(m->store, m->channel.id, b->epoch, from, err);
}

/* What the ledger says of it: in the transaction that takes the sequence number. */
static int add_records(struct making *m, const unsigned char digest[32], struct error *err)
{
	char signer[CHANNEL_NAME_SIZE + KEY_SHORT_SIZE + 16];
	struct ledger_body body;

	snprintf(signer, sizeof signer, "builder %s %s", signer_holder(&m->signer),
		 m->signer.listed->short_id);
	ledger_begin(&body, "write");
	ledger_text(&body, "bundle", m->name);
	ledger_digest(&body, "manifest", digest);
	ledger_text(&body, "signer", signer);
	ledger_number(&body, "objects", m->manifest.objects);
	ledger_number(&body, "bytes", m->manifest.object_bytes);
	ledger_number(&body, "volumes", m->manifest.volumes);
	if (m->selection.has)
		ledger_digest(&body, "selection", m->selection.digest);
	medium_add(m->request->medium, &body);
	if (ledger_rows_append(m->store, body.text, err) < 0)
		return -1;
	if (m->plan.missing_expected == 0)
		return 0;
	ledger_begin(&body, "override");
	ledger_text(&body, "bundle", m->name);
	ledger_text(&body, "option", "--incomplete");
	ledger_number(&body, "missing", m->plan.missing_expected);
	return ledger_rows_append(m->store, body.text, err);
}

/* From here on the sequence number is taken, whatever happens to the medium. */
static int record(struct making *m, const struct buf *text, const unsigned char digest[32],
		  struct error *err)
{
	struct channel_bundle b = { .epoch = m->manifest.epoch,
				    .sequence = m->manifest.sequence,
				    .manifest = text->bytes,
				    .manifest_len = text->len,
				    .recorded = m->manifest.created,
				    .base = m->manifest.base,
				    .bytes = m->manifest.object_bytes };
	CLEANUP(db_scope_end) struct db_scope scope = { store_db(m->store) };

	memcpy(b.digest, digest, sizeof b.digest);
	memcpy(m->channel.manifest, digest, sizeof m->channel.manifest);
	memcpy(m->channel.catalog_root, m->manifest.catalog_root, sizeof m->channel.catalog_root);
	m->channel.has_manifest = true;
	m->channel.sequence = m->manifest.sequence;
	if (db_begin(scope.db, err) < 0 || channel_save(m->store, &m->channel, err) < 0 ||
	    channel_record_bundle(m->store, m->channel.id, &b, err) < 0 ||
	    record_view(m, err) < 0 ||
	    (m->request->selection &&
	     selection_save(m->store, m->channel.id, m->request->selection, err) < 0) ||
	    add_records(m, digest, err) < 0 ||
	    bundle_log_record(m->store, &m->channel, &m->log, &m->manifest, digest, &m->signer,
			      err) < 0)
		return -1;
	return db_commit(scope.db, err);
}

static int publish(struct making *m, struct error *err)
{
	if (file_sync(m->dir, m->temporary, err) < 0)
		return -1;
	if (renameat(m->top, m->temporary, m->top, m->name) < 0)
		return error_set_errno(err, ERROR_FILE_WRITE, "%s: cannot rename into place",
				       m->name);
	m->temporary[0] = '\0';
	return file_sync(m->top, "gapferry", err);
}

static void report(const struct making *m, const unsigned char digest[32],
		   struct bundle_result *out)
{
	snprintf(out->path, sizeof out->path, "%s/gapferry/%s", m->request->out, m->name);
	out->epoch = m->manifest.epoch;
	out->sequence = m->manifest.sequence;
	out->volumes = m->manifest.volumes;
	out->objects = m->manifest.objects;
	out->bytes = m->manifest.object_bytes;
	out->volume_bytes = m->plan.layout.bytes;
	out->missing = m->plan.missing;
	out->base = m->manifest.base;
	out->assumed = m->manifest.assumed;
	out->assumed_bytes = m->manifest.assumed_bytes;
	memcpy(out->why, m->increment.why, sizeof out->why);
	memcpy(out->manifest, digest, sizeof out->manifest);
	snprintf(out->signer, sizeof out->signer, "%s", signer_holder(&m->signer));
}

/*
 * Deltas are in the content store while volumes are made of it.  They have no rows: left there by
 * a run that was killed they are garbage.
 */
static int put_deltas(struct making *m, struct error *err)
{
	for (size_t i = 0; i < m->increment.catalog_count; i++) {
		const struct increment_catalog *c = &m->increment.catalogs[i];
		unsigned char sha256[DIGEST_SHA256];

		if (c->bytes && content_put(m->store, c->bytes, c->size, sha256, err) < 0)
			return -1;
	}
	return 0;
}

static void drop_deltas(struct making *m)
{
	for (size_t i = 0; i < m->increment.catalog_count; i++) {
		const struct increment_catalog *c = &m->increment.catalogs[i];
		struct error ignored = ERROR_INIT; /* then it stays, as garbage */
		struct stored_object o;

		if (c->bytes && stored_find(m->store, c->sha256, &o, &ignored) == 0)
			content_forget(m->store, c->sha256);
	}
}

int bundle_write(struct store *s, const struct bundle_request *request, struct bundle_result *out,
		 struct error *err)
{
	CLEANUP(making_clear)
	struct making m = { .store = s, .request = request, .trust_dir = -1, .top = -1, .dir = -1 };
	CLEANUP(buf_clear) struct buf text = BUF_INIT(LIMIT_MANIFEST_BYTES);
	unsigned char digest[DIGEST_SHA256];

	*out = (struct bundle_result){ 0 };
	if (prepare(&m, err) < 0 || fill_manifest(&m, err) < 0 || open_target(&m, err) < 0)
		return -1;
	m.chunks = chunk_table_new();
	progress_begin(request->progress, "writing", m.plan.layout.bytes);
	int failed = put_deltas(&m, err) < 0 ||
		     write_volumes(&(struct write_request){ .store = s,
							    .objects = m.objects,
							    .dir = m.dir,
							    .threads = request->threads,
							    .progress = request->progress,
							    .parity = request->parity,
							    .spares = request->spares },
				   m.chunks, err) < 0;
	drop_deltas(&m);
	progress_end(request->progress);
	if (failed ||
	    tables_save(m.dir, m.objects, m.chunks, &m.manifest, &m.object_lines, err) < 0 ||
	    save_small_files(&m, err) < 0 || sign(&m, &text, digest, err) < 0 ||
	    record(&m, &text, digest, err) < 0 || publish(&m, err) < 0)
		return -1;
	report(&m, digest, out);
	return 0;
}
