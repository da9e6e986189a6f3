/* Cabinets that lie: each refusal of the tables, the blocks, the names and the tail has a row. */
#include "lib/base/limits.h"
#include "tests/unit/lib/cab/writer.h"

/* Folder 0: blocks 0 and 1 (stored); folder 1: block 2 (MSZIP). */
static const struct writer_member members[] = {
	{ "a", 20, 0, 0x20, NULL },
	{ "b", 40000, 0, 0x20, NULL },
	{ "c", 0, 1, 0x20, NULL },
	{ "d", 100, 1, 0x20, NULL },
};

static struct writer *writer_new(void)
{
	struct writer *w = calloc(1, sizeof *w);

	*w = (struct writer){ .types = { 0, 1 },
			      .folder_count = 2,
			      .members = members,
			      .member_count = COUNT(members) };
	writer_build(w);
	return w;
}

enum place { HEADER, FOLDER, ENTRY, BLOCK, RESEAL, END };

static size_t find(const struct writer *w, enum place place, unsigned index)
{
	switch (place) {
	case FOLDER:
		return w->folders[index];
	case ENTRY:
		return w->entries[index];
	case BLOCK:
	case RESEAL:
		return w->blocks[index];
	case END:
		return w->len;
	case HEADER:
		break;
	}
	return 0;
}

