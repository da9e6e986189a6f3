#include "lib/base/error.h"
#include "lib/clients/clients_internal.h"
#include "lib/store/db.h"

enum { VERSION_NOW = 1 };

/*
 * Ids are INTEGER and never given twice where a client keeps them (approval); GUIDs are BLOBs of
 * 16; times are seconds since 1970, 0 for never; enumerations are the numbers of the C enums.
 */
static const char schema[] =
	"CREATE TABLE setting("
	" id INTEGER PRIMARY KEY CHECK(id=1), server_id BLOB NOT NULL, cookie_key BLOB NOT NULL,"
	" config_change INTEGER NOT NULL, approval_change INTEGER NOT NULL,"
	" targeting INTEGER NOT NULL, version INTEGER NOT NULL, events INTEGER NOT NULL);"

	/* "group" is a word of SQL. */
	"CREATE TABLE team("
	" id INTEGER PRIMARY KEY AUTOINCREMENT, guid BLOB NOT NULL UNIQUE, name TEXT NOT NULL "
	"COLLATE NOCASE "
	"UNIQUE,"
	" parent INTEGER NOT NULL, changed INTEGER NOT NULL);"
	"INSERT INTO team VALUES(1, x'a0a087464dbe4a379adf9e7652c0b421', 'All Computers', 0, 0);"
	"INSERT INTO team VALUES(2, x'b73ca6ed572747f384de015e03f6a88a', 'Unassigned Computers', "
	"1, 0);"

	/* client_id is folded to lower case.  What every request may change lies apart. */
	"CREATE TABLE computer("
	" id INTEGER PRIMARY KEY AUTOINCREMENT, client_id TEXT NOT NULL UNIQUE,"
	" dns_name TEXT NOT NULL COLLATE NOCASE, claimed TEXT NOT NULL, address TEXT NOT NULL,"
	" first_contact INTEGER NOT NULL, last_contact INTEGER NOT NULL,"
	" registered INTEGER NOT NULL, detection INTEGER NOT NULL,"
	" detection_error INTEGER NOT NULL, detection_error_at INTEGER NOT NULL);"
	"CREATE INDEX computer_name ON computer(dns_name);"
	"CREATE TABLE computer_info("
	" computer_id INTEGER PRIMARY KEY, os_major INTEGER, os_minor INTEGER, os_build INTEGER,"
	" os_sp_major INTEGER, os_sp_minor INTEGER, os_locale TEXT, manufacturer TEXT, model TEXT,"
	" bios_version TEXT, bios_name TEXT, bios_release_date TEXT, architecture TEXT,"
	" suite_mask INTEGER, old_product_type INTEGER, new_product_type INTEGER,"
	" system_metrics INTEGER, client_major INTEGER, client_minor INTEGER, client_build INTEGER,"
	" client_qfe INTEGER, os_description TEXT, oem TEXT, device_type TEXT,"
	" firmware_version TEXT, mobile_operator TEXT);"
	"CREATE TABLE member("
	" computer_id INTEGER NOT NULL, team_id INTEGER NOT NULL, PRIMARY KEY(computer_id, team_id)"
	") WITHOUT ROWID;"
	"CREATE INDEX member_team ON member(team_id);"

	"CREATE TABLE approval("
	" id INTEGER PRIMARY KEY AUTOINCREMENT, update_id BLOB NOT NULL,"
	" team_id INTEGER NOT NULL, action INTEGER NOT NULL, deadline INTEGER NOT NULL,"
	" is_assigned INTEGER NOT NULL, last_change INTEGER NOT NULL, by_whom TEXT NOT NULL,"
	" UNIQUE(update_id, team_id));"
	"CREATE INDEX approval_team ON approval(team_id);"
	"CREATE TABLE declined("
	" update_id BLOB PRIMARY KEY, at INTEGER NOT NULL, by_whom TEXT NOT NULL) WITHOUT ROWID;"

	/* Events as history; what follows from them is in status and failure. */
	"CREATE TABLE event("
	" id INTEGER PRIMARY KEY, computer_id INTEGER NOT NULL, instance BLOB NOT NULL,"
	" received INTEGER NOT NULL, time INTEGER NOT NULL, event_id INTEGER NOT NULL,"
	" update_id BLOB, revision INTEGER NOT NULL, result INTEGER NOT NULL, app TEXT NOT NULL,"
	" text TEXT NOT NULL, UNIQUE(computer_id, instance));"
	"CREATE INDEX event_computer ON event(computer_id);"
	/* Updates that computers named: small numbers for the packed sets of status. */
	"CREATE TABLE number(id INTEGER PRIMARY KEY, update_id BLOB NOT NULL UNIQUE);"
	/* The newest 156 of a computer; states: lib/clients/status.h. */
	"CREATE TABLE status("
	" computer_id INTEGER PRIMARY KEY, time INTEGER NOT NULL, received INTEGER NOT NULL,"
	" states BLOB NOT NULL);"
	"CREATE TABLE failure("
	" computer_id INTEGER NOT NULL, number INTEGER NOT NULL, event_id INTEGER NOT NULL,"
	" result INTEGER NOT NULL, time INTEGER NOT NULL, PRIMARY KEY(computer_id, number)"
	") WITHOUT ROWID;"
	"PRAGMA user_version=1";

static int version_of(struct db *db, int64_t *out, struct error *err)
{
	CLEANUP(db_finalize) struct db_statement *s = db_prepare(db, "PRAGMA user_version", err);

	if (!s || db_step(s, err) < 0)
		return -1;
	*out = db_int(s, 0);
	return 0;
}

int clients_schema(struct db *db, struct error *err)
{
	int64_t version;

	if (version_of(db, &version, err) < 0)
		return -1;
	if (version == VERSION_NOW)
		return 0;
	if (version > VERSION_NOW)
		return error_set(err, ERROR_CLIENTS_SCHEMA,
				 "clients.db: schema version %lld, this program knows up to %d",
				 (long long)version, VERSION_NOW);
	CLEANUP(db_scope_end) struct db_scope scope = { db };
	/* Somebody else may have made it between our look and our lock. */
	if (db_begin(db, err) < 0 || version_of(db, &version, err) < 0)
		return -1;
	if (version == VERSION_NOW)
		return 0;
	return db_run(db, schema, err) < 0 ? -1 : db_commit(db, err);
}
