#include "verifier/care/medium_note.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/store/ledger_rows.h"
#include "media/ledger.h"
#include "media/manifest.h"
#include "media/volume.h"
#include "verifier/care/ledger_verbs.h"
#include "verifier/care/medium.h"
#include "verifier/verify.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MEDIA_MAX = 256 };

/* ---- writing ---- */

/* "1-4,7": what does not fit ends with "...". */
static void add_span(char *text, uint32_t first, uint32_t last)
{
	size_t used = strlen(text), room = MEDIUM_NOTE_LIST - used;
	const char *comma = used ? "," : "";

	if (used > 0 && text[used - 1] == '.')
		return;
	if (room < 32)
		snprintf(text + used, room, "%s...", comma);
	else if (first == last)
		snprintf(text + used, room, "%s%u", comma, first);
	else
		snprintf(text + used, room, "%s%u-%u", comma, first, last);
}

/* The numbers of all files of one kind; a volume in several segments counts once. */
static void list_numbers(const struct file_list *files, enum volume_file_kind kind, char *text)
{
	uint32_t first = 0, last = 0;

	text[0] = '\0';
	for (size_t i = 0; i < files->count; i++) {
		struct volume_file f;

		if (!volume_file_parse(files->names[i], strlen(files->names[i]), &f) ||
		    f.kind != kind || f.number == last)
			continue;
		if (first && f.number != last + 1) {
			add_span(text, first, last);
			first = 0;
		}
		if (!first)
			first = f.number;
		last = f.number;
	}
	if (first)
		add_span(text, first, last);
}

int medium_note_write(struct store *s, const struct verified_bundle *b, const char *path,
		      const struct file_list *files, const struct medium *m, struct error *err)
{
	static const struct {
		const char *key;
		enum volume_file_kind kind;
	} lists[] = { { "volumes", VOLUME_WHOLE },
		      { "segments-of", VOLUME_SEGMENT },
		      { "parity-of", VOLUME_PARITY },
		      { "spares", VOLUME_SPARE } };
	char name[MANIFEST_DIRECTORY_SIZE], text[MEDIUM_NOTE_LIST];
	struct ledger_body body;

	manifest_directory(verify_manifest(b), name);
	ledger_begin(&body, "media-write");
	ledger_text(&body, "bundle", name);
	ledger_digest(&body, "manifest", verify_manifest_digest(b));
	ledger_text(&body, "path", path);
	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
		list_numbers(files, lists[i].kind, text);
		ledger_text(&body, lists[i].key, text);
	}
	medium_add(m, &body);
	return ledger_rows_add(s, body.text, err);
}

/* ---- reading ---- */

struct known {
	char label[MEDIUM_VALUE_SIZE], serial[MEDIUM_VALUE_SIZE];
	char volumes[MEDIUM_NOTE_LIST], segments[MEDIUM_NOTE_LIST];
	bool read;
};

struct search {
	const char *bundle;
	struct known *all;
	size_t count, capacity;
};

static void search_clear(struct search *s)
{
	free(s->all);
}
DEFINE_CLEANUP_IN_PLACE(struct search, search_clear);

static bool fits(const char *known, const char *value)
{
	return !known[0] || !value || strcmp(known, value) == 0;
}

/* The medium of a record: the same label and serial number as far as both are stated. */
static struct known *find(struct search *s, const char *label, const char *serial)
{
	for (size_t i = 0; i < s->count; i++) {
		struct known *k = &s->all[i];
		bool shared = (k->label[0] && label) || (k->serial[0] && serial);

		if (shared && fits(k->label, label) && fits(k->serial, serial))
			return k;
	}
	if (s->count == MEDIA_MAX)
		return NULL;
	s->all = buf_grow(s->all, &s->capacity, s->count, sizeof *s->all);
	s->all[s->count] = (struct known){ .read = false };
	return &s->all[s->count++];
}

static void keep(char *field, size_t size, const char *value)
{
	if (value)
		snprintf(field, size, "%s", value);
}

static int on_record(void *ctx, const struct ledger_record *r, struct error *err)
{
	const char *bundle = ledger_value(r, "bundle"), *label = ledger_value(r, "label"),
		   *serial = ledger_value(r, "serial");
	struct search *s = ctx;

	(void)err;
	if (!bundle || strcmp(bundle, s->bundle) != 0 || (!label && !serial))
		return 0;
	struct known *k = find(s, label, serial);
	if (!k)
		return 0;
	keep(k->label, sizeof k->label, label);
	keep(k->serial, sizeof k->serial, serial);
	if (strcmp(r->event, "media-write") == 0) {
		k->volumes[0] = k->segments[0] = '\0';
		keep(k->volumes, sizeof k->volumes, ledger_value(r, "volumes"));
		keep(k->segments, sizeof k->segments, ledger_value(r, "segments-of"));
	}
	k->read |= strcmp(r->event, "incomplete") == 0 || strcmp(r->event, "import") == 0;
	return 0;
}

static int describe(const struct known *k, struct buf *out, struct error *err)
{
	bool both = k->label[0] && k->serial[0];

	return buf_printf(out, err, "%s%s%s%s%s%s%s%s%s\n", k->label[0] ? k->label : "",
			  both ? " (serial " : (k->label[0] ? "" : "serial "), k->serial,
			  both ? ")" : "", k->volumes[0] ? ": volumes " : "", k->volumes,
			  k->segments[0] ? "; segments of " : "", k->segments,
			  k->read ? "; read here" : "");
}

int medium_note_known(struct store *s, const char *bundle, struct buf *out, struct error *err)
{
	CLEANUP(search_clear) struct search search = { .bundle = bundle };
	struct ledger_reader reader = { .file = "ledger", .record = on_record, .ctx = &search };

	if (ledger_verbs_read(s, &reader, err) < 0)
		return -1;
	for (size_t i = 0; i < search.count; i++)
		if (describe(&search.all[i], out, err) < 0)
			return -1;
	return 0;
}
