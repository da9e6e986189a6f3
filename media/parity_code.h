/*
 * The arithmetic of parity: a systematic Reed-Solomon code over GF(2^8) with a
 * Cauchy matrix (docs/FORMAT.md "Parity").  Any k of the k data and parity
 * slices of a group give all of them.  Which slices are trusted, and where they
 * come from, is the business of the caller.
 */
#ifndef MEDIA_PARITY_CODE_H
#define MEDIA_PARITY_CODE_H

#include "lib/base/cleanup.h"

#include <stddef.h>
#include <stdint.h>

struct parity_code;

/*
 * A code for k data slices (PARITY_GROUP, or PARITY_SPARE_GROUP for spare volumes), reduced to
 * count of its parity rows, which rows names: { 0, 1... } to make parity, those that are at hand to
 * rebuild.
 */
struct parity_code *parity_code_new(unsigned k, const unsigned *rows, unsigned count)
	__attribute__((nonnull, warn_unused_result, returns_nonnull));
void parity_code_free(struct parity_code *c);
DEFINE_CLEANUP(struct parity_code *, parity_code_free);

struct parity_code_slice {
	unsigned index;       /* of the data slice in its group, [0, k) */
	unsigned char *bytes; /* only read */
};

/*
 * Add data slices of len bytes each to the rows out[0..count), which begin as zeros (to make
 * parity) or as the parity slices (to rebuild).  Slices that are never added count as zeros.
 * Different outputs may be worked on at the same time.
 */
void parity_code_fold(const struct parity_code *c, const struct parity_code_slice *slices, size_t n,
		      size_t len, unsigned char *const *out) __attribute__((nonnull));

/*
 * rows[i] holds parity row i of the code and all data slices of the group but those in lost, which
 * are as many as the code has rows.  Writes the lost slices, in the order of lost, to out.
 */
void parity_code_solve(const struct parity_code *c, const unsigned *lost,
		       unsigned char *const *rows, size_t len, unsigned char *const *out)
	__attribute__((nonnull));

/*
 * CRC-64/XZ (ECMA-182, reflected): finds damaged slices at a tenth of the cost of SHA-256.  An
 * attacker can make any sum; so it decides nothing but what is tried first.
 */
uint64_t parity_code_sum(const unsigned char *bytes, size_t len) __attribute__((nonnull));

#endif
