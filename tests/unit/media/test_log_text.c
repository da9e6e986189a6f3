/* log/nodes and log/objects at their limits. */
#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/limits.h"
#include "media/log_text.h"
#include "tests/unit/unit.h"

#include <string.h>

static void nodes_are_limited(void **state)
{
	static const unsigned char hash[TREE_HASH];
	const unsigned most = LIMIT_LOG_NODES_BYTES / 67 + 1; /* "0 <hash>" and the magic */

	(void)state;
	assert_true(most < LIMIT_LOG_NODES);
	for (unsigned n = most; n <= most + 1; n++) {
		CLEANUP(buf_clear) struct buf text = BUF_INIT(2 * LIMIT_LOG_NODES_BYTES);
		struct log_text_nodes nodes = { .wanted = 7 };
		struct error err = ERROR_INIT;

		assert_int_equal(log_text_nodes_begin(&text, &err), 0);
		for (unsigned i = 1; i < n; i++)
			assert_int_equal(log_text_node(0, hash, &text, &err), 0);
		/* Lines of 66 bytes reach the limit in bytes before the one in lines. */
		int result = log_text_nodes_parse(text.bytes, text.len, &nodes, &err);

		if (n > most) {
			assert_int_equal(result, -1);
			assert_int_equal(err.id, ERROR_MEDIA_LIMIT);
		} else {
			assert_no_error(err);
			assert_true(nodes.found);
			assert_int_equal(nodes.tree.size, most - 1);
		}
	}
}

static void objects_are_limited(void **state)
{
	(void)state;
	for (unsigned n = LIMIT_OBJECTS; n <= LIMIT_OBJECTS + 1; n++) {
		CLEANUP(buf_clear) struct buf text = BUF_INIT(LIMIT_TEXT_LINE);
		struct log_text_objects o = { .lines = n };
		struct error err = ERROR_INIT;

		assert_int_equal(log_text_objects_write(&o, &text, &err), 0);
		assert_int_equal(log_text_objects_parse(text.bytes, text.len, &o, &err),
				 n > LIMIT_OBJECTS ? -1 : 0);
		assert_int_equal(err.id, n > LIMIT_OBJECTS ? ERROR_LOG_FORMAT : ERROR_NONE);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(nodes_are_limited),
		cmocka_unit_test(objects_are_limited),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
