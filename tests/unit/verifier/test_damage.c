/* Ranges, bits and the verdict on damage. */
#include "verifier/damage.h"

#include "tests/unit/unit.h"

#include <string.h>

enum { LEN = 4096, AT = 1 << 20 };

static unsigned char genuine[LEN], medium[LEN];

static struct damage compare(void)
{
	struct damage d;

	damage_compare(medium, genuine, LEN, AT, &d);
	return d;
}

static int start(void **state)
{
	(void)state;
	for (size_t i = 0; i < LEN; i++)
		genuine[i] = medium[i] = (unsigned char)(i * 7 + 1);
	return 0;
}

static void nothing(void **state)
{
	(void)state;
	assert_int_equal(compare().cause, DAMAGE_NONE);
	assert_int_equal(compare().bytes, 0);
}

static void bits_and_ranges(void **state)
{
	char text[DAMAGE_TEXT];

	(void)state;
	medium[10] ^= 1;
	medium[11] ^= 0x81;
	medium[511] ^= 2;
	medium[512] ^= 4; /* one run across two sectors */
	struct damage d = compare();
	assert_int_equal(d.cause, DAMAGE_ROT);
	assert_int_equal(d.bits, 5);
	assert_int_equal(d.bytes, 4);
	assert_int_equal(d.count, 2);
	assert_int_equal(d.ranges[0].first, AT + 10);
	assert_int_equal(d.ranges[0].last, AT + 11);
	assert_int_equal(d.ranges[1].first, AT + 511);
	assert_int_equal(d.ranges[1].last, AT + 512);
	damage_describe(&d, text);
	assert_string_equal(text, "bytes 1048586-1049088 in 2 runs, 4 bytes, 5 bits flipped, "
				  "likely rot");
}

static void eight_bits_are_rot_nine_are_not(void **state)
{
	(void)state;
	medium[100] ^= 0xff;
	assert_int_equal(compare().cause, DAMAGE_ROT);
	medium[200] ^= 1;
	assert_int_equal(compare().cause, DAMAGE_EDIT);
}

static void constant_sectors_are_rot(void **state)
{
	(void)state;
	memset(medium + 1024, 0xff, 1024);
	assert_int_equal(compare().cause, DAMAGE_ROT);
	medium[1500] = 3;
	assert_int_equal(compare().cause, DAMAGE_EDIT);
}

static void ranges_past_the_last_kept(void **state)
{
	(void)state;
	for (size_t i = 0; i < 20; i++)
		medium[100 * i] ^= 1;
	struct damage d = compare();
	assert_int_equal(d.count, 20);
	assert_int_equal(d.last, AT + 1900);
	assert_int_equal(d.ranges[DAMAGE_RANGES - 1].last, AT + 700);
}

static void unreadable(void **state)
{
	char text[DAMAGE_TEXT];
	struct damage d;

	(void)state;
	damage_lost(AT, 100, &d);
	damage_describe(&d, text);
	assert_string_equal(text, "bytes 1048576-1048675, not readable");
	assert_string_equal(damage_cause_name(d.cause), "lost");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(nothing, start),
		cmocka_unit_test_setup(bits_and_ranges, start),
		cmocka_unit_test_setup(eight_bits_are_rot_nine_are_not, start),
		cmocka_unit_test_setup(constant_sectors_are_rot, start),
		cmocka_unit_test_setup(ranges_past_the_last_kept, start),
		cmocka_unit_test_setup(unreadable, start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
