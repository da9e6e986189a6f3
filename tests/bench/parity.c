/*
 * parity MIB: megabytes per second of one processor, over MIB MiB of volume in memory: making
 * parity, with and without the digest of every chunk, and the sums that find damage.
 */
#include "media/parity.h"
#include "lib/base/buf.h"
#include "lib/base/str.h"
#include "lib/crypto/digest.h"
#include "media/parity_code.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ROUNDS = 5, AT_ONCE = 4 };

struct bench {
	struct parity_code *code;
	unsigned char *bytes, *rows[PARITY_ROWS];
	size_t slices;
	uint64_t sum;
};

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void make_parity(struct bench *b)
{
	for (size_t i = 0; i < b->slices; i += AT_ONCE) {
		struct parity_code_slice s[AT_ONCE];

		for (unsigned k = 0; k < AT_ONCE; k++) {
			s[k].index = (unsigned)((i + k) % PARITY_GROUP);
			s[k].bytes = b->bytes + (i + k) * PARITY_SLICE;
		}
		parity_code_fold(b->code, s, AT_ONCE, PARITY_SLICE, b->rows);
	}
}

static void make_sums(struct bench *b)
{
	for (size_t i = 0; i < b->slices; i++)
		b->sum ^= parity_code_sum(b->bytes + i * PARITY_SLICE, PARITY_SLICE);
}

static void make_digests(struct bench *b)
{
	unsigned char digest[DIGEST_SHA256];

	for (size_t i = 0; i + 4 <= b->slices; i += 4)
		digest_sha256(b->bytes + i * PARITY_SLICE, (size_t)4 * PARITY_SLICE, digest);
}

static void make_all(struct bench *b)
{
	make_digests(b);
	make_sums(b);
	make_parity(b);
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void report(struct bench *b, const char *what, void (*run)(struct bench *b))
{
	double rates[ROUNDS];

	for (int i = 0; i < ROUNDS; i++) {
		double start = seconds();

		run(b);
		rates[i] = (double)b->slices * PARITY_SLICE / (seconds() - start) / 1e6;
	}
	qsort(rates, ROUNDS, sizeof *rates, by_value);
	printf("%-32s %7.0f MB/s of one processor (%.0f-%.0f)\n", what, rates[ROUNDS / 2], rates[0],
	       rates[ROUNDS - 1]);
}

int main(int argc, char **argv)
{
	static const unsigned rows[PARITY_ROWS] = { 0, 1, 2, 3 };
	struct bench b = { .code = parity_code_new(PARITY_GROUP, rows, PARITY_ROWS) };
	uint64_t mib = 1024;

	if (argc > 1 && !str_to_u64(argv[1], strlen(argv[1]), 1u << 16, &mib))
		return 1;
	b.slices = (size_t)mib / AT_ONCE * AT_ONCE;
	b.bytes = buf_malloc(b.slices * PARITY_SLICE);
	for (size_t i = 0; i < b.slices * PARITY_SLICE; i++)
		b.bytes[i] = (unsigned char)(i * 2654435761u >> 13);
	for (unsigned r = 0; r < PARITY_ROWS; r++)
		b.rows[r] = buf_calloc(1, PARITY_SLICE);
	report(&b, "parity, 4 of 64", make_parity);
	report(&b, "sums of slices", make_sums);
	report(&b, "SHA-256 of chunks", make_digests);
	report(&b, "all three", make_all);
	for (unsigned r = 0; r < PARITY_ROWS; r++)
		free(b.rows[r]);
	free(b.bytes);
	parity_code_free(b.code);
	return b.sum == 1;
}
