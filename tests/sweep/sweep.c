/*
 * sweep BUNDLE TRUST COUNT [SEED]: damage volumes of a bundle in place, COUNT times, 512 bytes to
 * 64 MiB each, and put the bytes back; then every single volume is taken away.  After each damage
 * every chunk that differs must be rebuilt exactly, with the exact range reported, or be refused
 * by name: volume, chunk and an object on it.  Every other damage finds the spare volumes hidden.
 * At last a damaged volume is copied, repaired, into a directory "copy" beside BUNDLE.
 *
 * Prints one line; exit status 1 when anything was wrong.  BUNDLE must not be needed any more.
 */
#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/str.h"
#include "lib/crypto/trust.h"
#include "media/chunk_table.h"
#include "media/object_table.h"
#include "media/parity.h"
#include "media/volume.h"
#include "verifier/repair.h"
#include "verifier/verify.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct sweep {
	const char *path;
	struct trust *trust;
	struct verified_bundle *bundle;
	uint32_t volumes;
	unsigned char **pristine; /* [0] is volume 1 */
	int *fds;
	uint64_t random;
	struct repair_found found;
	size_t found_count;
	uint64_t rebuilt, named, wrong, damages, whole;
};

static _Noreturn void die(const char *what, const struct error *err)
{
	fprintf(stderr, "sweep: %s: %s\n", what, err->message);
	exit(1);
}

static uint64_t next(struct sweep *s, uint64_t below)
{
	s->random ^= s->random << 13;
	s->random ^= s->random >> 7;
	s->random ^= s->random << 17;
	return s->random % below;
}

static uint64_t size_of(const struct sweep *s, uint32_t volume)
{
	return object_table_volume_size(verify_objects(s->bundle), volume);
}

static void open_bundle(struct sweep *s)
{
	struct error err = ERROR_INIT;

	verify_close(s->bundle);
	s->bundle = verify_open(s->path, s->trust, VERIFY_COMPLETE, &err);
	if (!s->bundle)
		die(s->path, &err);
}

static void load(struct sweep *s)
{
	struct error err = ERROR_INIT;

	s->volumes = object_table_volumes(verify_objects(s->bundle));
	s->pristine = buf_calloc(s->volumes, sizeof *s->pristine);
	s->fds = buf_calloc(s->volumes, sizeof *s->fds);
	for (uint32_t v = 1; v <= s->volumes; v++) {
		char name[VOLUME_NAME_SIZE];

		volume_name(v, name);
		s->pristine[v - 1] = buf_malloc(size_of(s, v));
		s->fds[v - 1] = openat(verify_dir(s->bundle), name, O_RDWR | O_CLOEXEC);
		if (s->fds[v - 1] < 0 || file_read_at(s->fds[v - 1], name, s->pristine[v - 1],
						      size_of(s, v), 0, &err) < 0)
			die(name, &err);
	}
}

/* ---- judging ---- */

static void note(void *ctx, const struct repair_found *found)
{
	struct sweep *s = ctx;

	s->found = *found;
	s->found_count++;
}

static void fail(struct sweep *s, uint32_t volume, size_t chunk, const char *what)
{
	s->wrong++;
	fprintf(stderr, "sweep: damage %llu: vol-%04u.tar chunk %06zu: %s\n",
		(unsigned long long)s->damages, volume, chunk, what);
}

/* Does the message name the chunk, and an object that really lies there? */
static bool names_it(const struct sweep *s, uint32_t volume, size_t chunk, const char *message)
{
	const struct object_table *t = verify_objects(s->bundle);
	uint64_t from = (uint64_t)chunk * VOLUME_CHUNK, to = from + VOLUME_CHUNK;
	const char *object = strstr(message, "first ");
	unsigned char sha256[32];
	char want[64];
	size_t i;

	snprintf(want, sizeof want, "vol-%04u.tar chunk %06zu ", volume, chunk);
	if (strncmp(message, want, strlen(want)) != 0 || !object)
		return false;
	if (object[6] == '-') /* only the trailer lies there */
		return to >= size_of(s, volume);
	if (!str_from_hex(object + 6, 64, sha256, sizeof sha256) ||
	    object_table_find(t, sha256, &i) != 1)
		return false;
	do {
		struct object_part p = object_table_get(t, i);

		if (p.volume == volume && p.offset - 512 < to && p.offset + p.length > from)
			return true;
	} while (object_table_next(t, &i) == 1);
	return false;
}

/* Bytes [first, last] of the volume are what differs in this chunk; or nothing, when last < first.
 */