static const struct lie {
	enum place place;
	unsigned index, offset, width;
	uint32_t add; /* to what is there */
	enum error_id id;
	const char *text;
} lies[] = {
	{ HEADER, 0, 0, 1, 1, ERROR_CAB_HEADER, "not a cabinet" },
	{ HEADER, 0, 4, 4, 1, ERROR_CAB_HEADER, "reserved" },
	{ HEADER, 0, 12, 4, 1, ERROR_CAB_HEADER, "reserved" },
	{ HEADER, 0, 20, 4, 1, ERROR_CAB_HEADER, "reserved" },
	{ HEADER, 0, 24, 1, 1, ERROR_CAB_HEADER, "version" },
	{ HEADER, 0, 25, 1, 1, ERROR_CAB_HEADER, "version" },
	{ HEADER, 0, 30, 2, 1, ERROR_CAB_SPANNED, "spanned" },
	{ HEADER, 0, 30, 2, 2, ERROR_CAB_SPANNED, "spanned" },
	{ HEADER, 0, 30, 2, 8, ERROR_CAB_HEADER, "unknown flags" },
	{ HEADER, 0, 8, 4, 0x80000000, ERROR_CAB_TABLE, "blocks cannot fill" },
	{ HEADER, 0, 8, 4, 1, ERROR_CAB_CHAIN, "does not end where the folder ends" },
	{ HEADER, 0, 8, 4, (uint32_t)-1, ERROR_CAB_CHAIN, "beyond the end of its folder" },
	{ HEADER, 0, 8, 4, (uint32_t)-115, ERROR_CAB_TABLE, "blocks cannot fill" },
	{ HEADER, 0, 8, 4, (uint32_t)-150, ERROR_CAB_TABLE, "beyond the cabinet" },
	{ HEADER, 0, 16, 4, 1, ERROR_CAB_TABLE, "offset 16: the member table" },
	{ HEADER, 0, 26, 2, (uint32_t)-2, ERROR_CAB_COUNT, "no folders" },
	{ HEADER, 0, 26, 2, 1, ERROR_CAB_TABLE, "folder 2: its data begins at 20" },
	{ HEADER, 0, 26, 2, (uint32_t)-1, ERROR_CAB_TABLE, "the member table is said to begin" },
	{ HEADER, 0, 26, 2, 4096, ERROR_CAB_LIMIT, "4098 folders, at most 4096" },
	{ HEADER, 0, 28, 2, (uint32_t)-4, ERROR_CAB_COUNT, "no members" },
	{ HEADER, 0, 28, 2, (uint32_t)-1, ERROR_CAB_COUNT,
	  "18 bytes follow the last of 3 members" },
	{ HEADER, 0, 28, 2, 1, ERROR_CAB_COUNT, "room for exactly 5 members" },
	{ HEADER, 0, 28, 2, 60000, ERROR_CAB_COUNT, "room for exactly 60004 members" },
	{ FOLDER, 0, 0, 4, 1, ERROR_CAB_COUNT, "1 bytes follow the last" },
	{ FOLDER, 0, 0, 4, (uint32_t)-1, ERROR_CAB_COUNT, "room for exactly 4 members" },
	{ FOLDER, 0, 0, 4, 30000, ERROR_CAB_COUNT, "room for exactly 4 members" },
	{ FOLDER, 0, 0, 4, 0x80000000, ERROR_CAB_TABLE, "beyond the cabinet" },
	{ FOLDER, 0, 4, 2, 1, ERROR_CAB_COUNT, "need 2 blocks, the header counts 3" },
	{ FOLDER, 0, 4, 2, (uint32_t)-1, ERROR_CAB_COUNT, "need 2 blocks, the header counts 1" },
	{ FOLDER, 0, 6, 2, 1, ERROR_CAB_DECODE, "folder 0 cannot be decompressed" },
	{ FOLDER, 0, 6, 2, 2, ERROR_CAB_METHOD, "0x0002 is not supported (Quantum)" },
	{ FOLDER, 0, 6, 2, 3, ERROR_CAB_METHOD, "0x0003 is not supported" },
	{ FOLDER, 0, 6, 2, 0x0e03, ERROR_CAB_METHOD, "0x0e03" },
	{ FOLDER, 0, 6, 2, 0x0f03, ERROR_CAB_DECODE, "cannot be decompressed" },
	{ FOLDER, 0, 6, 2, 0x1603, ERROR_CAB_METHOD, "0x1603" },
	{ FOLDER, 0, 6, 2, 0x1513, ERROR_CAB_METHOD, "0x1513" },
	{ FOLDER, 0, 6, 2, 0x3503, ERROR_CAB_METHOD, "0x3503" },
	{ FOLDER, 0, 6, 2, 0x0100, ERROR_CAB_METHOD, "0x0100" },
	{ FOLDER, 1, 6, 2, (uint32_t)-1, ERROR_CAB_CHAIN, "its two sizes differ" },
	{ FOLDER, 1, 0, 4, 1, ERROR_CAB_CHAIN, "folder 0: is the last, but does not end" },
	{ FOLDER, 1, 0, 4, (uint32_t)-1, ERROR_CAB_CHAIN, "beyond the end of its folder" },
	{ FOLDER, 1, 0, 4, (uint32_t)-40200, ERROR_CAB_TABLE, "out of order" },
	{ ENTRY, 0, 0, 4, 1, ERROR_CAB_TABLE, "member 1 begins at byte 20 of folder 0" },
	{ ENTRY, 1, 0, 4, 1, ERROR_CAB_CHAIN, "does not fit the members" },
	{ ENTRY, 1, 0, 4, 0x80000000, ERROR_CAB_COUNT, "folder 0: its members need 65538 blocks" },
	{ ENTRY, 0, 4, 4, 1, ERROR_CAB_TABLE, "member 0 begins at byte 1" },
	{ ENTRY, 1, 4, 4, (uint32_t)-1, ERROR_CAB_TABLE, "member 1 begins at byte 19" },
	{ ENTRY, 2, 4, 4, 1, ERROR_CAB_TABLE, "member 2 begins at byte 1 of folder 1" },
	{ ENTRY, 0, 8, 2, 1, ERROR_CAB_TABLE, "member 1 is in folder 0, after folder 1" },
	{ ENTRY, 3, 8, 2, 1, ERROR_CAB_TABLE, "member 3 is in folder 2" },
	{ ENTRY, 0, 8, 2, 0xfffd, ERROR_CAB_SPANNED, "continues in another cabinet" },
	{ ENTRY, 3, 8, 2, 0xfffe, ERROR_CAB_SPANNED, "continues in another cabinet" },
	{ ENTRY, 3, 17, 1, 1, ERROR_CAB_COUNT, "ends after 3 of 4 members" },
	{ ENTRY, 1, 17, 1, 'x', ERROR_CAB_TABLE, "member 2 is in folder 62720" },
	{ BLOCK, 0, 0, 4, 1, ERROR_CAB_CHECKSUM, "block 0 of folder 0" },
	{ BLOCK, 0, 100, 1, 1, ERROR_CAB_CHECKSUM, "block 0 of folder 0" },
	{ BLOCK, 1, 100, 1, 1, ERROR_CAB_CHECKSUM, "block 1 of folder 0" },
	{ BLOCK, 2, 50, 1, 1, ERROR_CAB_CHECKSUM, "block 0 of folder 1" },
	{ RESEAL, 0, 4, 2, 1, ERROR_CAB_CHAIN, "its stored size is impossible" },
	{ RESEAL, 0, 4, 2, (uint32_t)-1, ERROR_CAB_CHAIN, "its two sizes differ" },
	{ RESEAL, 0, 6, 2, 1, ERROR_CAB_CHAIN, "does not fit the members" },
	{ RESEAL, 0, 6, 2, (uint32_t)-1, ERROR_CAB_CHAIN, "does not fit the members" },
	{ RESEAL, 1, 6, 2, 1, ERROR_CAB_CHAIN, "does not fit the members" },
	{ RESEAL, 1, 4, 2, 1, ERROR_CAB_CHAIN, "its two sizes differ" },
	{ RESEAL, 2, 4, 2, 1, ERROR_CAB_CHAIN, "beyond the end of its folder" },
	{ RESEAL, 2, 4, 2, (uint32_t)-1, ERROR_CAB_CHAIN, "does not end where the folder ends" },
	{ RESEAL, 2, 4, 2, (uint32_t)-107, ERROR_CAB_CHAIN, "its stored size is impossible" },
	{ RESEAL, 2, 4, 2, 33000, ERROR_CAB_CHAIN, "its stored size is impossible" },
	{ RESEAL, 2, 8, 1, 1, ERROR_CAB_DECODE, "folder 1 cannot be decompressed near block 0" },
	{ RESEAL, 2, 10, 1, 6, ERROR_CAB_DECODE, "folder 1 cannot be decompressed" },
	{ END, 0, 0, 1, 0, ERROR_CAB_TAIL, "bytes follow the cabinet" },
};

