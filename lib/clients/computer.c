#include "lib/clients/computer.h"

#include "lib/base/error.h"
#include "lib/clients/computer_internal.h"
#include "lib/clients/group_internal.h"
#include "lib/store/db.h"

#include <stdio.h>
#include <string.h>

enum { NOTE_SECONDS = 60, ADDRESS_SIZE = 64 };

bool computer_id_valid(const char *client_id, size_t len)
{
	if (len == 0 || len > LIMIT_CLIENT_ID)
		return false;
	for (size_t i = 0; i < len; i++) {
		char c = client_id[i];

		if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		      c == '-'))
			return false;
	}
	return true;
}

/* A client id as it is stored. */
struct folded {
	char text[LIMIT_CLIENT_ID + 1];
};

static int fold(const char *client_id, struct folded *out, struct error *err)
{
	size_t len = strnlen(client_id, LIMIT_CLIENT_ID + 1);

	if (!computer_id_valid(client_id, len))
		return error_set(err, ERROR_COMPUTER_ABSENT,
				 "client id: 1 to %u letters, digits "
				 "and hyphens",
				 LIMIT_CLIENT_ID);
	for (size_t i = 0; i <= len; i++)
		out->text[i] = client_id[i] >= 'A' && client_id[i] <= 'Z'
				       ? (char)(client_id[i] - 'A' + 'a')
				       : client_id[i];
	return 0;
}

/* ---- contact ---- */

struct known {
	int64_t id, last_contact;
	char dns_name[COMPUTER_TEXT_SIZE], claimed[COMPUTER_TEXT_SIZE], address[ADDRESS_SIZE];
};

static int find_client(struct clients *c, const struct folded *client, struct known *out,
		       struct error *err)
{
	struct db_statement *s =
		clients_prepared(c,
				 "SELECT id, last_contact, dns_name, claimed, address FROM computer"
				 " WHERE client_id=?1",
				 err);

	if (!s)
		return -1;
	db_bind_text(s, 1, client->text);
	int row = db_step(s, err);
	if (row != 1)
		return row;
	out->id = db_int(s, 0);
	out->last_contact = db_int(s, 1);
	clients_text(db_text(s, 2), out->dns_name, sizeof out->dns_name);
	clients_text(db_text(s, 3), out->claimed, sizeof out->claimed);
	clients_text(db_text(s, 4), out->address, sizeof out->address);
	db_reset(s);
	return 1;
}

static int add_client(struct clients *c, const struct folded *client, const struct known *k,
		      int64_t now, int64_t *id, struct error *err)
{
	int64_t count;

	if (clients_number(c, "SELECT count(*) FROM computer", &count, err) < 0)
		return -1;
	if (count >= LIMIT_COMPUTERS)
		return error_set(err, ERROR_COMPUTER_LIMIT,
				 "clients.db: %u computers are known, no more fit",
				 LIMIT_COMPUTERS);
	struct db_statement *s = clients_prepared(
		c,
		"INSERT INTO computer(client_id, dns_name, claimed, address, first_contact,"
		" last_contact, registered, detection, detection_error, detection_error_at)"
		" VALUES(?1, ?2, ?3, ?4, ?5, ?5, 0, 0, 0, 0)",
		err);
	if (!s)
		return -1;
	db_bind_text(s, 1, client->text);
	db_bind_text(s, 2, k->dns_name);
	db_bind_text(s, 3, k->claimed);
	db_bind_text(s, 4, k->address);
	db_bind_int(s, 5, now);
	if (db_execute(s, err) < 0)
		return -1;
	*id = db_last_id(c->db);
	return 0;
}

static int change_client(struct clients *c, const struct known *k, int64_t now, struct error *err)
{
	struct db_statement *s = clients_prepared(
		c,
		"UPDATE computer SET dns_name=?2, claimed=?3, address=?4, last_contact=?5"
		" WHERE id=?1",
		err);

	if (!s)
		return -1;
	db_bind_int(s, 1, k->id);
	db_bind_text(s, 2, k->dns_name);
	db_bind_text(s, 3, k->claimed);
	db_bind_text(s, 4, k->address);
	db_bind_int(s, 5, now);
	return db_execute(s, err);
}

/* Take over a text that was said; true when it is another one. */
static bool take(const char *said, char *known, size_t size)
{
	char clean[COMPUTER_TEXT_SIZE];

	if (!said)
		return false;
	clients_text(said, clean, size < sizeof clean ? size : sizeof clean);
	if (strcmp(clean, known) == 0)
		return false;
	memcpy(known, clean, strlen(clean) + 1);
	return true;
}

int computer_note(struct clients *c, const struct computer_contact *contact, int64_t *id,
		  struct error *err)
{
	struct folded client;
	struct known k = { 0 };

	if (fold(contact->client_id, &client, err) < 0)
		return -1;
	int row = find_client(c, &client, &k, err);
	if (row < 0)
		return -1;
	bool changed = take(contact->dns_name, k.dns_name, sizeof k.dns_name);
	changed |= take(contact->claimed, k.claimed, sizeof k.claimed);
	changed |= take(contact->address, k.address, sizeof k.address);
	if (row == 0)
		return add_client(c, &client, &k, contact->now, id, err);
	*id = k.id;
	/* A clock that was set back shows, too. */
	if (!changed && contact->now >= k.last_contact &&
	    contact->now - k.last_contact < NOTE_SECONDS)
		return 0;
	return change_client(c, &k, contact->now, err);
}

