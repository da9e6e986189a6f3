/*
 * Is this bundle the one to accept now?  The sequence state machine of
 * docs/SECURITY.md: rollback, replay, fork, fast-forward, freeze, wrong site.
 * A pure function of what is remembered, what the bundle says and the clock.
 */
#ifndef VERIFIER_ACCEPT_H
#define VERIFIER_ACCEPT_H

#include <stdbool.h>
#include <stdint.h>

struct error;
struct manifest;

enum {
	ACCEPT_JUMP_MAX = 1000,            /* sequence numbers a backlog may span */
	ACCEPT_FUTURE_SECONDS = 48 * 3600, /* how far ahead of our clock a bundle may be made */
};

/* What the isolated side remembers of its channel. */
struct accept_state {
	const char *channel, *audience; /* of this site: one of those the bundle is for */
	uint32_t epoch;
	uint64_t sequence; /* 0: nothing accepted yet */
	bool has_manifest;
	const unsigned char
		*manifest;         /* SHA-256 of the newest accepted MANIFEST, if has_manifest */
	const unsigned char *same; /* SHA-256 remembered for the very sequence offered, or NULL */
	int64_t time_floor;        /* no accepted statement was made before this */
	int64_t overridden; /* two approvers let this MANIFEST in until then; 0: nobody did */
};

enum accept_decision {
	ACCEPT_NEW,     /* go on */
	ACCEPT_EXPIRED, /* go on, although it has expired: state->overridden says so */
	ACCEPT_ALREADY, /* this very bundle was imported: nothing to do */
};

/*
 * 0 with *out, or -1 with CHANNEL_WRONG, REPLAY_OLDER, REPLAY_FORK,
 * REPLAY_JUMP, REPLAY_EPOCH, BUNDLE_EXPIRED or BUNDLE_FUTURE.  digest is the
 * SHA-256 of the MANIFEST offered.  A bundle whose previous or history names
 * our newest sequence must name our newest MANIFEST.
 */
int accept_decide(const struct accept_state *state, const struct manifest *m,
		  const unsigned char digest[32], int64_t now, enum accept_decision *out,
		  struct error *err) __attribute__((nonnull, warn_unused_result));

/* Expiry alone, for a verifier that remembers nothing.  -1 with BUNDLE_EXPIRED or BUNDLE_FUTURE. */
int accept_fresh(const struct manifest *m, int64_t now, struct error *err)
	__attribute__((nonnull, warn_unused_result));

#endif
