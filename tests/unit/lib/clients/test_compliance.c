#include "lib/clients/compliance.h"

#include "lib/clients/event.h"
#include "tests/unit/lib/clients/clients_fixture.h"

#include <string.h>

/* ---- why: a table ---- */

enum { DAY = 86400 };

static const struct why_row {
	enum approval_action action; /* 0: not approved */
	bool offered;
	enum compliance_state state;
	uint32_t result;
	int32_t detection_error;
	int64_t silent; /* seconds without contact */
	enum compliance_why expected;
} why_rows[] = {
	{ 0, false, COMPLIANCE_NEEDED, 0, 0, 0, COMPLIANCE_WHY_DONE },
	{ APPROVAL_INSTALL, false, COMPLIANCE_INSTALLED, 0, 0, 99 * DAY, COMPLIANCE_WHY_DONE },
	{ APPROVAL_INSTALL, false, COMPLIANCE_NOT_APPLICABLE, 0, 0, 99 * DAY, COMPLIANCE_WHY_DONE },
	{ APPROVAL_INSTALL, false, COMPLIANCE_NEEDED, 0, 0, 0, COMPLIANCE_WHY_WAITING },
	{ APPROVAL_INSTALL, false, COMPLIANCE_DOWNLOADED, 0, 0, 30 * DAY, COMPLIANCE_WHY_WAITING },
	{ APPROVAL_INSTALL, false, COMPLIANCE_DOWNLOADED, 0, 0, 30 * DAY + 1,
	  COMPLIANCE_WHY_NO_CONTACT },
	{ APPROVAL_INSTALL, false, COMPLIANCE_FAILED, 0x80070070, 0, 31 * DAY,
	  COMPLIANCE_WHY_NO_CONTACT },
	{ APPROVAL_INSTALL, true, COMPLIANCE_NEEDED, 0, 0, 0, COMPLIANCE_WHY_OFFERED },
	{ APPROVAL_OPTIONAL, false, COMPLIANCE_NEEDED, 0, 0, 0, COMPLIANCE_WHY_OFFERED },
	{ APPROVAL_DETECT, false, COMPLIANCE_NEEDED, 0, 0, 0, COMPLIANCE_WHY_DETECT },
	{ APPROVAL_BLOCK, false, COMPLIANCE_NEEDED, 0, 0, 99 * DAY, COMPLIANCE_WHY_BLOCKED },
	{ APPROVAL_BLOCK, false, COMPLIANCE_INSTALLED, 0, 0, 0, COMPLIANCE_WHY_DONE },
	{ APPROVAL_UNINSTALL, false, COMPLIANCE_INSTALLED, 0, 0, 0, COMPLIANCE_WHY_WAITING },
	{ APPROVAL_UNINSTALL, false, COMPLIANCE_NEEDED, 0, 0, 0, COMPLIANCE_WHY_DONE },
	{ APPROVAL_INSTALL, false, COMPLIANCE_REBOOT, 0, 0, 0, COMPLIANCE_WHY_REBOOT },
	{ APPROVAL_INSTALL, false, COMPLIANCE_FAILED, 0x80070070, 0, 0, COMPLIANCE_WHY_DISK },
	{ APPROVAL_INSTALL, false, COMPLIANCE_FAILED, 0x80070422, 0, 0, COMPLIANCE_WHY_SERVICE },
	{ APPROVAL_INSTALL, false, COMPLIANCE_FAILED, 0x800F0823, 0, 0,
	  COMPLIANCE_WHY_PREREQUISITE },
	{ APPROVAL_INSTALL, false, COMPLIANCE_FAILED, 0x80244019, 0, 0, COMPLIANCE_WHY_FILE },
	{ APPROVAL_INSTALL, false, COMPLIANCE_FAILED, 0x80072EE2, 0, 0, COMPLIANCE_WHY_NETWORK },
	{ APPROVAL_INSTALL, false, COMPLIANCE_FAILED, 0x800B0109, 0, 0, COMPLIANCE_WHY_TRUST },
	{ APPROVAL_INSTALL, false, COMPLIANCE_FAILED, 0x00240005, 0, 0, COMPLIANCE_WHY_REBOOT },
	{ APPROVAL_INSTALL, false, COMPLIANCE_FAILED, 0x80070643, 0, 0, COMPLIANCE_WHY_FAILED },
	{ APPROVAL_INSTALL, false, COMPLIANCE_FAILED, 0, 0, 0, COMPLIANCE_WHY_FAILED },
	{ APPROVAL_INSTALL, false, COMPLIANCE_FAILED, 0x8BADC0DE, 0, 0, COMPLIANCE_WHY_FAILED },
	{ APPROVAL_INSTALL, false, COMPLIANCE_UNKNOWN, 0, 0, 0, COMPLIANCE_WHY_NO_REPORT },
	{ APPROVAL_INSTALL, false, COMPLIANCE_UNKNOWN, 0, (int32_t)0x80070422, 0,
	  COMPLIANCE_WHY_SERVICE },
	{ APPROVAL_INSTALL, false, COMPLIANCE_NEEDED, 0, (int32_t)0x80072EE2, 0,
	  COMPLIANCE_WHY_NETWORK },
	/* What happened to the update itself says more than a scan that failed. */
	{ APPROVAL_INSTALL, false, COMPLIANCE_FAILED, 0x80070070, (int32_t)0x80072EE2, 0,
	  COMPLIANCE_WHY_DISK },
};

