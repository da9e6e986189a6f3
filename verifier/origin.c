#include "verifier/origin.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/limits.h"
#include "lib/base/str.h"
#include "lib/crypto/digest.h"
#include "lib/crypto/key.h"
#include "media/manifest.h"
#include "media/sum_table.h"
#include "verifier/verify.h"

#include <stdbool.h>
#include <string.h>

static const char folder[] = "origin/";

/* "<16 lower-case hex digits>.p7s" or ".pem" */
static bool is_signer_file(const char *kind)
{
	unsigned char id[(KEY_SHORT_SIZE - 1) / 2];
	const char *end = kind + KEY_SHORT_SIZE - 1;

	return strlen(kind) == KEY_SHORT_SIZE - 1 + 4 &&
	       str_from_hex(kind, KEY_SHORT_SIZE - 1, id, sizeof id) &&
	       (strcmp(end, ".p7s") == 0 || strcmp(end, ".pem") == 0);
}

/* "<n>.<kind>" with n from 1 to the number of origin lines. */
static int parse_name(const char *name, size_t lines, struct origin_file *out, struct error *err)
{
	const char *dot = strchr(name, '.');
	uint64_t n = 0;

	if (!dot || !str_to_u64(name, (size_t)(dot - name), lines, &n) || n < 1 ||
	    (strcmp(dot + 1, "MANIFEST") != 0 && !is_signer_file(dot + 1)))
		return error_set(err, ERROR_MEDIA_MISMATCH,
				 "%s%s: not a file of one of the %zu origins", folder, name, lines);
	out->n = (size_t)n;
	out->kind = dot + 1;
	return 0;
}

static int load(const struct verified_bundle *b, const struct sum_entry *entry,
		unsigned char **bytes, size_t *len, struct error *err)
{
	unsigned char digest[DIGEST_SHA256];
	int found = file_load(verify_dir(b), entry->name, LIMIT_MANIFEST_BYTES, bytes, len, err);

	if (found < 0)
		return -1;
	digest_sha256(*bytes, found ? *len : 0, digest);
	if (!found || memcmp(digest, entry->sha256, sizeof digest) != 0)
		return error_set(err, ERROR_BUNDLE_DIGEST, "%s: changed while it was read",
				 entry->name);
	return 0;
}

int origin_each(const struct verified_bundle *b,
		int (*file)(void *ctx, const struct origin_file *f, struct error *err), void *ctx,
		struct error *err)
{
	const struct sum_table *sums = verify_sums(b);
	const struct manifest *m = verify_manifest(b);

	for (size_t i = 0; i < sums->count; i++) {
		const struct sum_entry *entry = &sums->entries[i];
		CLEANUP(free) unsigned char *bytes = NULL;
		struct origin_file f;

		if (strncmp(entry->name, folder, strlen(folder)) != 0)
			continue;
		if (parse_name(entry->name + strlen(folder), m->origin_count, &f, err) < 0)
			return -1;
		if (strcmp(f.kind, "MANIFEST") == 0 &&
		    memcmp(entry->sha256, m->origins[f.n - 1], DIGEST_SHA256) != 0)
			return error_set(err, ERROR_MEDIA_MISMATCH,
					 "%s: not the MANIFEST that origin line %zu names",
					 entry->name, f.n);
		if (load(b, entry, &bytes, &f.len, err) < 0)
			return -1;
		f.bytes = bytes;
		int result = file(ctx, &f, err);
		if (result != 0)
			return result;
	}
	return 0;
}

static int pass(void *ctx, const struct origin_file *f, struct error *err)
{
	(void)ctx;
	(void)f;
	(void)err;
	return 0;
}

int origin_check(const struct verified_bundle *b, struct error *err)
{
	return origin_each(b, pass, NULL, err);
}

struct wanted {
	size_t n;
	struct manifest *out;
};

static int take_manifest(void *ctx, const struct origin_file *f, struct error *err)
{
	const struct wanted *w = ctx;

	if (f->n != w->n || strcmp(f->kind, "MANIFEST") != 0)
		return 0;
	if (manifest_parse(f->bytes, f->len, w->out, err) < 0)
		return error_wrap(err, "%s%zu.MANIFEST", folder, f->n);
	return 1;
}

int origin_manifest(const struct verified_bundle *b, size_t n, struct manifest *out,
		    struct error *err)
{
	struct wanted w = { n, out };

	return origin_each(b, take_manifest, &w, err);
}
