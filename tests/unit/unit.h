/* What every unit test includes: cmocka and a few assertions of ours. */
#ifndef TESTS_UNIT_H
#define TESTS_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* The call returned failure with this id, and its message contains this text. */
#define assert_error(err, want_id, want_text)                                                \
	do {                                                                                 \
		if ((err).id != (want_id) || !strstr((err).message, (want_text)))            \
			fail_msg("error %s \"%s\", want %s \"%s\"", error_id_text((err).id), \
				 (err).message, error_id_text(want_id), (want_text));        \
	} while (0)

#define assert_no_error(err)                                                            \
	do {                                                                            \
		if ((err).id != ERROR_NONE)                                             \
			fail_msg("unexpected error %s \"%s\"", error_id_text((err).id), \
				 (err).message);                                        \
	} while (0)

#define COUNT(array) (sizeof(array) / sizeof *(array))

#endif