static void why_an_update_is_not_installed(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(why_rows); i++) {
		const struct why_row *r = &why_rows[i];
		const struct approval a = { .action = r->action, .is_assigned = !r->offered };
		const struct computer m = { .last_contact = NOW - r->silent,
					    .detection_error = r->detection_error };
		const struct compliance_item item = { .state = r->state,
						      .result = r->result,
						      .approval = r->action ? &a : NULL };
		enum compliance_why got = compliance_judge(&m, &item, NOW);

		if (got != r->expected)
			fail_msg("row %zu: %s, expected %s", i, compliance_why_text(got),
				 compliance_why_text(r->expected));
	}
}

static void texts_are_all_there(void **state)
{
	(void)state;
	for (int i = 0; i < COMPLIANCE_STATES_; i++)
		assert_non_null(compliance_state_text((enum compliance_state)i));
	for (int i = 0; i < COMPLIANCE_WHYS_; i++)
		assert_non_null(compliance_why_text((enum compliance_why)i));
}

/* ---- counts agree with details, whatever happened ---- */

static uint64_t next_random(uint64_t *s)
{
	*s = *s * 6364136223846793005u + 1442695040888963407u;
	return *s >> 33;
}

static void add_random_status(char *out, size_t size, const char *tag, uint64_t *seed)
{
	size_t used = (size_t)snprintf(out, size, "%s=", tag);

	for (unsigned n = (unsigned)(next_random(seed) % 6); n > 0; n--) {
		unsigned char update[16];
		char text[40];

		guid(update, (unsigned char)(1 + next_random(seed) % 24));
		snprintf(text, sizeof text, "%02x111111-1111-1111-1111-111111111111;", update[0]);
		used += (size_t)snprintf(out + used, size - used, "%s", text);
	}
}

static void report_randomly(struct clients *c, const char *id, uint64_t *seed, int64_t now)
{
	static const char *const tags[] = { "U", "V", "W", "g", "h" };
	char lists[5][300];
	const char *misc[5];
	struct error err = ERROR_INIT;
	struct event_outcome out;
	struct event e[2] = {
		{ .namespace_id = 1, .event_id = 156, .misc = misc, .misc_count = 5 },
		{ .namespace_id = 1, .event_id = 182, .result = (int32_t)0x80070643 }
	};

	for (int i = 0; i < 5; i++) {
		add_random_status(lists[i], sizeof lists[i], tags[i], seed);
		misc[i] = lists[i];
	}
	for (int i = 0; i < 2; i++)
		for (int k = 0; k < 16; k++)
			e[i].instance[k] = (unsigned char)next_random(seed);
	guid(e[1].update_id, (unsigned char)(1 + next_random(seed) % 24));
	const struct event_batch batch = {
		.client_id = id, .now = now, .events = e, .count = 1 + next_random(seed) % 2
	};
	assert_int_equal(event_store(c, &batch, &out, &err), 0);
}

enum { UPDATES = 26 };

static void add_details(struct clients *c, struct compliance_sets *sets, const struct computer *m,
			const struct compliance_computer *counted,
			struct compliance_counts totals[UPDATES])
{
	CLEANUP(compliance_detail_clear) struct compliance_detail d = { 0 };
	struct compliance_counts own = { 0 };
	struct error err = ERROR_INIT;

