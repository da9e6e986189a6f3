/*
 * Any bytes as the header of a member of a stream: what is accepted is generated again from its
 * name and size, and the name stays below the bundle's directory.  A second opinion: libarchive,
 * which is bsdtar, reads the same member from it.
 */
#include "lib/base/error.h"
#include "media/stream_member.h"

#include <archive.h>
#include <archive_entry.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static void require(int fact)
{
	if (!fact)
		abort();
}

static void compare(unsigned char block[USTAR_BLOCK], const struct stream_member *m)
{
	struct archive *a = archive_read_new();
	struct archive_entry *e = NULL;

	require(a && archive_read_support_format_tar(a) == ARCHIVE_OK &&
		archive_read_open_memory(a, block, USTAR_BLOCK) == ARCHIVE_OK &&
		archive_read_next_header(a, &e) == ARCHIVE_OK);
	require(strcmp(archive_entry_pathname(e), m->name) == 0 &&
		archive_entry_size(e) == (int64_t)m->size && archive_entry_mode(e) == 0100444 &&
		archive_entry_mtime(e) == 0 && !archive_entry_hardlink(e));
	archive_read_free(a);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	unsigned char block[USTAR_BLOCK] = { 0 }, again[USTAR_BLOCK];
	struct error err = ERROR_INIT;
	struct stream_member m;

	memcpy(block, data, size < sizeof block ? size : sizeof block);
	/* The right checksum is hard to guess: give it to every second input. */
	if (size > 0 && size % 2 == 0) {
		unsigned sum = 0;

		memset(block + 148, ' ', 8);
		for (size_t i = 0; i < sizeof block; i++)
			sum += block[i];
		for (size_t i = 0; i < 6; i++)
			block[148 + i] = (unsigned char)('0' + (sum >> (3 * (5 - i)) & 7));
		block[154] = '\0';
	}
	if (stream_member_parse(block, 0, &m, &err) < 0) {
		require(err.id == ERROR_STREAM_FORMAT);
		return 0;
	}
	if (m.kind == STREAM_MEMBER_END)
		return 0;
	ustar_header(m.name, m.size, again);
	require(memcmp(block, again, sizeof block) == 0);
	require(m.name[0] != '/' && m.name[0] != '.' && !strstr(m.name, "/.") &&
		!strstr(m.name, "//"));
	compare(block, &m);
	return 0;
}
