#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/crypto/digest.h"
#include "media/log_text.h"
#include "media/manifest.h"
#include "media/tlog_proof.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROOT "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
#define TEXT "gapferry.log/0123456789abcdef\n1234\n" ROOT "\n"
#define LINE "\xe2\x80\x94 gapferry.log/0123456789abcdef AQIDBAU=\n"

static void round_trip(const char *text, size_t signatures)
{
	CLEANUP(buf_clear) struct buf out = BUF_INIT(LIMIT_NOTE_BYTES);
	struct error err = ERROR_INIT;
	struct checkpoint_note n;

	assert_int_equal(checkpoint_parse(text, strlen(text), &n, &err), 0);
	assert_int_equal(n.count, signatures);
	assert_int_equal(n.text_len, strlen(TEXT));
	assert_int_equal(n.checkpoint.head.size, 1234);
	assert_int_equal(n.checkpoint.head.root[31], 31);
	assert_int_equal(checkpoint_write(&n.checkpoint, &out, &err), 0);
	for (size_t i = 0; i < n.count; i++)
		assert_int_equal(checkpoint_write_signature(&n.signatures[i], i == 0, &out, &err),
				 0);
	assert_int_equal(out.len, strlen(text));
	assert_memory_equal(out.bytes, text, out.len);
}

static void notes_survive_a_round_trip(void **state)
{
	char text[LIMIT_NOTE_SIGNATURES * sizeof LINE + sizeof TEXT + 2];
	int len = snprintf(text, sizeof text, "%s\n", TEXT);

	(void)state;
	round_trip(TEXT, 0);
	round_trip(TEXT "\n" LINE, 1);
	round_trip(TEXT "\n" LINE LINE, 2);
	for (unsigned i = 0; i < LIMIT_NOTE_SIGNATURES; i++)
		len += snprintf(text + len, sizeof text - (size_t)len, "%s", LINE);
	round_trip(text, LIMIT_NOTE_SIGNATURES);
}

static void refused(const char *text, const char *why)
{
	struct error err = ERROR_INIT;
	struct checkpoint_note n;

	assert_int_equal(checkpoint_parse(text, strlen(text), &n, &err), -1);
	assert_error(err, ERROR_LOG_FORMAT, why);
}

static void each_rule_of_a_note(void **state)
{
	char many[(LIMIT_NOTE_SIGNATURES + 1) * sizeof LINE + sizeof TEXT + 2];
	int len = snprintf(many, sizeof many, "%s\n", TEXT);

	(void)state;
	refused("", "name of a log");
	refused("Gapferry\n1\n" ROOT "\n", "name of a log");
	refused("a b\n1\n" ROOT "\n", "name of a log");
	refused("a+b\n1\n" ROOT "\n", "name of a log");
	refused("log\n01\n" ROOT "\n", "number of leaves");
	refused("log\n-1\n" ROOT "\n", "number of leaves");
	refused("log\n9223372036854775808\n" ROOT "\n", "number of leaves");
	refused("log\n1\nAAEC\n", "32 bytes");
	/* The last character has bits to spare, which must be zero. */
	refused("log\n1\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9=\n", "32 bytes");
	refused("log\n1\n" ROOT, "32 bytes");
	refused(TEXT "extension\n", "extension");
	refused(TEXT "\n", "LF");
	refused(TEXT "\n- key AQIDBAU=\n", "signature line");
	refused(TEXT "\n\xe2\x80\x94 key\n", "name of a key");
	refused(TEXT "\n\xe2\x80\x94 Key AQIDBAU=\n", "name of a key");
	refused(TEXT "\n\xe2\x80\x94 key AQIDBA==\n", "not base64");
	refused(TEXT "\n\xe2\x80\x94 key AQIDBAU\n", "length");
	refused(TEXT "\n\xe2\x80\x94 key AQIDBAV=\n", "not base64");
	refused(TEXT "\n\xe2\x80\x94 key AQI BAU=\n", "base64");
	refused(TEXT "\n" LINE "\n", "signature line");
	refused(TEXT "\n\xe2\x80\x94 key AQIDBAU=", "LF");
	for (unsigned i = 0; i <= LIMIT_NOTE_SIGNATURES; i++)
		len += snprintf(many + len, sizeof many - (size_t)len, "%s", LINE);
	refused(many, "too many");
}

