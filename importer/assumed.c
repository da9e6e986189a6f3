#include "importer/assumed.h"

#include "lib/base/file.h"
#include "lib/store/content.h"
#include "lib/store/stored.h"
#include "media/need.h"
#include "media/object_table.h"

int assumed_check(struct store *s, const struct object_table *t, struct need *out,
		  struct error *err)
{
	for (size_t i = 0; i < object_table_assumed_count(t); i++) {
		struct object_part p = object_table_assumed_get(t, i);
		CLEANUP(file_close) int fd = -1;
		struct stored_object known;
		uint64_t size = 0;
		int found = stored_find(s, p.sha256, &known, err);

		if (found == 1)
			found = content_open(s, p.sha256, &fd, &size, err);
		if (found < 0)
			return -1;
		if (found == 0 || size != p.size)
			need_add_object(out, p.sha256, p.size);
	}
	return 0;
}

int assumed_check_packs(struct store *s, const struct object_table *t, struct need *out,
			struct error *err)
{
	for (size_t i = 0; i < object_table_assumed_count(t); i++) {
		struct object_part p = object_table_assumed_get(t, i);

		if (p.kind != OBJECT_PACK)
			continue;
		int good = content_check(s, p.sha256, p.size, err);
		if (good < 0)
			return -1;
		if (good == 1)
			continue;
		content_forget(s, p.sha256);
		need_add_object(out, p.sha256, p.size);
	}
	return 0;
}
