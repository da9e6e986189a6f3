#include "lib/clients/event.h"

#include "lib/clients/clients_internal.h"
#include "lib/clients/compliance.h"
#include "tests/unit/lib/clients/clients_fixture.h"

#include <string.h>

/* A fixture whose computer "pc" has updates 1 to 5 approved. */
static int setup(void **state)
{
	clients_setup(state);
	struct fixture *f = *state;
	add_computer(f->clients, "pc", NOW);
	for (unsigned char u = 1; u <= 5; u++)
		approve(f->clients, u, GROUP_ALL, APPROVAL_INSTALL, NOW);
	return 0;
}

#define G(x) x "111111-1111-1111-1111-111111111111"

/* One event; time 0: now. */
static struct event_outcome send(struct fixture *f, int instance, int32_t id, int64_t time,
				 int64_t now, unsigned char update, int32_t result,
				 const char *const *misc)
{
	struct error err = ERROR_INIT;
	struct event e = { .event_id = id,
			   .namespace_id = 1,
			   .time_at_target = time,
			   .result = result,
			   .misc = misc };
	struct event_outcome out;

	e.instance[0] = (unsigned char)instance;
	e.instance[1] = (unsigned char)(instance >> 8);
	if (update)
		guid(e.update_id, update);
	while (misc && misc[e.misc_count])
		e.misc_count++;
	const struct event_batch batch = {
		.client_id = "PC", .now = now, .events = &e, .count = 1
	};
	assert_int_equal(event_store(f->clients, &batch, &out, &err), 0);
	assert_no_error(err);
	return out;
}

/* States of updates 1 to 5 as letters: - unknown, . not applicable, n d i r f. */
static const char *states(struct fixture *f)
{
	static const char letters[] = "-.ndirf";
	static char text[6];
	struct error err = ERROR_INIT;
	const struct computer m = find_computer(f->clients, "pc");
	CLEANUP(compliance_sets_free)
	struct compliance_sets *sets = compliance_sets_new(f->clients, &err);
	CLEANUP(compliance_detail_clear) struct compliance_detail d = { 0 };

	assert_int_equal(compliance_detail_load(f->clients, sets,
						&(struct compliance_question){ &m, NULL, NOW }, &d,
						&err),
			 0);
	assert_int_equal(d.count, 5);
	for (size_t i = 0; i < 5; i++)
		text[i] = letters[d.items[i].state];
	return text;
}

static void lists_of_a_status_are_states(void **state)
{
	struct fixture *f = *state;
	const char *const misc[] = { "U=" G("01") ";" G("02") ";" G("03"),
				     "h=" G("02"),
				     "g=" G("03"),
				     "V=" G("04") ";",
				     "A=1",
				     NULL };

	assert_string_equal(states(f), "-----");
	send(f, 1, 156, NOW + 50, NOW + 60, 0, 0, misc);
	assert_string_equal(states(f), "ndfi.");
	const struct computer m = find_computer(f->clients, "pc");
	assert_int_equal(m.last_status, NOW + 60);
	assert_int_equal(m.last_contact, NOW + 60);
}

static void a_newer_status_replaces_and_an_older_does_not(void **state)
{
	struct fixture *f = *state;
	const char *const first[] = { "U=" G("01"), NULL };
	const char *const second[] = { "V=" G("01"), "W=" G("02"), NULL };

	send(f, 1, 156, NOW + 100, NOW + 200, 0, 0, second);
	assert_string_equal(states(f), "ir...");
	send(f, 2, 156, NOW + 50, NOW + 210, 0, 0, first); /* came late */
	assert_string_equal(states(f), "ir...");
	send(f, 3, 156, NOW + 150, NOW + 220, 0, 0, first);
	assert_string_equal(states(f), "n....");
	send(f, 4, 156, NOW + 160, NOW + 230, 0, 0, NULL);
	assert_string_equal(states(f), ".....");
}