static void long_notes_are_refused(void **state)
{
	CLEANUP(free) unsigned char *text = buf_malloc(LIMIT_NOTE_BYTES + 1);
	struct error err = ERROR_INIT;
	struct checkpoint_note n;

	(void)state;
	memset(text, 'a', LIMIT_NOTE_BYTES + 1);
	assert_int_equal(checkpoint_parse(text, LIMIT_NOTE_BYTES + 1, &n, &err), -1);
	assert_error(err, ERROR_LOG_FORMAT, "at most 32768");
}

static void witnesses_sign_the_time(void **state)
{
	CLEANUP(buf_clear) struct buf out = BUF_INIT(LIMIT_NOTE_BYTES);
	struct error err = ERROR_INIT;
	struct checkpoint_note n;

	(void)state;
	assert_int_equal(checkpoint_parse(TEXT, strlen(TEXT), &n, &err), 0);
	assert_int_equal(checkpoint_write_cosigned(&n.checkpoint, 1679315147, &out, &err), 0);
	assert_memory_equal(out.bytes, "cosignature/v1\ntime 1679315147\n" TEXT, out.len);
}

/* ---- places in the log ---- */

#define PLACE "c2sp.org/tlog-proof@v1\nindex 7\n" ROOT "\n" ROOT "\n\n" TEXT

static void places_survive_a_round_trip(void **state)
{
	CLEANUP(buf_clear) struct buf out = BUF_INIT(LIMIT_TLOG_PROOF_BYTES);
	struct error err = ERROR_INIT;
	struct tlog_proof p;

	(void)state;
	assert_int_equal(tlog_proof_parse(PLACE, strlen(PLACE), &p, &err), 0);
	assert_int_equal(p.index, 7);
	assert_int_equal(p.path.count, 2);
	assert_int_equal(tlog_proof_write(p.index, &p.path, TEXT, strlen(TEXT), &out, &err), 0);
	assert_int_equal(out.len, strlen(PLACE));
	assert_memory_equal(out.bytes, PLACE, out.len);
	assert_int_equal(tlog_proof_parse_growth(PLACE, strlen(PLACE), &p, &err), -1);
	assert_error(err, ERROR_LOG_FORMAT, "first line");
}

static void each_rule_of_a_place(void **state)
{
	static const char *const wrong[][2] = {
		{ "c2sp.org/tlog-proof@v2\nindex 7\n\n" TEXT, "first line" },
		{ "c2sp.org/tlog-proof@v1\nindex 07\n\n" TEXT, "number" },
		{ "c2sp.org/tlog-proof@v1\nextra AAAA\nindex 7\n\n" TEXT, "number" },
		{ "c2sp.org/tlog-proof@v1\nindex 7\nAAAA\n\n" TEXT, "32 bytes" },
		{ "c2sp.org/tlog-proof@v1\nindex 7\n" ROOT "\n", "no checkpoint" },
		{ "c2sp.org/tlog-proof@v1\nindex 7\n\n", "name of a log" },
	};
	char many[80 * sizeof ROOT];
	int len = snprintf(many, sizeof many, "c2sp.org/tlog-proof@v1\nindex 7\n");
	struct error err = ERROR_INIT;
	struct tlog_proof p;

	(void)state;
	for (size_t i = 0; i < COUNT(wrong); i++) {
		assert_int_equal(tlog_proof_parse(wrong[i][0], strlen(wrong[i][0]), &p, &err), -1);
		assert_error(err, ERROR_LOG_FORMAT, wrong[i][1]);
		error_clear(&err);
	}
	for (int i = 0; i <= TREE_LEVELS; i++)
		len += snprintf(many + len, sizeof many - (size_t)len, ROOT "\n");
	assert_int_equal(tlog_proof_parse(many, (size_t)len, &p, &err), -1);
	assert_error(err, ERROR_LOG_FORMAT, "too many");
}

