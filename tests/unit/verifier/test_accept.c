/* The sequence state machine, as a table. */
#include "verifier/accept.h"

#include "lib/base/error.h"
#include "media/manifest.h"
#include "tests/unit/unit.h"

#define DAY INT64_C(86400)
#define NOW INT64_C(1800000000)

/* Digests are named by the byte they repeat; 0 is "not known". */
struct row {
	const char *what;
	/* state */
	uint32_t epoch;
	uint64_t sequence;
	unsigned char newest, same;
	int64_t floor;
	/* bundle */
	uint32_t offered_epoch;
	uint64_t offered;
	unsigned char digest, previous;
	int64_t created, expires;
	/* answer */
	enum error_id id; /* ERROR_NONE: decision */
	enum accept_decision decision;
};

#define FRESH NOW - DAY, NOW + DAY

static const struct row rows[] = {
	/* the first bundle may have any sequence and any predecessor */
	{ "first is 1", 1, 0, 0, 0, 0, 1, 1, 'a', 0, FRESH, ERROR_NONE, ACCEPT_NEW },
	{ "first is 7", 1, 0, 0, 0, 0, 1, 7, 'a', 'x', FRESH, ERROR_NONE, ACCEPT_NEW },
	{ "first is 5000", 1, 0, 0, 0, 0, 1, 5000, 'a', 'x', FRESH, ERROR_NONE, ACCEPT_NEW },
	{ "first is the last", 1, 0, 0, 0, 0, 1, UINT64_MAX, 'a', 'x', FRESH, ERROR_NONE,
	  ACCEPT_NEW },
	/* the next one names the newest */
	{ "next", 1, 5, 'a', 0, 0, 1, 6, 'b', 'a', FRESH, ERROR_NONE, ACCEPT_NEW },
	{ "next of another", 1, 5, 'a', 0, 0, 1, 6, 'b', 'x', FRESH, ERROR_REPLAY_FORK, 0 },
	{ "next, digest forgotten", 1, 5, 0, 0, 0, 1, 6, 'b', 'x', FRESH, ERROR_NONE, ACCEPT_NEW },
	{ "next but one: cannot tell", 1, 5, 'a', 0, 0, 1, 7, 'b', 'x', FRESH, ERROR_NONE,
	  ACCEPT_NEW },
	/* how far a backlog may reach */
	{ "999 further", 1, 5, 'a', 0, 0, 1, 1004, 'b', 'x', FRESH, ERROR_NONE, ACCEPT_NEW },
	{ "1000 further", 1, 5, 'a', 0, 0, 1, 1005, 'b', 'x', FRESH, ERROR_NONE, ACCEPT_NEW },
	{ "1001 further", 1, 5, 'a', 0, 0, 1, 1006, 'b', 'x', FRESH, ERROR_REPLAY_JUMP, 0 },
	{ "to the end", 1, 5, 'a', 0, 0, 1, UINT64_MAX, 'b', 'x', FRESH, ERROR_REPLAY_JUMP, 0 },
	{ "at the end", 1, UINT64_MAX - 1, 'a', 0, 0, 1, UINT64_MAX, 'b', 'a', FRESH, ERROR_NONE,
	  ACCEPT_NEW },
	{ "end again", 1, UINT64_MAX, 'a', 'a', 0, 1, UINT64_MAX, 'a', 'x', FRESH, ERROR_NONE,
	  ACCEPT_ALREADY },
	/* the same sequence */
	{ "same bundle", 1, 5, 'a', 'a', 0, 1, 5, 'a', 'z', FRESH, ERROR_NONE, ACCEPT_ALREADY },
	{ "same bundle, no record of it", 1, 5, 'a', 0, 0, 1, 5, 'a', 'z', FRESH, ERROR_NONE,
	  ACCEPT_ALREADY },
	{ "same sequence, other bundle", 1, 5, 'a', 'a', 0, 1, 5, 'b', 'z', FRESH,
	  ERROR_REPLAY_FORK, 0 },
	{ "other bundle, no record", 1, 5, 'a', 0, 0, 1, 5, 'b', 'z', FRESH, ERROR_REPLAY_FORK, 0 },
	{ "same sequence, nothing known", 1, 5, 0, 0, 0, 1, 5, 'a', 'z', FRESH, ERROR_REPLAY_OLDER,
	  0 },
	/* older ones */
	{ "older", 1, 5, 'a', 'b', 0, 1, 4, 'b', 'z', FRESH, ERROR_REPLAY_OLDER, 0 },
	{ "older, never seen", 1, 5, 'a', 0, 0, 1, 4, 'b', 'z', FRESH, ERROR_REPLAY_OLDER, 0 },
	{ "older, other history", 1, 5, 'a', 'c', 0, 1, 4, 'b', 'z', FRESH, ERROR_REPLAY_FORK, 0 },
	{ "oldest", 1, 5, 'a', 0, 0, 1, 1, 'b', 0, FRESH, ERROR_REPLAY_OLDER, 0 },
	{ "the newest under an older number", 1, 5, 'a', 0, 0, 1, 4, 'a', 0, FRESH,
	  ERROR_REPLAY_OLDER, 0 },
	/* epochs */
	{ "epoch before", 2, 5, 'a', 0, 0, 1, 6, 'b', 'a', FRESH, ERROR_REPLAY_OLDER, 0 },
	{ "epoch after", 2, 5, 'a', 0, 0, 3, 6, 'b', 'a', FRESH, ERROR_REPLAY_EPOCH, 0 },
	{ "epoch after, first", 1, 0, 0, 0, 0, 2, 1, 'b', 0, FRESH, ERROR_REPLAY_EPOCH, 0 },
	/* expiry: the last second still counts */
	{ "last second", 1, 0, 0, 0, 0, 1, 1, 'a', 0, NOW - DAY, NOW, ERROR_NONE, ACCEPT_NEW },
	{ "a second late", 1, 0, 0, 0, 0, 1, 1, 'a', 0, NOW - DAY, NOW - 1, ERROR_BUNDLE_EXPIRED,
	  0 },
	{ "expired but known", 1, 5, 'a', 'a', 0, 1, 5, 'a', 0, NOW - 2 * DAY, NOW - DAY,
	  ERROR_NONE, ACCEPT_ALREADY },
	{ "expired and older", 1, 5, 'a', 0, 0, 1, 4, 'b', 0, NOW - 2 * DAY, NOW - DAY,
	  ERROR_REPLAY_OLDER, 0 },
	/* made in the future: clocks may differ by two days */
	{ "48 h ahead", 1, 0, 0, 0, 0, 1, 1, 'a', 0, NOW + 2 * DAY, NOW + 9 * DAY, ERROR_NONE,
	  ACCEPT_NEW },
	{ "and a second", 1, 0, 0, 0, 0, 1, 1, 'a', 0, NOW + 2 * DAY + 1, NOW + 9 * DAY,
	  ERROR_BUNDLE_FUTURE, 0 },
	/* the floor: our clock may be wrong, what we accepted before is not */
	{ "clock behind the floor", 1, 5, 'a', 0, NOW + 5 * DAY, 1, 6, 'b', 'a', NOW, NOW + 5 * DAY,
	  ERROR_NONE, ACCEPT_NEW },
	{ "expired before the floor", 1, 5, 'a', 0, NOW + 5 * DAY, 1, 6, 'b', 'a', NOW,
	  NOW + 5 * DAY - 1, ERROR_BUNDLE_EXPIRED, 0 },
	{ "48 h after the floor", 1, 5, 'a', 0, NOW + 5 * DAY, 1, 6, 'b', 'a', NOW + 7 * DAY,
	  NOW + 9 * DAY, ERROR_NONE, ACCEPT_NEW },
	{ "and a second more", 1, 5, 'a', 0, NOW + 5 * DAY, 1, 6, 'b', 'a', NOW + 7 * DAY + 1,
	  NOW + 9 * DAY, ERROR_BUNDLE_FUTURE, 0 },
	{ "floor in the past", 1, 5, 'a', 0, NOW - 5 * DAY, 1, 6, 'b', 'a', NOW - DAY, NOW - 1,
	  ERROR_BUNDLE_EXPIRED, 0 },
	/* the worse verdict comes first */
	{ "fork before expiry", 1, 5, 'a', 0, 0, 1, 6, 'b', 'x', NOW - 2 * DAY, NOW - DAY,
	  ERROR_REPLAY_FORK, 0 },
	{ "jump before expiry", 1, 5, 'a', 0, 0, 1, 2000, 'b', 'x', NOW - 2 * DAY, NOW - DAY,
	  ERROR_REPLAY_JUMP, 0 },
};

