/* Canonical Huffman codes of limited length, for the LZX encoder. */
#ifndef TOOLS_HUFFMAN_H
#define TOOLS_HUFFMAN_H

#include <stddef.h>
#include <stdint.h>

enum { HUFFMAN_SYMBOLS = 656 }; /* most that one code may have */

/*
 * Code lengths of at most limit (15 or 16) for count symbols of these frequencies; 0 for a symbol
 * that never occurs.  The code is always complete: with fewer than two symbols in use, unused ones
 * get a code as well, because some decoders refuse an incomplete one.
 */
void huffman_lengths(const uint32_t *freq, size_t count, unsigned limit, unsigned char *lengths)
	__attribute__((nonnull));

/* The canonical codes of these lengths, most significant bit first. */
void huffman_codes(const unsigned char *lengths, size_t count, uint16_t *codes)
	__attribute__((nonnull));

#endif
