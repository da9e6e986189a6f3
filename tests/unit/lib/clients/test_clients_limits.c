/* What clients.db takes at its limits, and what it does above. */
#include "lib/base/limits.h"
#include "lib/clients/approval.h"
#include "lib/clients/clients_internal.h"
#include "lib/clients/compliance.h"
#include "lib/clients/event.h"
#include "lib/clients/status.h"
#include "lib/store/db.h"
#include "tests/unit/lib/clients/clients_fixture.h"

#include <string.h>

/* Rows as they would be after years: ?1 in sql is value. */
static void fill(struct fixture *f, const char *sql, int64_t value)
{
	struct error err = ERROR_INIT;
	CLEANUP(db_finalize) struct db_statement *s = db_prepare(f->clients->db, sql, &err);

	assert_no_error(err);
	db_bind_int(s, 1, value);
	assert_int_equal(db_execute(s, &err), 0);
	assert_no_error(err);
}

static int64_t number(struct fixture *f, const char *sql)
{
	struct error err = ERROR_INIT;
	int64_t n = -1;

	assert_int_equal(clients_number(f->clients, sql, &n, &err), 1);
	assert_no_error(err);
	return n;
}

/* ---- computers and groups ---- */

static void computers(void **state)
{
	const struct computer_contact more = { .client_id = "one-more", .now = NOW };
	const struct computer_contact known = { .client_id = "last", .now = NOW + 100 };
	struct fixture *f = *state;
	struct error err = ERROR_INIT;

	fill(f,
	     "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<?1) INSERT INTO"
	     " computer(client_id, dns_name, claimed, address, first_contact, last_contact,"
	     " registered, detection, detection_error, detection_error_at)"
	     " SELECT 'c' || i, '', '', '', 1, 1, 0, 0, 0, 0 FROM n",
	     LIMIT_COMPUTERS - 1);
	add_computer(f->clients, "last", NOW);
	assert_int_equal(number(f, "SELECT count(*) FROM computer"), LIMIT_COMPUTERS);
	assert_int_equal(computer_contact(f->clients, &more, &err), -1);
	assert_error(err, ERROR_COMPUTER_LIMIT, "100000 computers");
	error_clear(&err);
	/* Those that are known go on. */
	assert_int_equal(computer_contact(f->clients, &known, &err), 0);
	assert_int_equal(find_computer(f->clients, "last").last_contact, NOW + 100);
}

static void texts_about_a_computer(void **state)
{
	struct fixture *f = *state;
	struct error err = ERROR_INIT;
	char text[LIMIT_COMPUTER_TEXT + 2];

	memset(text, 'x', sizeof text);
	for (size_t len = LIMIT_COMPUTER_TEXT; len <= LIMIT_COMPUTER_TEXT + 1; len++) {
		const struct computer_info info = { .dns_name = "pc", .model = text };

		text[LIMIT_COMPUTER_TEXT] = 'x';
		text[len] = '\0';
		assert_int_equal(computer_register(f->clients, "pc", &info, NOW, &err), 0);
		text[LIMIT_COMPUTER_TEXT] = '\0';
		assert_string_equal(find_computer(f->clients, "pc").model, text);
	}
}

static void groups(void **state)
{
	struct fixture *f = *state;
	struct error err = ERROR_INIT;
	int64_t id;

	/* The two that are always there count. */
	fill(f,
	     "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<?1)"
	     " INSERT INTO team(guid, name, parent, changed)"
	     " SELECT CAST(printf('%016d', i) AS BLOB), 'g' || i, 1, 0 FROM n",
	     LIMIT_GROUPS - 3);
	add_group(f->clients, "last", NULL);
	assert_int_equal(number(f, "SELECT count(*) FROM team"), LIMIT_GROUPS);
	assert_int_equal(group_add(f->clients, "one more", NULL, &id, &err), -1);
	assert_error(err, ERROR_GROUP_LIMIT, "more than 1000 groups");
}

static void groups_of_one_computer(void **state)
{
	struct fixture *f = *state;
	struct computer m = add_computer(f->clients, "pc", NOW);
	int64_t ids[LIMIT_GROUP_SET + 1];
	struct error err = ERROR_INIT;
	char name[16];

	for (size_t i = 0; i < COUNT(ids); i++) {
		snprintf(name, sizeof name, "g%zu", i);
		ids[i] = add_group(f->clients, name, NULL);
	}
	assert_int_equal(computer_move(f->clients, m.id, ids, LIMIT_GROUP_SET, &err), 0);
	assert_int_equal(find_computer(f->clients, "pc").groups.count, LIMIT_GROUP_SET);
	assert_int_equal(computer_move(f->clients, m.id, ids, LIMIT_GROUP_SET + 1, &err), -1);
	assert_error(err, ERROR_GROUP_LIMIT, "more than 16 groups");
	assert_int_equal(find_computer(f->clients, "pc").groups.count, LIMIT_GROUP_SET);
}