static void a_clock_that_runs_ahead_does_no_lasting_harm(void **state)
{
	struct fixture *f = *state;
	const char *const needed[] = { "U=" G("01"), NULL }, *const done[] = { "V=" G("01"), NULL };

	send(f, 1, 156, NOW + 1000000, NOW + 10, 0, 0, needed);
	assert_string_equal(states(f), "n....");
	send(f, 2, 156, NOW + 20, NOW + 30, 0, 0, done);
	assert_string_equal(states(f), "i....");
	send(f, 3, 156, 0, NOW + 40, 0, 0, needed); /* no time at all */
	assert_string_equal(states(f), "n....");
}

static void a_failure_lasts_until_a_status_settles_it(void **state)
{
	static const struct {
		int32_t event, result;
	} failures[] = { { 161, (int32_t)0x80246007 },
			 { 182, (int32_t)0x80070643 },
			 { 195, 1 },
			 { 198, 1 },
			 { 204, 1 },
			 { 221, 1 } };
	struct fixture *f = *state;
	const char *const needed[] = { "U=" G("01"), NULL }, *const done[] = { "V=" G("01"), NULL };
	int instance = 1;
	int64_t now = NOW + 10;

	for (size_t i = 0; i < COUNT(failures); i++, now += 100) {
		send(f, instance++, 156, now, now, 0, 0, needed);
		assert_string_equal(states(f), "n....");
		send(f, instance++, failures[i].event, now + 10, now + 10, 1, failures[i].result,
		     NULL);
		assert_string_equal(states(f), "f....");
		/* One more detection that still needs it. */
		send(f, instance++, 156, now + 20, now + 20, 0, 0, needed);
		assert_string_equal(states(f), "f....");
		/* A status from before the failure settles nothing. */
		send(f, instance++, 156, now + 5, now + 30, 0, 0, done);
		assert_string_equal(states(f), "f....");
		send(f, instance++, 156, now + 40, now + 40, 0, 0, done);
		assert_string_equal(states(f), "i....");
	}
	/* No longer named: it does not apply any more. */
	send(f, instance++, 182, now, now, 2, 1, NULL);
	assert_string_equal(states(f), "if...");
	send(f, instance++, 156, now + 1, now + 1, 0, 0, done);
	assert_string_equal(states(f), "i....");
}

static void a_failure_that_comes_late_is_judged_by_the_status_before_it(void **state)
{
	struct fixture *f = *state;
	const char *const misc[] = { "U=" G("01"), "V=" G("02"), "W=" G("03"), "g=" G("04"), NULL };

	send(f, 1, 156, NOW + 50, NOW + 60, 0, 0, misc);
	assert_string_equal(states(f), "nirf.");
	/* From before the status: of what it still needs only. */
	for (unsigned char u = 1; u <= 5; u++)
		send(f, 10 + u, 182, NOW + 40, NOW + 70, u, 1, NULL);
	assert_string_equal(states(f), "firf.");
	/* From after it: of all. */
	for (unsigned char u = 1; u <= 5; u++)
		send(f, 20 + u, 182, NOW + 50, NOW + 80, u, 1, NULL);
	assert_string_equal(states(f), "fffff");
}

/* Each change has a second of its own; many changes are ahead of the clock. */
static void a_status_after_many_approvals_is_after_each(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < 100; i++)
		approve(f->clients, 5, GROUP_ALL, APPROVAL_INSTALL, NOW + 10);
	send(f, 1, 156, NOW + 11, NOW + 11, 0, 0, NULL);
	assert_string_equal(states(f), ".....");
	approve(f->clients, 5, GROUP_ALL, APPROVAL_INSTALL, NOW + 11);
	assert_string_equal(states(f), "....-");
}

static void success_alone_changes_no_state(void **state)
{
	static const int32_t ids[] = { 162, 167, 181, 183, 184, 190, 201, 999, 0, -1 };
	struct fixture *f = *state;
	const char *const needed[] = { "U=" G("01"), NULL };

	send(f, 1, 156, NOW + 10, NOW + 10, 0, 0, needed);
	for (size_t i = 0; i < COUNT(ids); i++) {
		send(f, 100 + (int)i, ids[i], NOW + 20, NOW + 20, 1, 0, NULL);
		assert_string_equal(states(f), "n....");
	}
}