static void judge(struct sweep *s, struct repair *r, uint32_t volume, size_t chunk, uint64_t first,
		  uint64_t last)
{
	struct error err = ERROR_INIT;
	const unsigned char *bytes;
	size_t len, before = s->found_count;
	int result = repair_chunk(r, volume, chunk, &bytes, &len, &err);

	if (result < 0) {
		s->named++;
		if (last < first || err.id != ERROR_REPAIR_BEYOND ||
		    !names_it(s, volume, chunk, err.message))
			fail(s, volume, chunk, err.message);
		return;
	}
	if (memcmp(bytes, s->pristine[volume - 1] + (uint64_t)chunk * VOLUME_CHUNK, len) != 0)
		fail(s, volume, chunk, "accepted wrong bytes");
	if (result != (last >= first))
		fail(s, volume, chunk, "good and damaged are mixed up");
	if (result == 0)
		return;
	s->rebuilt++;
	if (s->found_count != before + 1 || s->found.damage.ranges[0].first != first ||
	    s->found.damage.last != last)
		fail(s, volume, chunk, "another range was reported");
}

static struct repair *open_repair(struct sweep *s)
{
	return repair_open(
		&(struct repair_options){ .bundle = s->bundle, .found = note, .ctx = s });
}

/* ---- damage ---- */

/* 512 bytes to 64 MiB, every order of magnitude as often. */
static size_t choose_length(struct sweep *s, uint64_t most)
{
	uint64_t base = 512ull << next(s, 17), len = base + next(s, base + 1);

	if (len > 64ull << 20)
		len = 64ull << 20;
	return (size_t)(len < most ? len : most);
}

static void spoil(struct sweep *s, unsigned char *bytes, size_t len)
{
	switch (next(s, 4)) {
	case 0:
		memset(bytes, 0, len);
		return;
	case 1:
		memset(bytes, 0xff, len);
		return;
	case 2: /* a few bits */
		for (uint64_t n = 1 + next(s, 4); n > 0; n--)
			bytes[next(s, len)] ^= (unsigned char)(1u << next(s, 8));
		return;
	default:
		for (size_t i = 0; i < len; i += sizeof s->random) {
			(void)next(s, 1);
			memcpy(bytes + i, &s->random,
			       len - i < sizeof s->random ? len - i : sizeof s->random);
		}
	}
}

static void judge_all(struct sweep *s, uint32_t volume, const unsigned char *spoilt, uint64_t at,
		      size_t len)
{
	CLEANUP(repair_close) struct repair *r = open_repair(s);
	const unsigned char *good = s->pristine[volume - 1] + at;
	size_t chunks = chunk_table_count(verify_chunks(s->bundle), volume);

	for (size_t c = (size_t)(at / VOLUME_CHUNK); c <= (at + len - 1) / VOLUME_CHUNK; c++) {
		uint64_t begin = (uint64_t)c * VOLUME_CHUNK, end = begin + VOLUME_CHUNK;
		uint64_t first = begin > at ? begin : at;
		uint64_t last = (end < at + len ? end : at + len) - 1;

		while (first <= last && spoilt[first - at] == good[first - at])
			first++;
		while (last > first && spoilt[last - at] == good[last - at])
			last--;
		judge(s, r, volume, c, first <= last ? first : 1, first <= last ? last : 0);
	}
	size_t other = next(s, chunks);
	if (other < at / VOLUME_CHUNK || other > (at + len - 1) / VOLUME_CHUNK)
		judge(s, r, volume, other, 1, 0);
}

static void damage(struct sweep *s)
{
	uint32_t volume = 1 + (uint32_t)next(s, s->volumes);
	size_t len = choose_length(s, size_of(s, volume));
	uint64_t at = next(s, size_of(s, volume) - len + 1);
	CLEANUP(free) unsigned char *spoilt = buf_malloc(len);
	uint64_t before = s->named;
	struct error err = ERROR_INIT;

	memcpy(spoilt, s->pristine[volume - 1] + at, len);
	spoil(s, spoilt, len);
	if (file_write_at(s->fds[volume - 1], "volume", spoilt, len, at, &err) < 0)
		die("write", &err);
	judge_all(s, volume, spoilt, at, len);
	s->whole += s->named == before;
	if (file_write_at(s->fds[volume - 1], "volume", s->pristine[volume - 1] + at, len, at,
			  &err) < 0)
		die("write", &err);
	s->damages++;
}

/* ---- files that go away and come back ---- */

static void rename_file(struct sweep *s, const char *from, const char *to)
{
	struct error err = ERROR_INIT;

	if (renameat(verify_dir(s->bundle), from, verify_dir(s->bundle), to) < 0) {
		error_set_errno(&err, ERROR_FILE_WRITE, "%s: cannot rename", from);
		die("rename", &err);
	}
}

static void hide_spares(struct sweep *s, bool hide)
{
	for (uint32_t v = 1; v <= s->volumes; v += PARITY_SPARE_GROUP) {
		char name[PARITY_NAME_SIZE], hidden[PARITY_NAME_SIZE + 1];

		parity_spare_name(parity_spare_number(v, 0), name);
		snprintf(hidden, sizeof hidden, ".%s", name);
		rename_file(s, hide ? name : hidden, hide ? hidden : name);
	}
}