static void groups_that_a_computer_claims(void **state)
{
	struct fixture *f = *state;
	struct error err = ERROR_INIT;
	char claim[LIMIT_COMPUTER_TEXT + 1] = "", name[16];
	struct group_set set;
	int64_t ids[LIMIT_GROUP_SET + 1];
	size_t len = 0;

	assert_int_equal(clients_set_targeting(f->clients, CLIENTS_TARGETING_CLIENT, NOW, &err), 0);
	for (size_t i = 0; i <= LIMIT_GROUP_SET; i++) {
		snprintf(name, sizeof name, "g%zu", i);
		ids[i] = add_group(f->clients, name, NULL);
		len += (size_t)snprintf(claim + len, sizeof claim - len, "%s;", name);
		assert_int_equal(computer_groups(f->clients, "pc", claim, &set, &err), 0);
		/* What is one too many is passed over. */
		assert_int_equal(set.count, i < LIMIT_GROUP_SET ? i + 1 : LIMIT_GROUP_SET);
	}
	assert_memory_equal(set.ids, ids, sizeof set.ids);
}

static void days_without_contact(void **state)
{
	const struct approval a = { .action = APPROVAL_INSTALL, .is_assigned = true };
	const struct compliance_item item = { .state = COMPLIANCE_NEEDED, .approval = &a };
	struct computer m = { .last_contact = NOW };
	const int64_t last = NOW + (int64_t)LIMIT_CONTACT_DAYS * 86400;

	(void)state;
	assert_int_equal(compliance_judge(&m, &item, last), COMPLIANCE_WHY_WAITING);
	assert_int_equal(compliance_judge(&m, &item, last + 1), COMPLIANCE_WHY_NO_CONTACT);
}

/* ---- approvals ---- */

static void approvals(void **state)
{
	struct fixture *f = *state;
	struct approval more = { .group = GROUP_ALL, .action = APPROVAL_INSTALL, .by = "test" };
	struct error err = ERROR_INIT;

	fill(f,
	     "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<?1)"
	     " INSERT INTO approval(update_id, team_id, action, deadline, is_assigned,"
	     " last_change, by_whom) SELECT CAST(printf('%016d', i) AS BLOB), 1, 1, 0, 1, 1, ''"
	     " FROM n",
	     LIMIT_APPROVALS - 1);
	approve(f->clients, 1, GROUP_ALL, APPROVAL_INSTALL, NOW);
	guid(more.update_id, 2);
	assert_int_equal(approval_set(f->clients, &more, 1, NOW, &err), -1);
	assert_error(err, ERROR_APPROVAL_LIMIT, "more than 1000000 approvals");
	assert_int_equal(number(f, "SELECT count(*) FROM approval"), LIMIT_APPROVALS);
	/* What is there can still be changed. */
	approve(f->clients, 1, GROUP_ALL, APPROVAL_BLOCK, NOW);
}

static void who_approved(void **state)
{
	struct fixture *f = *state;
	struct error err = ERROR_INIT;
	char by[LIMIT_APPROVAL_BY + 2];
	unsigned char update[16];

	memset(by, 'x', sizeof by);
	for (size_t len = LIMIT_APPROVAL_BY; len <= LIMIT_APPROVAL_BY + 1; len++) {
		by[LIMIT_APPROVAL_BY] = 'x';
		by[len] = '\0';
		guid(update, (unsigned char)len);
		assert_int_equal(approval_decline(f->clients, update, true, by, NOW, &err), 0);
	}
	assert_int_equal(number(f, "SELECT count(*) FROM declined"), 2);
	assert_int_equal(number(f, "SELECT min(length(by_whom)) FROM declined"), LIMIT_APPROVAL_BY);
	assert_int_equal(number(f, "SELECT max(length(by_whom)) FROM declined"), LIMIT_APPROVAL_BY);
}

/* ---- events and what follows from them ---- */

static void send(struct fixture *f, struct event *e, int64_t now)
{
	const struct event_batch batch = { .client_id = "pc", .now = now, .events = e, .count = 1 };
	struct error err = ERROR_INIT;
	struct event_outcome out;

	e->namespace_id = 1;
	memcpy(e->instance, &now, sizeof now);
	assert_int_equal(event_store(f->clients, &batch, &out, &err), 0);
	assert_no_error(err);
	assert_int_equal(out.stored, 1);
}

static void events(void **state)
{
	struct event e = { .event_id = 167 };
	struct fixture *f = *state;

	for (int i = 0; i < 3; i++)
		send(f, &e, NOW + i);
	fill(f, "UPDATE setting SET events=?1", LIMIT_EVENTS - 1);
	send(f, &e, NOW + 3);
	assert_int_equal(number(f, "SELECT events FROM setting"), LIMIT_EVENTS);
	assert_int_equal(number(f, "SELECT count(*) FROM event"), 4);
	/* The oldest go, many at once; here these are all there are. */
	send(f, &e, NOW + 4);
	assert_int_equal(number(f, "SELECT events FROM setting"), LIMIT_EVENTS + 1 - 5);
	assert_int_equal(number(f, "SELECT count(*) FROM event"), 0);
}

