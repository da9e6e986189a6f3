#include "importer/import_ledger.h"

#include "importer/import.h"
#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/limits.h"
#include "lib/crypto/digest.h"
#include "lib/crypto/trust.h"
#include "lib/store/ledger_rows.h"
#include "media/ledger.h"
#include "media/manifest.h"
#include "media/need.h"
#include "verifier/care/medium.h"
#include "verifier/verify.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void begin(struct ledger_body *body, const char *event, const struct verified_bundle *b)
{
	const struct trust_verdict *v = verify_signers(b);
	char name[MANIFEST_DIRECTORY_SIZE];

	manifest_directory(verify_manifest(b), name);
	ledger_begin(body, event);
	ledger_text(body, "bundle", name);
	ledger_digest(body, "manifest", verify_manifest_digest(b));
	for (size_t i = 0; i < v->count; i++) {
		char signer[KEY_HOLDER_SIZE + KEY_SHORT_SIZE + 16];

		snprintf(signer, sizeof signer, "%s %s %s", key_role_name(v->signers[i].role),
			 v->signers[i].holder, v->signers[i].short_id);
		ledger_text(body, "signer", signer);
	}
}

/* What waited came on a medium that its record "incomplete" names. */
static void add_medium(struct ledger_body *body, const struct import_request *request)
{
	if (request->waited)
		ledger_text(body, "waited", "yes");
	else
		medium_add(request->medium, body);
}

int import_ledger_add(struct store *s, const struct verified_bundle *b,
		      const struct import_request *request, const struct import_result *result,
		      struct error *err)
{
	struct ledger_body body;

	begin(&body, "import", b);
	ledger_digest(&body, "catalog-root", verify_manifest(b)->catalog_root);
	ledger_number(&body, "processed", result->processed);
	ledger_number(&body, "quarantined", result->quarantined);
	ledger_number(&body, "new-objects", result->new_objects);
	ledger_number(&body, "new-bytes", result->new_bytes);
	ledger_number(&body, "seconds", (clock_ticks() - request->started) / 1000);
	ledger_number(&body, "repaired", result->repaired_count);
	add_medium(&body, request);
	return ledger_rows_append(s, body.text, err);
}

void import_ledger_name(const struct import_result *result, char out[MANIFEST_DIRECTORY_SIZE])
{
	snprintf(out, MANIFEST_DIRECTORY_SIZE, "%s-%u-%llu", result->channel, result->epoch,
		 (unsigned long long)result->sequence);
}

int import_ledger_wait(struct store *s, const struct verified_bundle *b,
		       const struct import_request *request, const struct import_result *result,
		       const struct need *need, struct error *err)
{
	struct ledger_body body;

	if (request->waited)
		return 0;
	begin(&body, "incomplete", b);
	ledger_text(&body, "id", error_id_text(ERROR_IMPORT_INCOMPLETE));
	ledger_number(&body, "base", verify_manifest(b)->base);
	ledger_number(&body, "needed", need->object_count);
	ledger_number(&body, "needed-bytes", need_bytes(need));
	ledger_number(&body, "needed-listings", need->listing_count);
	ledger_number(&body, "repaired", result->repaired_count);
	add_medium(&body, request);
	return ledger_rows_append(s, body.text, err);
}

int import_ledger_again(struct store *s, const struct verified_bundle *b,
			const struct import_request *request, struct error *err)
{
	struct ledger_body body;

	begin(&body, "already", b);
	add_medium(&body, request);
	return ledger_rows_add(s, body.text, err);
}

/* The last component of the path, when it could be the name of a bundle. */
static void add_name(struct ledger_body *body, const char *path)
{
	size_t len = strlen(path);

	while (len > 0 && path[len - 1] == '/')
		len--;
	const char *slash = memrchr(path, '/', len), *name = slash ? slash + 1 : path;
	char text[MANIFEST_DIRECTORY_SIZE];
	len -= (size_t)(name - path);
	if (len < sizeof text && len > 0 && strcspn(name, "-") < len) {
		snprintf(text, sizeof text, "%.*s", (int)len, name);
		ledger_text(body, "bundle", text);
	}
}

/* Of the MANIFEST that lies there: nobody has proved it. */
static void add_offered(struct ledger_body *body, const char *path)
{
	CLEANUP(file_close) int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CLEANUP(free) unsigned char *bytes = NULL;
	unsigned char digest[DIGEST_SHA256];
	struct error ignored = ERROR_INIT;
	size_t len;

	if (dir < 0 ||
	    file_load(dir, "MANIFEST", LIMIT_MANIFEST_BYTES, &bytes, &len, &ignored) != 1)
		return;
	digest_sha256(bytes, len, digest);
	ledger_digest(body, "manifest", digest);
}

void import_ledger_refuse(struct store *s, const struct import_request *request,
			  const struct import_result *result, const struct error *failure)
{
	bool missing = failure->class == ERROR_CLASS_MISSING;
	struct error ignored = ERROR_INIT;
	struct ledger_body body;
	char name[MANIFEST_DIRECTORY_SIZE];

	/* A path where no bundle lies offers nothing. */
	if (failure->id == ERROR_BUNDLE_ABSENT)
		return;
	if (!missing && failure->class != ERROR_CLASS_INTEGRITY &&
	    failure->class != ERROR_CLASS_TRUST && failure->class != ERROR_CLASS_REPLAY)
		return;
	ledger_begin(&body, missing ? "incomplete" : "refused");
	if (failure->id == ERROR_IMPORT_VOLUMES || failure->id == ERROR_IMPORT_DAMAGED) {
		import_ledger_name(result, name);
		ledger_text(&body, "bundle", name);
	} else {
		add_name(&body, request->places[0]);
	}
	ledger_text(&body, "id", error_id_text(failure->id));
	ledger_text(&body, "path", request->places[0]);
	if (failure->id == ERROR_IMPORT_VOLUMES || failure->id == ERROR_IMPORT_DAMAGED)
		ledger_digest(&body, "manifest", result->manifest);
	else
		add_offered(&body, request->places[0]);
	ledger_text(&body, "message", failure->message);
	medium_add(request->medium, &body);
	if (ledger_rows_add(s, body.text, &ignored) < 0)
		error_clear(&ignored);
}