/* A missing volume: rebuilt from the spare, all of it named without. */
static void drop(struct sweep *s, uint32_t volume)
{
	size_t chunks = chunk_table_count(verify_chunks(s->bundle), volume);
	char name[VOLUME_NAME_SIZE];

	volume_name(volume, name);
	rename_file(s, name, ".dropped");
	open_bundle(s);
	for (int hidden = 0; hidden <= 1; hidden++) {
		uint64_t rebuilt = s->rebuilt, named = s->named;

		if (hidden)
			hide_spares(s, true);
		struct repair *r = open_repair(s);
		for (size_t c = 0; c < chunks; c++) {
			uint64_t first = (uint64_t)c * VOLUME_CHUNK, last = first + VOLUME_CHUNK;

			if (last > size_of(s, volume))
				last = size_of(s, volume);
			judge(s, r, volume, c, first, last - 1);
		}
		repair_close(r);
		if (hidden)
			hide_spares(s, false);
		if ((hidden ? s->named - named : s->rebuilt - rebuilt) != chunks)
			fail(s, volume, 0, "a dropped volume was not dealt with as a whole");
	}
	rename_file(s, ".dropped", name);
	open_bundle(s);
}

/* A damaged volume is copied whole to another directory, and never beside itself. */
static void copy(struct sweep *s)
{
	CLEANUP(repair_close) struct repair *r = open_repair(s);
	CLEANUP(free) unsigned char *bytes = NULL;
	unsigned char byte = (unsigned char)~s->pristine[0][5000];
	struct error err = ERROR_INIT;
	char dir[4096];
	size_t len;

	if (file_write_at(s->fds[0], "volume", &byte, 1, 5000, &err) < 0)
		die("write", &err);
	if (repair_volume(r, 1, s->path, &err) == 0 || err.id != ERROR_REPAIR_TARGET)
		fail(s, 1, 0, "was copied beside itself");
	error_clear(&err);
	snprintf(dir, sizeof dir, "%s/../copy", s->path);
	if (file_make_dirs(dir, &err) < 0 || repair_volume(r, 1, dir, &err) < 0)
		die(dir, &err);
	CLEANUP(file_close) int fd = file_open_dir(dir, &err);
	if (fd < 0 || file_load(fd, "vol-0001.tar", size_of(s, 1), &bytes, &len, &err) != 1)
		die(dir, &err);
	if (len != size_of(s, 1) || memcmp(bytes, s->pristine[0], len) != 0)
		fail(s, 1, 0, "was copied wrong");
	if (file_write_at(s->fds[0], "volume", s->pristine[0] + 5000, 1, 5000, &err) < 0)
		die("write", &err);
}

static void progress(const struct sweep *s, uint64_t count)
{
	if (s->damages % 500 == 0)
		fprintf(stderr,
			"sweep: %llu of %llu damages, %llu chunks rebuilt, %llu named, %llu "
			"wrong\n",
			(unsigned long long)s->damages, (unsigned long long)count,
			(unsigned long long)s->rebuilt, (unsigned long long)s->named,
			(unsigned long long)s->wrong);
}

int main(int argc, char **argv)
{
	struct sweep s = { .random = 88172645463325252ull };
	struct error err = ERROR_INIT;
	uint64_t count, seed = 1;

	if (argc < 4 || !str_to_u64(argv[3], strlen(argv[3]), 1u << 30, &count) ||
	    (argc > 4 && !str_to_u64(argv[4], strlen(argv[4]), 1u << 30, &seed))) {
		fprintf(stderr, "usage: sweep BUNDLE TRUST COUNT [SEED]\n");
		return 1;
	}
	s.random += seed;
	s.path = argv[1];
	CLEANUP(file_close) int dir = file_open_dir(argv[2], &err);
	s.trust = dir < 0 ? NULL : trust_load(dir, argv[2], &err);
	if (!s.trust)
		die(argv[2], &err);
	open_bundle(&s);
	load(&s);
	for (uint64_t i = 0; i < count; i++) {
		if (i % 2)
			hide_spares(&s, true);
		damage(&s);
		if (i % 2)
			hide_spares(&s, false);
		progress(&s, count);
	}
	for (uint32_t v = 1; v <= s.volumes; v++)
		drop(&s, v);
	copy(&s);
	printf("sweep: %llu damages (%llu repaired whole) and %u dropped volumes: %llu chunks "
	       "rebuilt, %llu named as beyond repair, %llu wrong\n",
	       (unsigned long long)s.damages, (unsigned long long)s.whole, s.volumes,
	       (unsigned long long)s.rebuilt, (unsigned long long)s.named,
	       (unsigned long long)s.wrong);
	for (uint32_t v = 0; v < s.volumes; v++) {
		file_close(s.fds[v]);
		free(s.pristine[v]);
	}
	free(s.pristine);
	free(s.fds);
	verify_close(s.bundle);
	trust_free(s.trust);
	return s.wrong > 0;
}
