/* log/nodes and log/objects: sizes that nodes pass through have one root, however it is asked. */
#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "media/log_text.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static void require(int condition)
{
	if (!condition)
		abort();
}

static void check_nodes(const unsigned char *data, size_t size)
{
	struct log_text_nodes n = { .wanted = 0 }, again;
	struct error err = ERROR_INIT;
	unsigned char root[TREE_HASH];
	int failed = log_text_nodes_parse(data, size, &n, &err);

	require((failed == 0) == (err.id == ERROR_NONE));
	if (failed)
		return;
	require(n.found);
	again = (struct log_text_nodes){ .wanted = n.tree.size };
	require(log_text_nodes_parse(data, size, &again, &err) == 0 && again.found);
	tree_root(&n.tree, root);
	require(memcmp(root, again.root, sizeof root) == 0);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	CLEANUP(buf_clear) struct buf out = BUF_INIT(LIMIT_TEXT_LINE);
	struct log_text_lines lines = { .held = 0 };
	struct log_text_objects o;
	struct error err = ERROR_INIT;

	check_nodes(data, size);
	if (log_text_objects_parse(data, size, &o, &err) == 0) {
		require(log_text_objects_write(&o, &out, &err) == 0);
		require(out.len == size && memcmp(out.bytes, data, size) == 0);
	}
	error_clear(&err);
	if (log_text_lines_feed(&lines, data, size, &err) == 0)
		require(lines.tree.size <= size);
	return 0;
}
