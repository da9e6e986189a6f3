/* A folder with a clients.db in it. */
#ifndef TESTS_CLIENTS_FIXTURE_H
#define TESTS_CLIENTS_FIXTURE_H

#include "lib/base/buf.h"
#include "lib/base/file.h"
#include "lib/clients/approval.h"
#include "lib/clients/clients.h"
#include "lib/clients/computer.h"
#include "tests/unit/folder.h"

enum { NOW = 1800000000 };

struct fixture {
	struct temporary folder;
	struct clients *clients;
};

static struct clients *clients_of(const struct temporary *f)
{
	struct error err = ERROR_INIT;
	struct clients *c = clients_open(f->path, CLIENTS_SERVER, &err);

	assert_no_error(err);
	assert_non_null(c);
	return c;
}

__attribute__((unused)) static int clients_setup(void **state)
{
	struct fixture *f = buf_calloc(1, sizeof *f);

	temporary_create(&f->folder);
	temporary_write(&f->folder, "catalog.db", "", 0);
	f->clients = clients_of(&f->folder);
	*state = f;
	return 0;
}

__attribute__((unused)) static int clients_teardown(void **state)
{
	struct fixture *f = *state;

	clients_close(f->clients);
	temporary_remove(&f->folder);
	free(f);
	return 0;
}

__attribute__((unused)) static int64_t add_group(struct clients *c, const char *name,
						 const char *parent)
{
	struct error err = ERROR_INIT;
	int64_t id = 0;

	assert_int_equal(group_add(c, name, parent, &id, &err), 0);
	assert_no_error(err);
	return id;
}

__attribute__((unused)) static struct computer find_computer(struct clients *c, const char *what)
{
	struct error err = ERROR_INIT;
	struct computer m;

	assert_int_equal(computer_find(c, what, &m, &err), 1);
	assert_no_error(err);
	return m;
}

/* A registered computer, in contact at now. */
__attribute__((unused)) static struct computer add_computer(struct clients *c, const char *id,
							    int64_t now)
{
	const struct computer_info info = { .dns_name = id, .os_major = 10, .os_build = 26200 };
	struct error err = ERROR_INIT;

	assert_int_equal(computer_register(c, id, &info, now, &err), 0);
	return find_computer(c, id);
}

/* An update whose GUID begins with first. */
__attribute__((unused)) static void guid(unsigned char out[16], unsigned char first)
{
	for (int i = 0; i < 16; i++)
		out[i] = i ? 0x11 : first;
}

__attribute__((unused)) static int64_t approve(struct clients *c, unsigned char update,
					       int64_t group, enum approval_action action,
					       int64_t now)
{
	struct approval a = { .group = group, .action = action, .is_assigned = true, .by = "test" };
	struct error err = ERROR_INIT;

	guid(a.update_id, update);
	assert_int_equal(approval_set(c, &a, 1, now, &err), 0);
	assert_no_error(err);
	return a.id;
}

#endif