static void fill(unsigned char out[32], unsigned char value)
{
	memset(out, value, 32);
}

static void every_row_of_the_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct row *r = &rows[i];
		unsigned char newest[32], same[32], digest[32];
		struct manifest m = { .channel = "c",
				      .audience_count = 1,
				      .audiences = { "a" },
				      .epoch = r->offered_epoch,
				      .sequence = r->offered,
				      .created = r->created,
				      .expires = r->expires };
		struct accept_state s = { .channel = "c",
					  .audience = "a",
					  .epoch = r->epoch,
					  .sequence = r->sequence,
					  .has_manifest = r->newest != 0,
					  .manifest = newest,
					  .same = r->same ? same : NULL,
					  .time_floor = r->floor };
		enum accept_decision decision = (enum accept_decision)99;
		struct error err = ERROR_INIT;

		fill(newest, r->newest);
		fill(same, r->same);
		fill(digest, r->digest);
		fill(m.previous, r->previous);
		int result = accept_decide(&s, &m, digest, NOW, &decision, &err);
		if (err.id != r->id || (result == 0) != (r->id == ERROR_NONE) ||
		    (result == 0 && decision != r->decision))
			fail_msg("%s: %s \"%s\", want %s", r->what, error_id_text(err.id),
				 err.message, error_id_text(r->id));
		if (result < 0)
			assert_int_equal(err.class, ERROR_CLASS_REPLAY);
	}
}