/* ---- the small texts ---- */

static void leaves_have_one_spelling(void **state)
{
	struct manifest m = { .channel = "main", .epoch = 1, .sequence = 42 };
	const unsigned char digest[DIGEST_SHA256] = { 0xab };
	char leaf[LOG_TEXT_LEAF_SIZE];

	(void)state;
	size_t len = log_text_bundle(&m, digest, leaf);
	assert_int_equal(len, strlen(leaf));
	assert_string_equal(leaf,
			    "gapferry-log 1 bundle main 1 42 - ab000000000000000000000000000000"
			    "00000000000000000000000000000000\n");
	m.increment = true;
	m.base = 40;
	log_text_bundle(&m, digest, leaf);
	assert_non_null(strstr(leaf, " 1 42 40 ab00"));
	log_text_trust("main", 3, digest, leaf);
	assert_non_null(strstr(leaf, "gapferry-log 1 trust main 3 ab00"));
	log_text_ledger(17, digest, leaf);
	assert_non_null(strstr(leaf, "gapferry-log 1 ledger 17 ab00"));
	log_text_approval(digest, "approver anna 0011", leaf);
	assert_non_null(strstr(leaf, "00 approver anna 0011\n"));
}

#define HEX "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

static void nodes_pass_through_sizes(void **state)
{
	static const char text[] = "gapferry-nodes 1\n2 " HEX "\n0 " HEX "\n0 " HEX "\n";
	struct error err = ERROR_INIT;
	struct log_text_nodes n = { .wanted = 5 };
	struct tree t = { 0 };
	unsigned char hash[TREE_HASH], root[TREE_HASH];

	(void)state;
	for (size_t i = 0; i < sizeof hash; i++)
		hash[i] = (unsigned char)i;
	assert_true(tree_add(&t, 2, hash));
	assert_true(tree_add(&t, 0, hash));
	tree_root(&t, root);
	assert_int_equal(log_text_nodes_parse(text, sizeof text - 1, &n, &err), 0);
	assert_int_equal(n.tree.size, 6);
	assert_true(n.found);
	assert_memory_equal(n.root, root, sizeof root);
	n.wanted = 3;
	assert_int_equal(log_text_nodes_parse(text, sizeof text - 1, &n, &err), 0);
	assert_false(n.found);
	n.wanted = 0;
	assert_int_equal(log_text_nodes_parse("gapferry-nodes 1\n", 17, &n, &err), 0);
	assert_true(n.found && n.tree.size == 0);
}

static void each_rule_of_nodes(void **state)
{
	static const char *const wrong[][2] = {
		{ "", "expected" },
		{ "gapferry-nodes 2\n", "expected" },
		{ "gapferry-nodes 1\n0 " HEX "\n1 " HEX "\n", "cannot follow 1" },
		{ "gapferry-nodes 1\n63 " HEX "\n", "level" },
		{ "gapferry-nodes 1\n0 00\n", "hex" },
		{ "gapferry-nodes 1\n0 " HEX, "LF" },
		{ "gapferry-nodes 1\n62 " HEX "\n62 " HEX "\n", "cannot follow" },
	};
	struct error err = ERROR_INIT;
	struct log_text_nodes n = { .wanted = 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(wrong); i++) {
		assert_int_equal(log_text_nodes_parse(wrong[i][0], strlen(wrong[i][0]), &n, &err),
				 -1);
		assert_error(err, ERROR_LOG_FORMAT, wrong[i][1]);
		error_clear(&err);
	}
}