	assert_int_equal(counted->id, m->id);
	assert_int_equal(compliance_detail_load(
				 c, sets, &(struct compliance_question){ m, NULL, NOW }, &d, &err),
			 0);
	for (size_t i = 0; i < d.count; i++) {
		const struct compliance_item *item = &d.items[i];
		bool approved = item->approval && item->approval->action != APPROVAL_BLOCK;
		bool named = item->state != COMPLIANCE_UNKNOWN &&
			     item->state != COMPLIANCE_NOT_APPLICABLE;

		own.of[item->state] += approved;
		totals[item->update_id[0]].of[item->state] += approved || named;
	}
	assert_memory_equal(&own, &counted->counts, sizeof own);
}

static void compare_all(struct clients *c, int64_t group)
{
	struct error err = ERROR_INIT;
	CLEANUP(compliance_sets_free) struct compliance_sets *sets = compliance_sets_new(c, &err);
	CLEANUP(compliance_free) struct compliance *all = compliance_load(c, group, &err);
	struct compliance_counts totals[UPDATES] = { 0 };
	struct computer m = { 0 };
	size_t at = 0;

	assert_no_error(err);
	while (computer_next(c, m.id, &m, &err) == 1) {
		bool inside = group == 0;

		for (size_t i = 0; i < m.groups.count; i++)
			inside |=
				group_within(compliance_sets_groups(sets), m.groups.ids[i], group);
		if (inside)
			add_details(c, sets, &m, compliance_computer(all, at++), totals);
	}
	assert_int_equal(at, compliance_computers(all));
	for (unsigned u = 1; u < UPDATES; u++) {
		static const struct compliance_counts none;
		unsigned char update[16];

		guid(update, (unsigned char)u);
		const struct compliance_update *found = compliance_find(all, update);
		assert_memory_equal(found ? &found->counts : &none, &totals[u], sizeof none);
	}
}

static void counts_are_the_sum_of_details(void **state)
{
	struct fixture *f = *state;
	struct error err = ERROR_INIT;
	uint64_t seed = 1;
	int64_t groups[4];
	char name[16];

	groups[0] = add_group(f->clients, "a", NULL);
	groups[1] = add_group(f->clients, "b", "a");
	groups[2] = add_group(f->clients, "c", "a");
	groups[3] = add_group(f->clients, "d", NULL);
	for (int i = 0; i < 30; i++) {
		snprintf(name, sizeof name, "pc%d", i);
		struct computer m = add_computer(f->clients, name, NOW);
		const int64_t some[] = { groups[next_random(&seed) % 4],
					 groups[next_random(&seed) % 4] };
		assert_int_equal(
			computer_move(f->clients, m.id, some, next_random(&seed) % 3, &err), 0);
	}
	for (int64_t round = 0; round < 12; round++) {
		for (int i = 0; i < 8; i++) {
			int64_t group =
				next_random(&seed) % 3 ? groups[next_random(&seed) % 4] : GROUP_ALL;
			approve(f->clients, (unsigned char)(1 + next_random(&seed) % 24), group,
				(enum approval_action)(1 + next_random(&seed) % 5),
				NOW + 100 * round);
		}
		unsigned char update[16];
		uint64_t removed;
		guid(update, (unsigned char)(1 + next_random(&seed) % 24));
		assert_int_equal(approval_unset(f->clients, update, 0, NOW, &removed, &err), 0);
		for (int i = 0; i < 10; i++) {
			snprintf(name, sizeof name, "pc%d", (int)(next_random(&seed) % 30));
			report_randomly(f->clients, name, &seed, NOW + 100 * round + i);
		}
		compare_all(f->clients, 0);
		compare_all(f->clients, groups[0]);
		compare_all(f->clients, groups[1]);
		compare_all(f->clients, GROUP_UNASSIGNED);
	}
}

static void an_empty_file_has_nothing(void **state)
{
	struct fixture *f = *state;
	struct error err = ERROR_INIT;
	CLEANUP(compliance_free) struct compliance *all = compliance_load(f->clients, 0, &err);
	const unsigned char none[16] = { 0 };

	assert_non_null(all);
	assert_int_equal(compliance_updates(all), 0);
	assert_int_equal(compliance_computers(all), 0);
	assert_null(compliance_find(all, none));
}

int main(void)
{
#define ROW(name) cmocka_unit_test_setup_teardown(name, clients_setup, clients_teardown)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(why_an_update_is_not_installed),
		cmocka_unit_test(texts_are_all_there),
		ROW(counts_are_the_sum_of_details),
		ROW(an_empty_file_has_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