static void every_lie_is_refused(void **state)
{
	struct reading *r = calloc(1, sizeof *r);

	(void)state;
	for (size_t i = 0; i < COUNT(lies); i++) {
		const struct lie *l = &lies[i];
		struct writer *w = writer_new();
		struct error err = ERROR_INIT;
		size_t at = find(w, l->place, l->index) + l->offset;
		uint32_t old = 0;

		for (unsigned k = 0; k < l->width; k++)
			old |= (uint32_t)w->bytes[at + k] << 8 * k;
		writer_number(w, at, l->width, old + l->add);
		if (l->place == RESEAL)
			writer_seal(w, w->blocks[l->index]);
		if (l->place == END)
			w->len += l->width;
		if (reading_bytes(w->bytes, w->len, r, &err) == 0)
			fail_msg("lie %zu (\"%s\") was believed", i, l->text);
		if (err.id != l->id || !strstr(err.message, l->text) ||
		    strncmp(err.message, "t.cab: ", 7) != 0)
			fail_msg("lie %zu: %s \"%s\", want %s \"%s\"", i, error_id_text(err.id),
				 err.message, error_id_text(l->id), l->text);
		free(w);
	}
	free(r);
}

/* A recorded checksum of zero is no checksum, unless zero is the sum. */
static void blocks_without_checksum_are_refused(void **state)
{
	static const unsigned char zero_sum[] = { 8, 0, 8, 0, 0, 0, 0, 0 };
	const struct writer_member m = { "z", 8, 0, 0x20, zero_sum };
	struct writer *w = writer_new();
	struct reading *r = calloc(1, sizeof *r);
	struct error err = ERROR_INIT;

	(void)state;
	writer_number(w, w->blocks[0], 4, 0);
	assert_int_equal(reading_bytes(w->bytes, w->len, r, &err), -1);
	assert_error(err, ERROR_CAB_CHECKSUM, "recorded is 00000000 (none)");

	error_clear(&err);
	*w = (struct writer){ .folder_count = 1, .members = &m, .member_count = 1 };
	writer_build(w);
	assert_int_equal(writer_sum(w->bytes + w->blocks[0], 4), 0);
	assert_int_equal(reading_bytes(w->bytes, w->len, r, &err), 0);
	free(r);
	free(w);
}