static void detections_are_noted(void **state)
{
	struct fixture *f = *state;

	send(f, 1, 148, NOW + 10, NOW + 10, 0, (int32_t)0x80072EE2, NULL);
	struct computer m = find_computer(f->clients, "pc");
	assert_int_equal((uint32_t)m.detection_error, 0x80072EE2);
	assert_int_equal(m.detection_error_at, NOW + 10);
	assert_int_equal(m.last_detection, 0);
	send(f, 2, 147, NOW + 20, NOW + 20, 0, 0, NULL);
	m = find_computer(f->clients, "pc");
	assert_int_equal(m.detection_error, 0);
	assert_int_equal(m.last_detection, NOW + 20);
	send(f, 3, 148, NOW + 30, NOW + 30, 0, 0, NULL);
	assert_true(find_computer(f->clients, "pc").detection_error != 0);
}

static void an_event_is_stored_once(void **state)
{
	struct fixture *f = *state;
	struct event_outcome out = send(f, 7, 183, NOW, NOW, 1, 0, NULL);

	assert_int_equal(out.stored, 1);
	out = send(f, 7, 183, NOW, NOW + 5, 1, 0, NULL);
	assert_int_equal(out.stored, 0);
	assert_int_equal(out.duplicate, 1);
	/* A replayed failure does not come to life again, either. */
	const char *const done[] = { "V=" G("01"), NULL };
	send(f, 8, 182, NOW + 10, NOW + 10, 1, 1, NULL);
	send(f, 9, 156, NOW + 20, NOW + 20, 0, 0, done);
	send(f, 8, 182, NOW + 10, NOW + 30, 1, 1, NULL);
	assert_string_equal(states(f), "i....");
}

static void other_namespaces_are_ignored(void **state)
{
	struct fixture *f = *state;
	struct error err = ERROR_INIT;
	const struct event e = { .event_id = 148, .namespace_id = 2, .result = 1 };
	const struct event_batch batch = {
		.client_id = "pc", .now = NOW, .events = &e, .count = 1
	};
	struct event_outcome out;

	assert_int_equal(event_store(f->clients, &batch, &out, &err), 0);
	assert_int_equal(out.dropped, 1);
	assert_int_equal(find_computer(f->clients, "pc").detection_error, 0);
}

static bool only_first(void *ctx, const unsigned char update_id[16])
{
	(void)ctx;
	return update_id[0] == 1;
}

static void updates_that_are_not_served_are_not_remembered(void **state)
{
	struct fixture *f = *state;
	struct error err = ERROR_INIT;
	const char *const misc[] = { "U=" G("01") ";not a guid;" G("02") ";;{" G("03") "}" };
	const struct event e = {
		.event_id = 156, .namespace_id = 1, .misc = misc, .misc_count = 1
	};
	const struct event_batch batch = {
		.client_id = "pc", .now = NOW + 1, .events = &e, .count = 1, .known = only_first
	};
	struct event_outcome out;
	int64_t numbers;

	assert_int_equal(event_store(f->clients, &batch, &out, &err), 0);
	assert_int_equal(clients_number(f->clients, "SELECT count(*) FROM number", &numbers, &err),
			 1);
	assert_int_equal(numbers, 1);
}

/* ---- limits ---- */

static bool count_row(void *ctx, const struct event_row *e)
{
	(void)e;
	++*(size_t *)ctx;
	return true;
}

