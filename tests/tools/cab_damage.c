#include "tests/tools/cab_damage.h"

#include "lib/base/error.h"
#include "lib/base/file.h"

#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MEMBER_COUNT_AT = 28, FOLDER_AT = 36, HEADER = 44 };

/* Our outer cabinets have no reserve, so the folder follows the header. */
int cab_damage(int dirfd, const char *name, unsigned damage, struct error *err)
{
	unsigned char head[HEADER], byte;
	struct stat st;

	if (damage == 0)
		return 0;
	CLEANUP(file_close) int fd = openat(dirfd, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 || fstat(fd, &st) < 0)
		return error_set_errno(err, ERROR_FILE_OPEN, "%s: cannot open", name);
	if (file_read_at(fd, name, head, sizeof head, 0, err) < 0)
		return -1;
	uint32_t data = (uint32_t)head[FOLDER_AT] | (uint32_t)head[FOLDER_AT + 1] << 8 |
			(uint32_t)head[FOLDER_AT + 2] << 16 | (uint32_t)head[FOLDER_AT + 3] << 24;
	if (damage & CAB_DAMAGE_CHECKSUM) {
		if (file_read_at(fd, name, &byte, 1, data, err) < 0)
			return -1;
		byte ^= 1;
		if (file_write_at(fd, name, &byte, 1, data, err) < 0)
			return -1;
	}
	if (damage & CAB_DAMAGE_COUNT) {
		head[MEMBER_COUNT_AT] = (unsigned char)(head[MEMBER_COUNT_AT] + 7);
		if (file_write_at(fd, name, head + MEMBER_COUNT_AT, 1, MEMBER_COUNT_AT, err) < 0)
			return -1;
	}
	if ((damage & CAB_DAMAGE_MAGIC) && file_write_at(fd, name, "MZ\x90", 4, 0, err) < 0)
		return -1;
	if ((damage & CAB_DAMAGE_TRUNCATED) && ftruncate(fd, st.st_size / 4 * 3) < 0)
		return error_set_errno(err, ERROR_FILE_WRITE, "%s: cannot truncate", name);
	return 0;
}

const char *cab_damage_name(unsigned nth)
{
	static const char *const names[] = {
		"..\\..\\evil",    "\\evil", "C:\\evil",    "../../evil", "/evil",
		"c\\..\\..\\evil", "evil\\", "c\\1:stream", "con",        "package.cab.",
	};

	return nth == 0 ? NULL : names[(nth - 1) % (sizeof names / sizeof *names)];
}
