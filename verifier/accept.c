#include "verifier/accept.h"

#include "lib/base/error.h"
#include "lib/base/str.h"
#include "media/manifest.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

static bool same(const unsigned char *a, const unsigned char *b)
{
	return memcmp(a, b, 32) == 0;
}

int accept_fresh(const struct manifest *m, int64_t now, struct error *err)
{
	char then[STR_TIME_SIZE], today[STR_TIME_SIZE];

	str_from_time(now, today);
	if (now > m->expires) {
		str_from_time(m->expires, then);
		return error_set(err, ERROR_BUNDLE_EXPIRED, "expired at %s, it is %s", then, today);
	}
	if (m->created > now && m->created - now > ACCEPT_FUTURE_SECONDS) {
		str_from_time(m->created, then);
		return error_set(err, ERROR_BUNDLE_FUTURE, "made at %s, but it is only %s", then,
				 today);
	}
	return 0;
}

/* Sequences that are not newer than ours: the same bundle, an older one, or a second history. */
static int decide_not_newer(const struct accept_state *s, const struct manifest *m,
			    const unsigned char digest[32], enum accept_decision *out,
			    struct error *err)
{
	const unsigned char *known = s->same;

	if (!known && s->has_manifest && m->sequence == s->sequence)
		known = s->manifest;
	if (known && !same(known, digest))
		return error_set(err, ERROR_REPLAY_FORK,
				 "sequence %llu was accepted before with another MANIFEST",
				 (unsigned long long)m->sequence);
	if (m->sequence == s->sequence && s->has_manifest && same(s->manifest, digest)) {
		*out = ACCEPT_ALREADY;
		return 0;
	}
	return error_set(err, ERROR_REPLAY_OLDER, "sequence %llu, but %llu was accepted already",
			 (unsigned long long)m->sequence, (unsigned long long)s->sequence);
}

static int wrong_channel(const struct accept_state *s, const struct manifest *m, struct error *err)
{
	char others[32] = "";

	if (m->audience_count > 1)
		snprintf(others, sizeof others, " and %zu more", m->audience_count - 1);
	return error_set(err, ERROR_CHANNEL_WRONG,
			 "made for channel %s, site %s%s; this is channel %s, site %s", m->channel,
			 m->audience_count ? m->audiences[0] : "-", others, s->channel,
			 s->audience);
}

int accept_decide(const struct accept_state *s, const struct manifest *m,
		  const unsigned char digest[32], int64_t now, enum accept_decision *out,
		  struct error *err)
{
	assert(!s->has_manifest || s->manifest);
	if (strcmp(s->channel, m->channel) != 0 || !manifest_is_for(m, s->audience))
		return wrong_channel(s, m, err);
	if (m->epoch < s->epoch)
		return error_set(err, ERROR_REPLAY_OLDER,
				 "epoch %u, but this channel is at epoch %u", m->epoch, s->epoch);
	if (m->epoch > s->epoch)
		return error_set(err, ERROR_REPLAY_EPOCH,
				 "epoch %u, but this channel is at epoch %u", m->epoch, s->epoch);
	if (m->sequence <= s->sequence)
		return decide_not_newer(s, m, digest, out, err);
	if (s->sequence > 0 && m->sequence - s->sequence > ACCEPT_JUMP_MAX)
		return error_set(err, ERROR_REPLAY_JUMP,
				 "sequence %llu after %llu, at most %d further",
				 (unsigned long long)m->sequence, (unsigned long long)s->sequence,
				 ACCEPT_JUMP_MAX);
	/* What our newest names as its past is under its digest: no older one needs comparing. */
	const unsigned char *past = s->has_manifest ? manifest_past(m, s->sequence) : NULL;
	if (past && !same(s->manifest, past))
		return error_set(err, ERROR_REPLAY_FORK,
				 "sequence %llu follows another bundle than the %llu accepted here",
				 (unsigned long long)m->sequence, (unsigned long long)s->sequence);
	/* A clock set back must not bring an expired bundle to life. */
	int64_t latest = now > s->time_floor ? now : s->time_floor;
	if (latest > m->expires && latest <= s->overridden) {
		*out = ACCEPT_EXPIRED;
		return 0;
	}
	if (accept_fresh(m, latest, err) < 0)
		return -1;
	*out = ACCEPT_NEW;
	return 0;
}
