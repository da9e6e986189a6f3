#include "lib/unpack/unpack.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/limits.h"
#include "lib/crypto/digest.h"
#include "lib/sandbox/sandbox_message.h"
#include "lib/unpack/unpack_worker.h"

#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct worker {
	_Atomic bool busy;
	struct sandbox_process process;
	struct unpack_worker *here; /* NULL with a process */
};

struct unpack {
	unsigned count;          /* of each set */
	struct worker workers[]; /* one set after the other */
};

/*
 * Libraries set themselves up at their first use, which takes files and system calls that a worker
 * does not have.
 */
static void warm_up(void)
{
	static const char text[] = "<a/>";
	CLEANUP(unpack_worker_free) struct unpack_worker *w = unpack_worker_new();
	CLEANUP(buf_clear) struct buf packed = BUF_INIT(4096), request = BUF_INIT(4096);
	CLEANUP(buf_clear) struct buf out = BUF_INIT(4096);
	CLEANUP(pack_builder_free) struct pack_builder *b = pack_builder_new();
	struct unpack_ask open = { .verb = UNPACK_OPEN },
			  parse = { .verb = UNPACK_PARSE, .items = 2 };
	struct unpack_item items[] = { { 0, 'c' }, { 0, 'u' } };
	unsigned char sha256[DIGEST_SHA256];
	struct error ignored = ERROR_INIT; /* a small pack of our own fits */

	digest_sha256(text, sizeof text - 1, sha256);
	pack_builder_add(b, sha256, text, sizeof text - 1);
	if (pack_builder_finish(b, &packed, &ignored) < 0 ||
	    buf_append(&request, &open, sizeof open, &ignored) < 0 ||
	    buf_append(&request, packed.bytes, packed.len, &ignored) < 0 ||
	    unpack_worker_answer(w, request.bytes, request.len, &out, &ignored) < 0)
		return;
	request.len = 0;
	if (buf_append(&request, &parse, sizeof parse, &ignored) < 0 ||
	    buf_append(&request, items, sizeof items, &ignored) < 0 ||
	    unpack_worker_answer(w, request.bytes, request.len, &out, &ignored) < 0)
		return;
}

struct unpack *unpack_new(const struct unpack_options *o, struct error *err)
{
	CLEANUP(unpack_free)
	struct unpack *u = buf_calloc(1, sizeof *u + UNPACK_SETS * o->workers * sizeof *u->workers);

	struct sandbox_child child = { .role = SANDBOX_UNPACK,
				       .run = o->run ? o->run : unpack_worker_run,
				       .patience = o->patience };

	for (unsigned i = 0; i < UNPACK_SETS * o->workers; i++)
		u->workers[i].process.fd = -1;
	u->count = o->workers;
	if (o->separate)
		warm_up();
	for (unsigned i = 0; i < UNPACK_SETS * o->workers; i++) {
		if (!o->separate)
			u->workers[i].here = unpack_worker_new();
		else if (sandbox_start(&child, &u->workers[i].process, err) < 0)
			return NULL;
	}
	return STEAL(u);
}

void unpack_free(struct unpack *u)
{
	if (!u)
		return;
	for (unsigned i = 0; i < UNPACK_SETS * u->count; i++) {
		unpack_worker_free(u->workers[i].here);
		sandbox_end(&u->workers[i].process);
	}
	free(u);
}

unsigned unpack_workers(const struct unpack *u)
{
	return u->count;
}

/* ---- one question ---- */

/* There are as many as may ask, so one of them is free, or will be at once. */
static struct worker *claim(struct unpack *u, enum unpack_set set)
{
	struct worker *workers = u->workers + (unsigned)set * u->count;

	for (;;) {
		for (unsigned i = 0; i < u->count; i++)
			if (!atomic_exchange(&workers[i].busy, true))
				return &workers[i];
		sched_yield();
	}
}

static void release(struct worker *w)
{
	w->busy = false;
}