static void names_are_judged(void **state)
{
	static char longest[LIMIT_CAB_NAME + 1], longer[LIMIT_CAB_NAME + 2];
	static const struct {
		const char *name, *other, *text; /* text NULL: accepted */
		uint16_t attributes;
	} rows[] = {
		{ "core\\1", "core\\10", NULL, 0x20 },
		{ "core/1", "core\\2", NULL, 0x20 },
		{ "..a", "a..", NULL, 0x20 },
		{ "a b+~$", "...", NULL, 0x20 },
		{ "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", "b", NULL, 0xa0 },
		{ longest, "b", NULL, 0x20 },
		{ longer, "b", "longer than 255", 0x20 },
		{ "", "b", "is empty", 0x20 },
		{ "\\a", "b", "is absolute", 0x20 },
		{ "/etc/passwd", "b", "is absolute", 0x20 },
		{ "\\\\host\\share", "b", "is absolute", 0x20 },
		{ "C:\\a", "b", "drive letter", 0x20 },
		{ "a:stream", "b", "drive letter or stream", 0x20 },
		{ "..", "b", "'..'", 0x20 },
		{ "..\\..\\a", "b", "'..'", 0x20 },
		{ "a/../b", "b", "'..'", 0x20 },
		{ "a\\..", "b", "'..'", 0x20 },
		{ "./a", "b", "'.' component", 0x20 },
		{ "a\\.\\b", "b", "'.' component", 0x20 },
		{ "a\\\\b", "b", "empty component", 0x20 },
		{ "a\\", "b", "empty component", 0x20 },
		{ "a\nb", "b", "control character", 0x20 },
		{ "a\x1b[2J", "b", "(\"a?[2J\") has a control", 0x20 },
		{ "a\x7f", "b", "control character", 0x20 },
		{ "\xc2\x9b", "b", "control character", 0xa0 },
		{ "\xc3\xa9", "b", "neither ASCII nor", 0x20 },
		{ "\x82", "b", "neither ASCII nor", 0x20 },
		{ "\xc3", "b", "not valid UTF-8", 0xa0 },
		{ "\xc0\xaf", "b", "not valid UTF-8", 0xa0 },
		{ "\xed\xa0\x80", "b", "not valid UTF-8", 0xa0 },
		{ "\xf4\x90\x80\x80", "b", "not valid UTF-8", 0xa0 },
		{ "\xe2\x82", "b", "not valid UTF-8", 0xa0 },
		{ "\xe2\x82x", "b", "not valid UTF-8", 0xa0 },
		{ "b", "b", "members 0 and 1 have the same name \"b\"", 0x20 },
		{ "c\\1", "c/1", "the same name \"c/1\"", 0x20 },
		{ "c\\1", "C\\1", "but for case the same name", 0x20 },
	};
	struct reading *r = calloc(1, sizeof *r);
	struct writer *w = calloc(1, sizeof *w);

	(void)state;
	memset(longest, 'n', LIMIT_CAB_NAME);
	memset(longer, 'n', LIMIT_CAB_NAME + 1);
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct writer_member two[] = {
			{ rows[i].name, 5, 0, rows[i].attributes, NULL },
			{ rows[i].other, 7, 0, 0x20, NULL },
		};
		struct error err = ERROR_INIT;

		*w = (struct writer){ .folder_count = 1, .members = two, .member_count = 2 };
		writer_build(w);
		int result = reading_bytes(w->bytes, w->len, r, &err);

		if (rows[i].text)
			assert_error(err, strlen(rows[i].name) ? ERROR_CAB_NAME : ERROR_CAB_COUNT,
				     strlen(rows[i].name) ? rows[i].text : "exactly 2 members");
		else
			assert_no_error(err);
		assert_int_equal(result, rows[i].text ? -1 : 0);
	}
	free(w);
	free(r);
}