int computer_contact(struct clients *c, const struct computer_contact *contact, struct error *err)
{
	CLEANUP(lock_release) struct lock *held = lock_take(c->lock);
	int64_t id;

	return computer_note(c, contact, &id, err);
}

/* ---- registration ---- */

static void bind_info(struct db_statement *s, int64_t id, const struct computer_info *in,
		      char (*clean)[COMPUTER_TEXT_SIZE])
{
	const struct {
		int column;
		const char *text;
	} texts[] = {
		{ 7, in->os_locale },
		{ 8, in->manufacturer },
		{ 9, in->model },
		{ 10, in->bios_version },
		{ 11, in->bios_name },
		{ 12, in->bios_release_date },
		{ 13, in->architecture },
		{ 22, in->os_description },
		{ 23, in->oem },
		{ 24, in->device_type },
		{ 25, in->firmware_version },
		{ 26, in->mobile_operator },
	};
	const struct {
		int column;
		int32_t value;
	} numbers[] = {
		{ 2, in->os_major },          { 3, in->os_minor },
		{ 4, in->os_build },          { 5, in->os_sp_major },
		{ 6, in->os_sp_minor },       { 14, in->suite_mask },
		{ 15, in->old_product_type }, { 16, in->new_product_type },
		{ 17, in->system_metrics },   { 18, in->client_major },
		{ 19, in->client_minor },     { 20, in->client_build },
		{ 21, in->client_qfe },
	};

	db_bind_int(s, 1, id);
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
		db_bind_int(s, numbers[i].column, numbers[i].value);
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		clients_text(texts[i].text, clean[i], sizeof clean[i]);
		db_bind_text(s, texts[i].column, clean[i]);
	}
}

int computer_register(struct clients *c, const char *client_id, const struct computer_info *info,
		      int64_t now, struct error *err)
{
	CLEANUP(lock_release) struct lock *held = lock_take(c->lock);
	CLEANUP(db_scope_end) struct db_scope scope = { c->db };
	const struct computer_contact contact = { .client_id = client_id,
						  .dns_name = info->dns_name,
						  .now = now };
	char clean[12][COMPUTER_TEXT_SIZE];
	int64_t id;

	if (db_begin(c->db, err) < 0 || computer_note(c, &contact, &id, err) < 0)
		return -1;
	struct db_statement *s = clients_prepared(
		c,
		"INSERT OR REPLACE INTO computer_info VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,"
		"?12,?13,?14,?15,?16,?17,?18,?19,?20,?21,?22,?23,?24,?25,?26)",
		err);
	if (!s)
		return -1;
	bind_info(s, id, info, clean);
	if (db_execute(s, err) < 0)
		return -1;
	s = clients_prepared(c, "UPDATE computer SET registered=?2 WHERE id=?1", err);
	if (!s)
		return -1;
	db_bind_int(s, 1, id);
	db_bind_int(s, 2, now);
	return db_execute(s, err) < 0 ? -1 : db_commit(c->db, err);
}

int computer_registered(struct clients *c, const char *client_id, struct error *err)
{
	CLEANUP(lock_release) struct lock *held = lock_take(c->lock);
	struct folded client;

	if (fold(client_id, &client, err) < 0)
		return -1;
	struct db_statement *s = clients_prepared(
		c, "SELECT 1 FROM computer WHERE client_id=?1 AND registered>0", err);
	if (!s)
		return -1;
	db_bind_text(s, 1, client.text);
	int row = db_step(s, err);
	db_reset(s);
	return row;
}

/* ---- groups ---- */

int computer_members(struct clients *c, int64_t id, struct group_set *out, struct error *err)
{
	struct db_statement *s = clients_prepared(
		c, "SELECT team_id FROM member WHERE computer_id=?1 ORDER BY team_id", err);
	int row = -1;

	*out = (struct group_set){ 0 };
	if (!s)
		return -1;
	db_bind_int(s, 1, id);
	while ((row = db_step(s, err)) == 1)
		group_set_add(out, db_int(s, 0));
	return row;
}

int computer_groups(struct clients *c, const char *client_id, const char *claimed,
		    struct group_set *out, struct error *err)
{
	CLEANUP(lock_release) struct lock *held = lock_take(c->lock);
	CLEANUP(group_list_clear) struct group_list l = { 0 };
	struct group_set members = { 0 };
	struct folded client;
	struct known k = { 0 };
	int64_t mode;

	if (fold(client_id, &client, err) < 0 || find_client(c, &client, &k, err) < 0 ||
	    clients_number(c, "SELECT targeting FROM setting", &mode, err) < 0)
		return -1;
	if (k.id != 0 && computer_members(c, k.id, &members, err) < 0)
		return -1;
	if (group_list_read(c, &l, err) < 0)
		return -1;
	group_resolve(&l, (enum clients_targeting)mode, &members, claimed ? claimed : k.claimed,
		      out);
	return 0;
}
