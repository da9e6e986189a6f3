#include "lib/clients/hresult.h"

#include "tests/unit/unit.h"

static const struct hresult rows[] = {
#define HRESULT(code, name, kind, text) { code, name, HRESULT_##kind, text },
#include "lib/clients/hresult.def"
#undef HRESULT
};

static void every_row_is_found(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct hresult *h = hresult_find(rows[i].code);

		assert_true(i == 0 || rows[i - 1].code < rows[i].code);
		assert_non_null(h);
		assert_string_equal(h->text, rows[i].text);
		/* A success that needs nothing is OK; no failure is. */
		assert_true((rows[i].kind == HRESULT_OK) <= !(rows[i].code & 0x80000000u));
	}
}

static void kinds(void **state)
{
	static const struct {
		uint32_t code;
		enum hresult_kind kind;
	} table[] = {
		{ 0, HRESULT_OK },
		{ 1, HRESULT_OK },
		{ 0x00240005, HRESULT_REBOOT },
		{ 0x80070070, HRESULT_DISK },
		{ 0x80070422, HRESULT_SERVICE },
		{ 0x80246008, HRESULT_SERVICE },
		{ 0x800F0823, HRESULT_PREREQUISITE },
		{ 0x80240017, HRESULT_PREREQUISITE },
		{ 0x80246007, HRESULT_FILE },
		{ 0x80244019, HRESULT_FILE },
		{ 0x80072EE2, HRESULT_NETWORK },
		{ 0x800B0109, HRESULT_TRUST },
		{ 0x80070643, HRESULT_OTHER },
		{ 0x87654321, HRESULT_OTHER }, /* unknown */
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++)
		assert_int_equal(hresult_kind(table[i].code), table[i].kind);
	assert_null(hresult_find(0x87654321));
	assert_null(hresult_find(0xffffffff));
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(every_row_is_found),
					    cmocka_unit_test(kinds) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
