#include "verifier/origin_report.h"

#include "lib/base/error.h"
#include "lib/base/str.h"
#include "lib/crypto/digest.h"
#include "media/manifest.h"
#include "verifier/origin.h"
#include "verifier/verify.h"

#include <stdio.h>

json_t *origin_report_row(size_t n, const unsigned char digest[32], const struct manifest *m)
{
	char hex[DIGEST_HEX], sites[MANIFEST_SITES_SIZE], created[STR_TIME_SIZE];

	str_to_hex(digest, DIGEST_SHA256, hex);
	json_t *row = json_pack("{s:I, s:s}", "origin", (json_int_t)n, "manifest_sha256", hex);

	if (m) {
		manifest_sites(m, sites);
		str_from_time(m->created, created);
		json_object_update_new(row, json_pack("{s:s, s:s, s:I, s:I, s:s}", "channel",
						      m->channel, "audience", sites, "epoch",
						      (json_int_t)m->epoch, "sequence",
						      (json_int_t)m->sequence, "created", created));
	}
	return row;
}

json_t *origin_report(const struct verified_bundle *b)
{
	const struct manifest *m = verify_manifest(b);
	json_t *rows = json_array();

	for (size_t n = 1; n <= m->origin_count; n++) {
		struct error unreadable = ERROR_INIT; /* its digest is the right one all the same */
		struct manifest before;
		int row = origin_manifest(b, n, &before, &unreadable);

		json_array_append_new(
			rows, origin_report_row(n, m->origins[n - 1], row == 1 ? &before : NULL));
	}
	return rows;
}

static const char *text_of(const json_t *row, const char *key)
{
	return json_string_value(json_object_get(row, key));
}

static long long number_of(const json_t *row, const char *key)
{
	return json_integer_value(json_object_get(row, key));
}

void origin_report_print(const json_t *rows)
{
	const json_t *row;
	size_t i;

	json_array_foreach(rows, i, row)
	{
		printf("came through %lld: ", number_of(row, "origin"));
		if (text_of(row, "channel"))
			printf("channel %s to %s, epoch %lld, sequence %lld, made %s, ",
			       text_of(row, "channel"), text_of(row, "audience"),
			       number_of(row, "epoch"), number_of(row, "sequence"),
			       text_of(row, "created"));
		printf("MANIFEST SHA-256 %s\n", text_of(row, "manifest_sha256"));
	}
}
