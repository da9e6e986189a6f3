#include "lib/base/hash.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

uint64_t hash_seed(void)
{
	uint64_t seed;

	/* Up to 256 bytes come whole and without EINTR once the pool is ready (getrandom(2)). */
	if (getrandom(&seed, sizeof seed, 0) != (ssize_t)sizeof seed)
		abort();
	return seed;
}

/* The finaliser of MurmurHash3: multiply and xor-shift, a bijection. */
static uint64_t mix(uint64_t v)
{
	v ^= v >> 33;
	v *= 0xff51afd7ed558ccdull;
	v ^= v >> 33;
	v *= 0xc4ceb9fe1a85ec53ull;
	return v ^ v >> 33;
}

uint64_t hash_number(uint64_t seed, uint64_t value)
{
	/* The seed enters twice: one round alone maps chosen differences to known ones. */
	return mix(mix(value ^ seed) + (seed << 32 | seed >> 32));
}

uint64_t hash_bytes(uint64_t seed, const void *bytes, size_t len)
{
	const unsigned char *p = bytes;
	uint64_t h = hash_number(seed, len);

	while (len > 0) {
		size_t n = len < sizeof h ? len : sizeof h;
		uint64_t word = 0;

		memcpy(&word, p, n);
		h = hash_number(seed, h ^ word);
		p += n;
		len -= n;
	}
	return h;
}