/* An empty name in a table that is long enough otherwise. */
static void an_empty_name_is_refused(void **state)
{
	const struct writer_member two[] = {
		{ "", 5, 0, 0x20, NULL },
		{ "abc", 5, 0, 0x20, NULL },
	};
	struct reading *r = calloc(1, sizeof *r);
	struct writer *w = calloc(1, sizeof *w);
	struct error err = ERROR_INIT;

	(void)state;
	*w = (struct writer){ .folder_count = 1, .members = two, .member_count = 2 };
	writer_build(w);
	assert_int_equal(reading_bytes(w->bytes, w->len, r, &err), -1);
	assert_error(err, ERROR_CAB_NAME, "is empty");
	free(w);
	free(r);
}

/* The table is long enough for two members, but its only entry fills it. */
static void a_count_too_high_is_refused(void **state)
{
	const struct writer_member one = { "a-name-that-is-rather-long", 5, 0, 0x20, NULL };
	struct reading *r = calloc(1, sizeof *r);
	struct writer *w = calloc(1, sizeof *w);
	struct error err = ERROR_INIT;

	(void)state;
	*w = (struct writer){ .folder_count = 1, .members = &one, .member_count = 1 };
	writer_build(w);
	writer_number(w, 28, 2, 2);
	assert_int_equal(reading_bytes(w->bytes, w->len, r, &err), -1);
	assert_error(err, ERROR_CAB_COUNT, "ends after 1 of 2 members");
	free(w);
	free(r);
}

/* Each row changes one thing of a cabinet signed with 50 bytes; reserve at 40: mark, at, size, 0.
 */