static void one_computer_keeps_its_newest_events_only(void **state)
{
	struct fixture *f = *state;
	struct error err = ERROR_INIT;
	enum { MANY = LIMIT_EVENTS_BATCH + 50 };
	struct event *events = buf_calloc(MANY, sizeof *events);
	struct event_batch batch = {
		.client_id = "pc", .now = NOW, .events = events, .count = MANY
	};
	struct event_outcome out;
	size_t listed = 0;
	int64_t total;

	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < MANY; i++) {
			events[i] = (struct event){ .namespace_id = 1, .event_id = 167 };
			memcpy(events[i].instance, &i, sizeof i);
			events[i].instance[15] = (unsigned char)round;
		}
		assert_int_equal(event_store(f->clients, &batch, &out, &err), 0);
		assert_int_equal(out.stored, LIMIT_EVENTS_BATCH);
		assert_int_equal(out.dropped, 50);
	}
	assert_int_equal(clients_number(f->clients, "SELECT count(*) FROM event", &total, &err), 1);
	assert_int_equal(total, LIMIT_EVENTS_COMPUTER);
	assert_int_equal(clients_number(f->clients, "SELECT events FROM setting", &total, &err), 1);
	assert_int_equal(total, LIMIT_EVENTS_COMPUTER);
	assert_int_equal(event_list(f->clients, find_computer(f->clients, "pc").id, SIZE_MAX,
				    count_row, &listed, &err),
			 0);
	assert_int_equal(listed, LIMIT_EVENTS_COMPUTER);
	assert_int_equal(computer_remove(f->clients, find_computer(f->clients, "pc").id, &err), 0);
	assert_int_equal(clients_number(f->clients, "SELECT events FROM setting", &total, &err), 1);
	assert_int_equal(total, 0);
	free(events);
}

static bool copy_text(void *ctx, const struct event_row *e)
{
	snprintf(ctx, LIMIT_EVENT_TEXT + 1, "%s", e->text);
	return false;
}

static void what_an_event_says_is_cut_and_cleaned(void **state)
{
	struct fixture *f = *state;
	struct error err = ERROR_INIT;
	char text[LIMIT_EVENT_TEXT + 1], big[5000];
	const int64_t pc = find_computer(f->clients, "pc").id;

	memset(big, 'x', sizeof big - 1);
	big[sizeof big - 1] = '\0';
	const char *const small[] = { "B=1\n2", "", "U=not a list here", NULL };
	send(f, 1, 167, NOW, NOW, 1, 0, small);
	assert_int_equal(event_list(f->clients, pc, 1, copy_text, text, &err), 0);
	assert_string_equal(text, "B=1?2; U=not a list here");
	const char *const large[] = { big, big, NULL };
	send(f, 2, 167, NOW, NOW, 1, 0, large);
	assert_int_equal(event_list(f->clients, pc, 1, copy_text, text, &err), 0);
	assert_int_equal(strlen(text), LIMIT_EVENT_TEXT);
}

static void old_events_are_forgotten(void **state)
{
	struct fixture *f = *state;
	struct error err = ERROR_INIT;
	const int64_t days = (int64_t)LIMIT_EVENT_DAYS * 86400;
	const char *const done[] = { "V=" G("01"), NULL };
	int64_t total;

	send(f, 1, 156, NOW + 5, NOW + 5, 0, 0, done);
	send(f, 2, 183, NOW + 50, NOW + 50, 1, 0, NULL);
	send(f, 3, 183, NOW + 20 + days, NOW + 20 + days, 1, 0, NULL);
	assert_int_equal(clients_number(f->clients, "SELECT count(*) FROM event", &total, &err), 1);
	assert_int_equal(total, 2);
	assert_int_equal(clients_number(f->clients, "SELECT events FROM setting", &total, &err), 1);
	assert_int_equal(total, 2);
	assert_string_equal(states(f), "i....");
}

int main(void)
{
#define ROW(name) cmocka_unit_test_setup_teardown(name, setup, clients_teardown)
	const struct CMUnitTest tests[] = {
		ROW(lists_of_a_status_are_states),
		ROW(a_newer_status_replaces_and_an_older_does_not),
		ROW(a_clock_that_runs_ahead_does_no_lasting_harm),
		ROW(a_failure_lasts_until_a_status_settles_it),
		ROW(a_failure_that_comes_late_is_judged_by_the_status_before_it),
		ROW(a_status_after_many_approvals_is_after_each),
		ROW(success_alone_changes_no_state),
		ROW(detections_are_noted),
		ROW(an_event_is_stored_once),
		ROW(other_namespaces_are_ignored),
		ROW(updates_that_are_not_served_are_not_remembered),
		ROW(one_computer_keeps_its_newest_events_only),
		ROW(what_an_event_says_is_cut_and_cleaned),
		ROW(old_events_are_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
