#include "lib/clients/status.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "tests/unit/unit.h"

static void what_is_packed_comes_back(void **state)
{
	const struct status_item items[] = {
		{ 1, COMPLIANCE_INSTALLED },      { 2, COMPLIANCE_NEEDED },
		{ 17, COMPLIANCE_FAILED },        { 18, COMPLIANCE_REBOOT },
		{ 100000, COMPLIANCE_INSTALLED }, { UINT32_MAX, COMPLIANCE_UNKNOWN },
	};
	CLEANUP(buf_clear) struct buf b = BUF_INIT(100);
	struct error err = ERROR_INIT;
	struct status_item item;

	(void)state;
	assert_int_equal(status_pack(items, COUNT(items), &b, &err), 0);
	struct status_walk walk = status_begin(b.bytes, b.len);
	for (size_t i = 0; i < COUNT(items); i++) {
		assert_int_equal(status_next(&walk, &item, &err), 1);
		assert_int_equal(item.number, items[i].number);
		assert_int_equal(item.state, items[i].state);
	}
	assert_int_equal(status_next(&walk, &item, &err), 0);
}

static void neighbours_take_one_byte(void **state)
{
	CLEANUP(buf_clear) struct buf b = BUF_INIT(100);
	struct error err = ERROR_INIT;
	struct status_item items[50];

	(void)state;
	for (unsigned i = 0; i < 50; i++)
		items[i] = (struct status_item){ 3 * i + 1, COMPLIANCE_INSTALLED };
	assert_int_equal(status_pack(items, 50, &b, &err), 0);
	assert_int_equal(b.len, 50);
}

static void of_two_states_the_stronger_stays(void **state)
{
	struct status_item items[] = {
		{ 9, COMPLIANCE_NEEDED }, { 4, COMPLIANCE_INSTALLED }, { 9, COMPLIANCE_DOWNLOADED },
		{ 4, COMPLIANCE_REBOOT }, { 9, COMPLIANCE_FAILED },    { 7, COMPLIANCE_NEEDED },
	};

	(void)state;
	assert_int_equal(status_sort(items, COUNT(items)), 3);
	assert_int_equal(items[0].number, 4);
	assert_int_equal(items[0].state, COMPLIANCE_REBOOT);
	assert_int_equal(items[1].number, 7);
	assert_int_equal(items[2].number, 9);
	assert_int_equal(items[2].state, COMPLIANCE_FAILED);
}

static void malformed_bytes_are_refused(void **state)
{
	static const struct {
		unsigned char bytes[6];
		size_t len;
	} rows[] = {
		{ { 0x80 }, 1 },                               /* cut */
		{ { 0x07 }, 1 },                               /* no state 7 */
		{ { 0x80, 0x80, 0x80, 0x80, 0x80, 0x01 }, 6 }, /* too long */
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct error err = ERROR_INIT;
		struct status_item item;
		struct status_walk walk = status_begin(rows[i].bytes, rows[i].len);

		assert_int_equal(status_next(&walk, &item, &err), -1);
		assert_int_equal(err.id, ERROR_CLIENTS_CORRUPT);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_packed_comes_back),
		cmocka_unit_test(neighbours_take_one_byte),
		cmocka_unit_test(of_two_states_the_stronger_stays),
		cmocka_unit_test(malformed_bytes_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