/* "V=" and the GUIDs of updates 1 to count. */
static char *status_list(unsigned count)
{
	enum { TEXT = 37 };
	char *text = buf_malloc(3 + (size_t)count * TEXT);

	memcpy(text, "V=", 3);
	for (unsigned i = 1; i <= count; i++)
		snprintf(text + 2 + (size_t)(i - 1) * TEXT, TEXT + 1,
			 "%08x-1111-1111-1111-111111111111;", i);
	return text;
}

static void send_status(struct fixture *f, unsigned count, int64_t now)
{
	char *text = status_list(count);
	const char *const misc[] = { text };
	struct event e = { .event_id = 156, .misc = misc, .misc_count = 1 };

	send(f, &e, now);
	free(text);
}

static size_t states_of_all(struct fixture *f)
{
	struct error err = ERROR_INIT;
	CLEANUP(db_finalize)
	struct db_statement *s = db_prepare(f->clients->db, "SELECT states FROM status", &err);
	struct status_item item;
	size_t count = 0, len = 0;

	assert_int_equal(db_step(s, &err), 1);
	const void *bytes = db_blob(s, 0, &len);
	struct status_walk w = status_begin(bytes, len);
	while (status_next(&w, &item, &err) == 1)
		count++;
	assert_no_error(err);
	return count;
}

static void updates_of_one_status(void **state)
{
	struct fixture *f = *state;

	send_status(f, LIMIT_STATUS_UPDATES, NOW);
	assert_int_equal(states_of_all(f), LIMIT_STATUS_UPDATES);
	assert_int_equal(number(f, "SELECT count(*) FROM number"), LIMIT_STATUS_UPDATES);
	/* The first ones count, and nothing is remembered of what follows. */
	send_status(f, LIMIT_STATUS_UPDATES + 1, NOW + 1);
	assert_int_equal(states_of_all(f), LIMIT_STATUS_UPDATES);
	assert_int_equal(number(f, "SELECT count(*) FROM number"), LIMIT_STATUS_UPDATES);
}

static void numbers_of_updates(void **state)
{
	struct fixture *f = *state;
	struct error err = ERROR_INIT;

	add_computer(f->clients, "pc", NOW);
	fill(f, "INSERT INTO number VALUES(?1, zeroblob(16))", LIMIT_STATUS_NUMBERS - 1);
	send_status(f, 2, NOW + 1);
	assert_int_equal(number(f, "SELECT max(id) FROM number"), LIMIT_STATUS_NUMBERS);
	assert_int_equal(number(f, "SELECT count(*) FROM number"), 2);
	assert_int_equal(states_of_all(f), 1);
	CLEANUP(compliance_sets_free)
	struct compliance_sets *sets = compliance_sets_new(f->clients, &err);
	assert_no_error(err);
	assert_non_null(sets);
	fill(f, "INSERT INTO number VALUES(?1, x'01')", LIMIT_STATUS_NUMBERS + 1);
	assert_null(compliance_sets_new(f->clients, &err));
	assert_error(err, ERROR_CLIENTS_CORRUPT, "number 1000001");
}

static void failures_of_one_computer(void **state)
{
	struct fixture *f = *state;
	struct event e = { .event_id = 182, .result = 1 };

	for (unsigned i = 0; i <= LIMIT_FAILURES_COMPUTER; i++) {
		guid(e.update_id, (unsigned char)i);
		send(f, &e, NOW + i);
		if (i + 1 == LIMIT_FAILURES_COMPUTER) {
			assert_int_equal(number(f, "SELECT count(*) FROM failure"), i + 1);
			assert_int_equal(number(f, "SELECT min(time) FROM failure"), NOW);
		}
	}
	assert_int_equal(number(f, "SELECT count(*) FROM failure"), LIMIT_FAILURES_COMPUTER);
	assert_int_equal(number(f, "SELECT min(time) FROM failure"), NOW + 1);
}

int main(void)
{
#define ROW(name) cmocka_unit_test_setup_teardown(name, clients_setup, clients_teardown)
	const struct CMUnitTest tests[] = {
		ROW(computers),
		ROW(texts_about_a_computer),
		ROW(groups),
		ROW(groups_of_one_computer),
		ROW(groups_that_a_computer_claims),
		cmocka_unit_test(days_without_contact),
		ROW(approvals),
		ROW(who_approved),
		ROW(events),
		ROW(updates_of_one_status),
		ROW(numbers_of_updates),
		ROW(failures_of_one_computer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
