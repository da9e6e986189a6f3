#include "media/stream_member.h"

#include "lib/base/error.h"
#include "media/volume.h"

#include <stdbool.h>
#include <string.h>

enum { AT_SIZE = 124, SIZE_DIGITS = 11 };

static bool is_plain(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* One or two components as SHA256SUMS has them. */
static bool is_name(const char *name)
{
	size_t slashes = 0;

	for (size_t i = 0; name[i]; i++) {
		bool first = i == 0 || name[i - 1] == '/';

		if (name[i] == '/' && !first && name[i + 1] && slashes++ == 0)
			continue;
		if (!is_plain(name[i]) && (first || !strchr("._-", name[i])))
			return false;
	}
	return name[0] != '\0';
}

static enum stream_member_kind kind_of(struct stream_member *m)
{
	struct volume_file f;

	if (!volume_file_parse(m->name, strlen(m->name), &f))
		return STREAM_MEMBER_SMALL;
	m->volume = f.number;
	m->chunk = f.chunk;
	return f.kind == VOLUME_WHOLE || f.kind == VOLUME_SEGMENT ? STREAM_MEMBER_VOLUME
								  : STREAM_MEMBER_HELPER;
}

static bool is_zero(const unsigned char block[USTAR_BLOCK])
{
	for (size_t i = 0; i < USTAR_BLOCK; i++)
		if (block[i] != 0)
			return false;
	return true;
}

int stream_member_parse(const unsigned char block[USTAR_BLOCK], uint64_t at,
			struct stream_member *out, struct error *err)
{
	*out = (struct stream_member){ .kind = STREAM_MEMBER_END };
	if (is_zero(block))
		return 0;
	memcpy(out->name, block, USTAR_NAME_MAX);
	for (size_t i = 0; i < SIZE_DIGITS; i++) {
		unsigned char c = block[AT_SIZE + i];

		out->size = out->size * 8 + (c >= '0' && c <= '7' ? c - (unsigned)'0' : 0);
	}
	/* Generated again from name and size: nothing else in the header can differ. */
	if (!is_name(out->name) || out->size > USTAR_SIZE_MAX ||
	    !ustar_matches(block, out->name, out->size))
		return error_set(err, ERROR_STREAM_FORMAT,
				 "byte %llu: no header of a file of a bundle",
				 (unsigned long long)at);
	out->kind = kind_of(out);
	return 0;
}