/* At the limit of lines, and one above. */
static void nodes_have_a_limit(void **state)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(2u << 20);
	struct error err = ERROR_INIT;
	struct log_text_nodes n = { .wanted = 0 };

	(void)state;
	assert_int_equal(log_text_nodes_begin(&text, &err), 0);
	for (unsigned i = 0; text.len + 67 <= LIMIT_LOG_NODES_BYTES; i++)
		assert_int_equal(buf_printf(&text, &err, "0 " HEX "\n"), 0);
	assert_int_equal(log_text_nodes_parse(text.bytes, text.len, &n, &err), 0);
	assert_int_equal(buf_printf(&text, &err, "0 " HEX "\n"), 0);
	assert_int_equal(log_text_nodes_parse(text.bytes, text.len, &n, &err), -1);
	assert_error(err, ERROR_MEDIA_LIMIT, "more than 1048576 bytes");
}

static void objects_have_three_lines(void **state)
{
	static const char good[] = "gapferry-objects 1\nlines 3\nroot " HEX "\n";
	static const char *const wrong[] = { "gapferry-objects 1\nlines 3\n",
					     "gapferry-objects 1\nroot " HEX "\nlines 3\n",
					     "gapferry-objects 1\nlines 03\nroot " HEX "\n",
					     "gapferry-objects 1\nlines 4000001\nroot " HEX "\n" };
	CLEANUP(buf_clear) struct buf out = BUF_INIT(512);
	struct error err = ERROR_INIT;
	struct log_text_objects o;

	(void)state;
	assert_int_equal(log_text_objects_parse(good, sizeof good - 1, &o, &err), 0);
	assert_int_equal(o.lines, 3);
	assert_int_equal(log_text_objects_write(&o, &out, &err), 0);
	assert_memory_equal(out.bytes, good, sizeof good - 1);
	for (size_t i = 0; i < COUNT(wrong); i++) {
		assert_int_equal(log_text_objects_parse(wrong[i], strlen(wrong[i]), &o, &err), -1);
		assert_int_equal(err.id, ERROR_LOG_FORMAT);
		error_clear(&err);
	}
}

static void lines_are_leaves_however_they_come(void **state)
{
	static const char text[] = "one\ntwo\nthree\n";
	struct log_text_lines whole = { .held = 0 }, bytewise = { .held = 0 };
	unsigned char a[TREE_HASH], b[TREE_HASH], leaf[TREE_HASH];
	struct tree t = { 0 };
	struct error err = ERROR_INIT;

	(void)state;
	tree_leaf("one", 3, leaf);
	assert_true(tree_add(&t, 0, leaf));
	tree_leaf("two", 3, leaf);
	assert_true(tree_add(&t, 0, leaf));
	tree_leaf("three", 5, leaf);
	assert_true(tree_add(&t, 0, leaf));
	tree_root(&t, a);
	assert_int_equal(log_text_lines_feed(&whole, text, sizeof text - 1, &err), 0);
	tree_root(&whole.tree, b);
	assert_memory_equal(a, b, sizeof a);
	for (size_t i = 0; i < sizeof text - 1; i++)
		assert_int_equal(log_text_lines_feed(&bytewise, text + i, 1, &err), 0);
	tree_root(&bytewise.tree, b);
	assert_memory_equal(a, b, sizeof a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(notes_survive_a_round_trip),
		cmocka_unit_test(each_rule_of_a_note),
		cmocka_unit_test(long_notes_are_refused),
		cmocka_unit_test(witnesses_sign_the_time),
		cmocka_unit_test(places_survive_a_round_trip),
		cmocka_unit_test(each_rule_of_a_place),
		cmocka_unit_test(leaves_have_one_spelling),
		cmocka_unit_test(nodes_pass_through_sizes),
		cmocka_unit_test(each_rule_of_nodes),
		cmocka_unit_test(nodes_have_a_limit),
		cmocka_unit_test(objects_have_three_lines),
		cmocka_unit_test(lines_are_leaves_however_they_come),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