/* One message there and one back; what was said is in out, behind its first byte. */
static int ask(struct worker *w, const struct unpack_ask *question, const void *bytes, size_t len,
	       struct buf *out, struct error *err)
{
	CLEANUP(buf_clear) struct buf request = BUF_INIT(LIMIT_SANDBOX_MESSAGE);

	if (buf_append(&request, question, sizeof *question, err) < 0 ||
	    buf_append(&request, bytes, len, err) < 0)
		return -1;
	if (!w->here)
		return sandbox_ask(&w->process, request.bytes, request.len, out, question->label,
				   err);
	out->len = 0;
	if (unpack_worker_answer(w->here, request.bytes, request.len, out, err) < 0)
		return -1;
	return sandbox_check_answer(out, question->label, err);
}

static struct unpack_ask question(enum unpack_verb verb, const char *label)
{
	struct unpack_ask q = { .verb = (uint32_t)verb };

	snprintf(q.label, sizeof q.label, "%s", label);
	return q;
}

int unpack_text(struct unpack *u, const void *bytes, size_t len, size_t max, const char *label,
		unsigned char **out, size_t *out_len, struct error *err)
{
	CLEANUP(buf_clear) struct buf answer = BUF_INIT(LIMIT_SANDBOX_MESSAGE);
	struct unpack_ask q = question(UNPACK_TEXT, label);
	struct worker *w = claim(u, UNPACK_FORWARDS);

	q.max = max;
	int failed = ask(w, &q, bytes, len, &answer, err);
	release(w);
	if (failed)
		return -1;
	*out_len = answer.len - 1;
	if (*out_len > max)
		return error_set(err, ERROR_SANDBOX_RECORD, "%s: %zu bytes, at most %zu", label,
				 *out_len, max);
	*out = buf_malloc(*out_len + 1);
	memcpy(*out, answer.bytes + 1, *out_len);
	(*out)[*out_len] = '\0';
	return 0;
}

/* ---- packs ---- */

void unpack_pack_clear(struct unpack_pack *p)
{
	free(p->entries);
	free(p->records);
	free(p->answer);
	*p = (struct unpack_pack){ .count = 0 };
}

/* Which fragments there are, and that they lie inside. */
static int take_entries(const struct buf *answer, const char *label, struct unpack_pack *p,
			struct error *err)
{
	struct unpack_opened opened = { .count = UINT64_MAX };
	size_t len = answer->len - 1;

	if (len >= sizeof opened)
		memcpy(&opened, answer->bytes + 1, sizeof opened);
	if (opened.count > LIMIT_PACK_ENTRIES || opened.len > LIMIT_PACK_BYTES ||
	    len != sizeof opened + opened.count * sizeof *p->entries)
		return error_set(err, ERROR_SANDBOX_RECORD, "%s: a pack that cannot be", label);
	p->count = (size_t)opened.count;
	p->len = (size_t)opened.len;
	p->entries = buf_calloc(p->count + 1, sizeof *p->entries);
	memcpy(p->entries, answer->bytes + 1 + sizeof opened, p->count * sizeof *p->entries);
	for (size_t i = 0; i < p->count; i++)
		if (p->entries[i].offset > p->len ||
		    p->entries[i].size > p->len - p->entries[i].offset)
			return error_set(err, ERROR_SANDBOX_RECORD,
					 "%s: fragment %zu lies outside of it", label, i + 1);
	return 0;
}

/* The record that a worker of that set makes as number i. */
static struct unpack_record *record_at(const struct unpack_pack *p, enum unpack_set set, size_t i)
{
	return &p->records[set == UNPACK_BACKWARDS ? p->record_count - 1 - i : i];
}

/* What is to be parsed: items for the worker, and places for the records. */
static int choose(const struct unpack_request *r, struct unpack_pack *p, struct buf *items,
		  struct error *err)
{
	for (size_t i = 0; i < p->count; i++) {
		char streams[UNPACK_STREAMS + 1] = "";

		r->streams(r->ctx, p->entries[i].sha256, streams);
		for (const char *s = streams; *s; s++) {
			p->records = buf_grow(p->records, &p->record_capacity, p->record_count,
					      sizeof *p->records);
			p->records[p->record_count++] =
				(struct unpack_record){ .entry = (uint32_t)i, .stream = *s };
		}
	}
	for (size_t i = 0; i < p->record_count; i++) {
		const struct unpack_record *record = record_at(p, r->set, i);
		struct unpack_item item = { record->entry, (unsigned char)record->stream };

		if (buf_append(items, &item, sizeof item, err) < 0)
			return -1;
	}
	return 0;
}