static void only_its_own_channel_and_site(void **state)
{
	static const struct {
		const char *channel, *audience;
		enum error_id id;
	} names[] = {
		{ "plant", "site1", ERROR_NONE },
		{ "Plant", "site1", ERROR_CHANNEL_WRONG },
		{ "plant", "site2", ERROR_CHANNEL_WRONG },
		{ "plan", "site1", ERROR_CHANNEL_WRONG },
		{ "plant2", "site1", ERROR_CHANNEL_WRONG },
		{ "site1", "plant", ERROR_CHANNEL_WRONG },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		/* an older bundle: the wrong channel is said first */
		struct accept_state s = { .channel = "plant",
					  .audience = "site1",
					  .epoch = 1,
					  .sequence = names[i].id ? 9 : 0 };
		struct manifest m = {
			.epoch = 1, .sequence = 1, .created = NOW, .expires = NOW + 1
		};
		unsigned char digest[32] = { 0 };
		enum accept_decision decision;
		struct error err = ERROR_INIT;

		memcpy(m.channel, names[i].channel, strlen(names[i].channel));
		m.audience_count = 1;
		memcpy(m.audiences[0], names[i].audience, strlen(names[i].audience));
		assert_int_equal(accept_decide(&s, &m, digest, NOW, &decision, &err),
				 names[i].id ? -1 : 0);
		assert_int_equal(err.id, names[i].id);
	}
}

/* The offered bundle is sequence 9; it names 4 to 7, and 8 as its previous. */
static void history_shows_a_fork_across_gaps(void **state)
{
	static const struct {
		uint64_t newest;
		unsigned char ours;
		enum error_id id;
	} cases[] = {
		{ 8, 'p', ERROR_NONE }, { 8, 'x', ERROR_REPLAY_FORK },
		{ 7, 7, ERROR_NONE },   { 7, 'x', ERROR_REPLAY_FORK },
		{ 5, 5, ERROR_NONE },   { 5, 'x', ERROR_REPLAY_FORK },
		{ 4, 4, ERROR_NONE },   { 4, 5, ERROR_REPLAY_FORK },
		{ 3, 'x', ERROR_NONE }, /* before its history: cannot tell */
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		unsigned char newest[32], digest[32];
		struct accept_state s = { .channel = "c",
					  .audience = "b",
					  .epoch = 1,
					  .sequence = cases[i].newest,
					  .has_manifest = true,
					  .manifest = newest };
		struct manifest m = { .channel = "c",
				      .audience_count = 3,
				      .audiences = { "a", "b", "c" },
				      .epoch = 1,
				      .sequence = 9,
				      .history_count = 4,
				      .created = NOW,
				      .expires = NOW + 1 };
		enum accept_decision decision;
		struct error err = ERROR_INIT;

		fill(newest, cases[i].ours);
		fill(digest, 'd');
		fill(m.previous, 'p');
		for (unsigned char k = 0; k < 4; k++) {
			m.history[k].sequence = 4u + k;
			fill(m.history[k].sha256, (unsigned char)(4 + k));
		}
		assert_int_equal(accept_decide(&s, &m, digest, NOW, &decision, &err),
				 cases[i].id ? -1 : 0);
		assert_int_equal(err.id, cases[i].id);
		s.audience = "d";
		error_clear(&err);
		assert_int_equal(accept_decide(&s, &m, digest, NOW, &decision, &err), -1);
		assert_error(err, ERROR_CHANNEL_WRONG,
			     "site a and 2 more; this is channel c, site d");
	}
}

