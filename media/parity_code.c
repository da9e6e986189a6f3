#include "media/parity_code.h"

#include "lib/base/buf.h"
#include "media/parity.h"

#include <assert.h>
#include <isa-l.h>
#include <stdlib.h>
#include <string.h>

enum { TABLE_BYTES = 32, PIECE = 16 << 10 }; /* rows and one slice of a piece stay in the cache */

struct parity_code {
	unsigned k, count;
	unsigned char matrix[PARITY_ROWS * PARITY_GROUP];
	unsigned char tables[PARITY_ROWS * PARITY_GROUP * TABLE_BYTES];
};

struct parity_code *parity_code_new(unsigned k, const unsigned *rows, unsigned count)
{
	unsigned char all[(PARITY_GROUP + PARITY_ROWS) * PARITY_GROUP];
	struct parity_code *c = buf_calloc(1, sizeof *c);

	assert(k >= 1 && k <= PARITY_GROUP && count <= PARITY_ROWS);
	c->k = k;
	c->count = count;
	gf_gen_cauchy1_matrix(all, (int)(k + PARITY_ROWS), (int)k);
	for (unsigned i = 0; i < count; i++)
		memcpy(c->matrix + i * k, all + (k + rows[i]) * k, k);
	if (count > 0)
		ec_init_tables((int)k, (int)count, c->matrix, c->tables);
	return c;
}

void parity_code_free(struct parity_code *c)
{
	free(c);
}

void parity_code_fold(const struct parity_code *c, const struct parity_code_slice *slices, size_t n,
		      size_t len, unsigned char *const *out)
{
	struct parity_code tables = *c; /* the library wants them writable */

	for (size_t at = 0; at < len; at += PIECE) {
		size_t piece = len - at < PIECE ? len - at : PIECE;
		unsigned char *to[PARITY_ROWS];

		for (unsigned r = 0; r < c->count; r++)
			to[r] = out[r] + at;
		for (size_t i = 0; i < n; i++) {
			assert(slices[i].index < c->k);
			ec_encode_data_update((int)piece, (int)c->k, (int)c->count,
					      (int)slices[i].index, tables.tables,
					      slices[i].bytes + at, to);
		}
	}
}

void parity_code_solve(const struct parity_code *c, const unsigned *lost,
		       unsigned char *const *rows, size_t len, unsigned char *const *out)
{
	unsigned char square[PARITY_ROWS * PARITY_ROWS], inverse[PARITY_ROWS * PARITY_ROWS];
	unsigned char tables[PARITY_ROWS * PARITY_ROWS * TABLE_BYTES];
	unsigned char *from[PARITY_ROWS], *to[PARITY_ROWS];
	unsigned n = c->count;

	if (n == 0)
		return;
	for (unsigned r = 0; r < n; r++) {
		from[r] = rows[r];
		to[r] = out[r];
		for (unsigned i = 0; i < n; i++)
			square[r * n + i] = c->matrix[r * c->k + lost[i]];
	}
	/* Every square part of a Cauchy matrix has an inverse. */
	int singular = gf_invert_matrix(square, inverse, (int)n);
	assert(singular == 0);
	(void)singular;
	ec_init_tables((int)n, (int)n, inverse, tables);
	ec_encode_data((int)len, (int)n, (int)n, tables, from, to);
}

uint64_t parity_code_sum(const unsigned char *bytes, size_t len)
{
	return crc64_ecma_refl(0, bytes, len);
}
