/* What a trust root revokes: written, found, and never taken back. */
#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/str.h"
#include "lib/crypto/trust_internal.h"

#include <inttypes.h>
#include <string.h>

int trust_compare_revoked(const void *a, const void *b)
{
	const struct trust_revoked_key *x = a, *y = b;

	return memcmp(x->id, y->id, sizeof x->id);
}

int trust_compare_revoked_bundles(const void *a, const void *b)
{
	const struct trust_revoked_bundle *x = a, *y = b;
	int order = strcmp(x->channel, y->channel);

	if (order != 0)
		return order;
	if (x->epoch != y->epoch)
		return x->epoch < y->epoch ? -1 : 1;
	if (x->sequence != y->sequence)
		return x->sequence < y->sequence ? -1 : 1;
	return memcmp(x->manifest, y->manifest, sizeof x->manifest);
}

int trust_write_revoked(const struct trust *t, struct buf *out, struct error *err)
{
	char hex[DIGEST_HEX];

	for (size_t i = 0; i < t->revoked_key_count; i++) {
		const struct trust_revoked_key *r = &t->revoked_keys[i];
		char since[STR_TIME_SIZE] = "-";

		str_to_hex(r->id, sizeof r->id, hex);
		if (r->timed)
			str_from_time(r->since, since);
		if (buf_printf(out, err, "revoked-key %s %s %s\n", hex, since, r->reason) < 0)
			return -1;
	}
	for (size_t i = 0; i < t->revoked_bundle_count; i++) {
		const struct trust_revoked_bundle *r = &t->revoked_bundles[i];

		str_to_hex(r->manifest, sizeof r->manifest, hex);
		if (buf_printf(out, err, "revoked-bundle %s %" PRIu32 " %" PRIu64 " %s %s\n",
			       r->channel, r->epoch, r->sequence, hex, r->reason) < 0)
			return -1;
	}
	return 0;
}

const struct trust_revoked_key *trust_find_revoked(const struct trust *t,
						   const unsigned char id[DIGEST_SHA256])
{
	for (size_t i = 0; i < t->revoked_key_count; i++)
		if (memcmp(t->revoked_keys[i].id, id, DIGEST_SHA256) == 0)
			return &t->revoked_keys[i];
	return NULL;
}

bool trust_counts(const struct trust *t, const unsigned char id[DIGEST_SHA256], int64_t when)
{
	const struct trust_revoked_key *r = trust_find_revoked(t, id);

	return !r || (r->timed && when < r->since);
}

const struct trust_revoked_bundle *
trust_find_revoked_bundle(const struct trust *t, const unsigned char manifest[DIGEST_SHA256])
{
	for (size_t i = 0; i < t->revoked_bundle_count; i++)
		if (memcmp(t->revoked_bundles[i].manifest, manifest, DIGEST_SHA256) == 0)
			return &t->revoked_bundles[i];
	return NULL;
}

int trust_check_bundle(const struct trust *t, const unsigned char manifest[DIGEST_SHA256],
		       struct error *err)
{
	const struct trust_revoked_bundle *r = trust_find_revoked_bundle(t, manifest);

	if (!r)
		return 0;
	return error_set(err, ERROR_TRUST_REVOKED_BUNDLE,
			 "trust root version %u revokes it as %s epoch %" PRIu32
			 " sequence %" PRIu64 ": %s",
			 t->version, r->channel, r->epoch, r->sequence, r->reason);
}

int trust_check_growth(const struct trust *t, const struct trust *previous, struct error *err)
{
	if (t->format < previous->format)
		return error_set(err, ERROR_TRUST_UNREVOKED,
				 "format %u after %u: it has no revocations", t->format,
				 previous->format);
	for (size_t i = 0; i < previous->revoked_key_count; i++) {
		const struct trust_revoked_key *old = &previous->revoked_keys[i];
		const struct trust_revoked_key *now = trust_find_revoked(t, old->id);

		if (!now || (now->timed && (!old->timed || now->since > old->since)))
			return error_set(err, ERROR_TRUST_UNREVOKED,
					 "key %s is not revoked any more, or from a later time on",
					 old->short_id);
	}
	for (size_t i = 0; i < previous->revoked_bundle_count; i++) {
		const struct trust_revoked_bundle *old = &previous->revoked_bundles[i];

		if (!trust_find_revoked_bundle(t, old->manifest))
			return error_set(err, ERROR_TRUST_UNREVOKED,
					 "%s sequence %" PRIu64 " is not revoked any more",
					 old->channel, old->sequence);
	}
	return 0;
}