static void freshness_alone(void **state)
{
	static const struct {
		int64_t created, expires, now;
		enum error_id id;
	} times[] = {
		{ 0, 1, 0, ERROR_NONE },
		{ 0, 1, 1, ERROR_NONE },
		{ 0, 1, 2, ERROR_BUNDLE_EXPIRED },
		{ ACCEPT_FUTURE_SECONDS, INT64_MAX, 0, ERROR_NONE },
		{ ACCEPT_FUTURE_SECONDS + 1, INT64_MAX, 0, ERROR_BUNDLE_FUTURE },
		{ 253402300798, 253402300799, 0, ERROR_BUNDLE_FUTURE },
		{ 0, 253402300799, 253402300799, ERROR_NONE },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(times); i++) {
		struct manifest m = { .created = times[i].created, .expires = times[i].expires };
		struct error err = ERROR_INIT;

		assert_int_equal(accept_fresh(&m, times[i].now, &err), times[i].id ? -1 : 0);
		assert_int_equal(err.id, times[i].id);
	}
}

/* How far a permission reaches: expiry, and nothing else. */
static void permission(void **state)
{
	static const struct {
		int64_t until, floor, created, expires;
		uint64_t sequence;
		enum error_id id;
		enum accept_decision decision;
	} permits[] = {
		{ NOW, 0, NOW - 2 * DAY, NOW - DAY, 6, ERROR_NONE, ACCEPT_EXPIRED },
		{ NOW - 1, 0, NOW - 2 * DAY, NOW - DAY, 6, ERROR_BUNDLE_EXPIRED, 0 },
		{ NOW, NOW + 1, NOW - 2 * DAY, NOW - DAY, 6, ERROR_BUNDLE_EXPIRED, 0 },
		{ NOW, 0, NOW - 2 * DAY, NOW, 6, ERROR_NONE, ACCEPT_NEW },
		{ NOW + 9 * DAY, 0, NOW + 3 * DAY, NOW + 4 * DAY, 6, ERROR_BUNDLE_FUTURE, 0 },
		{ NOW, 0, NOW - 2 * DAY, NOW - DAY, 4, ERROR_REPLAY_OLDER, 0 },
		{ NOW, 0, NOW - 2 * DAY, NOW - DAY, 5, ERROR_REPLAY_FORK, 0 },
		{ NOW, 0, NOW - 2 * DAY, NOW - DAY, 2000, ERROR_REPLAY_JUMP, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(permits); i++) {
		unsigned char newest[32], digest[32];
		struct manifest m = { .channel = "c",
				      .audience_count = 1,
				      .audiences = { "a" },
				      .epoch = 1,
				      .sequence = permits[i].sequence,
				      .created = permits[i].created,
				      .expires = permits[i].expires };
		struct accept_state s = { .channel = "c",
					  .audience = "a",
					  .epoch = 1,
					  .sequence = 5,
					  .has_manifest = true,
					  .manifest = newest,
					  .time_floor = permits[i].floor,
					  .overridden = permits[i].until };
		enum accept_decision decision;
		struct error err = ERROR_INIT;

		fill(newest, 'a');
		fill(digest, 'b');
		memcpy(m.previous, newest, sizeof newest);
		int result = accept_decide(&s, &m, digest, NOW, &decision, &err);
		assert_int_equal(err.id, permits[i].id);
		if (result == 0)
			assert_int_equal(decision, permits[i].decision);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(permission),
		cmocka_unit_test(every_row_of_the_table),
		cmocka_unit_test(only_its_own_channel_and_site),
		cmocka_unit_test(history_shows_a_fork_across_gaps),
		cmocka_unit_test(freshness_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