static void the_tail_must_be_the_signature(void **state)
{
	static const struct {
		unsigned at, width;
		uint32_t add;
		int tail; /* bytes more or less */
		enum error_id id;
		const char *text;
	} rows[] = {
		{ 40, 4, 0, 0, ERROR_NONE, "" },
		{ 40, 4, 0, 1, ERROR_CAB_TAIL, "bytes follow the cabinet" },
		{ 40, 4, 0, -1, ERROR_CAB_TRUNCATED, "ends within the signature" },
		{ 40, 4, 0, -50, ERROR_CAB_TRUNCATED, "ends within the signature" },
		{ 40, 4, 1, 0, ERROR_CAB_TAIL, "bytes follow the cabinet" },
		{ 40, 4, 1, -50, ERROR_NONE, "" }, /* then the reserve is somebody else's */
		{ 44, 4, 1, 0, ERROR_CAB_TAIL, "but the cabinet ends at" },
		{ 44, 4, (uint32_t)-1, 0, ERROR_CAB_TAIL, "but the cabinet ends at" },
		{ 48, 4, 1, 0, ERROR_CAB_TRUNCATED, "ends within the signature" },
		{ 48, 4, (uint32_t)-1, 0, ERROR_CAB_TAIL, "bytes follow the cabinet" },
		{ 48, 4, (uint32_t)-50, 0, ERROR_CAB_TAIL, "a signature of 0 bytes" },
		{ 48, 4, LIMIT_CAB_SIGNATURE_BYTES, 0, ERROR_CAB_LIMIT, "signature of 1048626" },
		{ 52, 4, 1, 0, ERROR_CAB_TAIL, "are not zero" },
		{ 59, 1, 1, 0, ERROR_CAB_TAIL, "are not zero" },
		{ 36, 2, 1, 0, ERROR_CAB_METHOD, "is not supported" },
		{ 36, 2, 59981, 0, ERROR_CAB_HEADER, "larger than the format allows" },
	};
	struct reading *r = calloc(1, sizeof *r);
	struct writer *w = calloc(1, sizeof *w);

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct error err = ERROR_INIT;
		uint32_t old = 0;

		*w = (struct writer){ .types = { 0, 1 },
				      .folder_count = 2,
				      .members = members,
				      .member_count = COUNT(members),
				      .reserve = true,
				      .header_reserve = 20 };
		writer_build(w);
		writer_number(w, 40, 4, 0x00100000);
		writer_number(w, 44, 4, (uint32_t)w->len);
		writer_number(w, 48, 4, 50);
		writer_number(w, 52, 4, 0);
		writer_number(w, 56, 4, 0);
		writer_fill(w, (size_t)(50 + rows[i].tail));
		for (unsigned k = 0; k < rows[i].width; k++)
			old |= (uint32_t)w->bytes[rows[i].at + k] << 8 * k;
		writer_number(w, rows[i].at, rows[i].width, old + rows[i].add);
		reading_bytes(w->bytes, w->len, r, &err);
		if (err.id != rows[i].id || !strstr(err.message, rows[i].text))
			fail_msg("row %zu: %s \"%s\"", i, error_id_text(err.id), err.message);
	}
	free(w);
	free(r);
}

/* Tables alone, without data: what they promise is refused before anything is decompressed. */
static void promises_beyond_the_limits_are_refused(void **state)
{
	static const char *const names[] = { "1", "2", "3", "4", "5", "6", "7", "8", "9" };
	struct writer_member many[9];
	struct reading *r = calloc(1, sizeof *r);
	struct writer *w = calloc(1, sizeof *w);

	(void)state;
	for (uint16_t i = 0; i < 9; i++)
		many[i] = (struct writer_member){ names[i], 0, i, 0x20, NULL };
	/* Folders of 2 GiB in room bytes each; the ninth passes 16 GiB. */
	for (unsigned row = 0; row < 3; row++) {
		unsigned count = row == 2 ? 9 : 8;
		uint32_t room = row == 1 ? 65535 * 9 : 12000000;
		struct error err = ERROR_INIT;

		*w = (struct writer){ .folder_count = count,
				      .members = many,
				      .member_count = count };
		for (unsigned i = 0; i < count; i++)
			w->types[i] = 0x1503;
		writer_build(w);
		for (unsigned i = 0; i < count; i++) {
			writer_number(w, w->entries[i], 4, 65535u * 32768u);
			writer_number(w, w->folders[i], 4, (uint32_t)w->len + i * room);
			writer_number(w, w->folders[i] + 4, 2, 65535);
		}
		writer_number(w, 8, 4, (uint32_t)w->len + count * room);
		assert_int_equal(reading_bytes(w->bytes, w->len, r, &err), -1);
		if (row == 0)
			assert_error(err, ERROR_CAB_TRUNCATED, "the stream ends here");
		else
			assert_error(err, ERROR_CAB_LIMIT, "bytes would become");
	}
	free(w);
	free(r);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_lie_is_refused),
		cmocka_unit_test(blocks_without_checksum_are_refused),
		cmocka_unit_test(names_are_judged),
		cmocka_unit_test(an_empty_name_is_refused),
		cmocka_unit_test(a_count_too_high_is_refused),
		cmocka_unit_test(the_tail_must_be_the_signature),
		cmocka_unit_test(promises_beyond_the_limits_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