static int take_records(const struct unpack_request *r, struct buf *answer, struct unpack_pack *p,
			struct error *err)
{
	const char *label = r->label;
	size_t left = answer->len - 1;

	p->answer = buf_take(answer);
	const unsigned char *at = p->answer + 1;
	for (size_t i = 0; i < p->record_count; i++) {
		uint32_t len = UINT32_MAX;

		if (left >= sizeof len)
			memcpy(&len, at, sizeof len);
		if (left < sizeof len || len > left - sizeof len)
			return error_set(err, ERROR_SANDBOX_RECORD,
					 "%s: record %zu ends beyond the answer", label, i + 1);
		if (len > LIMIT_SANDBOX_RECORD)
			return error_set(err, ERROR_SANDBOX_RECORD,
					 "%s: record %zu has %u bytes, at most %u", label, i + 1,
					 len, LIMIT_SANDBOX_RECORD);
		struct unpack_record *record = record_at(p, r->set, i);
		record->bytes = at + sizeof len;
		record->len = len;
		at += sizeof len + len;
		left -= sizeof len + len;
	}
	if (left > 0)
		return error_set(err, ERROR_SANDBOX_RECORD, "%s: %zu bytes that nobody asked for",
				 label, left);
	return 0;
}

static int ask_for_pack(struct worker *w, const struct unpack_request *r, struct unpack_pack *p,
			struct error *err)
{
	CLEANUP(buf_clear) struct buf answer = BUF_INIT(LIMIT_SANDBOX_MESSAGE);
	CLEANUP(buf_clear) struct buf items = BUF_INIT(LIMIT_SANDBOX_MESSAGE / 2);
	struct unpack_ask open = question(UNPACK_OPEN, r->label);
	struct unpack_ask parse = question(UNPACK_PARSE, r->label);

	if (ask(w, &open, r->bytes, r->len, &answer, err) < 0 ||
	    take_entries(&answer, r->label, p, err) < 0 || choose(r, p, &items, err) < 0)
		return -1;
	if (p->record_count == 0)
		return 0;
	parse.items = (uint32_t)p->record_count;
	if (ask(w, &parse, items.bytes, items.len, &answer, err) < 0)
		return -1;
	return take_records(r, &answer, p, err);
}

int unpack_pack(struct unpack *u, const struct unpack_request *request, struct unpack_pack *out,
		struct error *err)
{
	CLEANUP(unpack_pack_clear) struct unpack_pack p = { .count = 0 };
	struct worker *w = claim(u, request->set);
	int failed = ask_for_pack(w, request, &p, err);

	release(w);
	if (failed)
		return -1;
	*out = p;
	p = (struct unpack_pack){ .count = 0 };
	return 0;
}

const struct unpack_record *unpack_find(const struct unpack_pack *p, size_t entry, char stream)
{
	size_t low = 0, high = p->record_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (p->records[middle].entry < entry)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < p->record_count && p->records[low].entry == entry; low++)
		if (p->records[low].stream == stream)
			return &p->records[low];
	return NULL;
}

void unpack_digest(const struct unpack_pack *p, unsigned char out[32])
{
	CLEANUP(digest_free) struct digest *d = digest_new(DIGEST_KIND_SHA256);

	digest_update(d, &p->len, sizeof p->len);
	digest_update(d, &p->count, sizeof p->count);
	digest_update(d, p->entries, p->count * sizeof *p->entries);
	for (size_t i = 0; i < p->record_count; i++) {
		const struct unpack_record *r = &p->records[i];

		/* Its length comes before it. */
		digest_update(d, r->bytes - sizeof(uint32_t), sizeof(uint32_t) + r->len);
	}
	digest_final(d, out);
}
