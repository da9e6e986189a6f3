#include "tests/tools/random.h"

#include <string.h>

static uint64_t rotate(uint64_t x, int k)
{
	return x << k | x >> (64 - k);
}

static uint64_t splitmix(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

void random_init(struct random *r, uint64_t seed, uint64_t stream)
{
	uint64_t state = seed;

	state = splitmix(&state) ^ stream * 0xd6e8feb86659fd93u;
	for (size_t i = 0; i < 4; i++)
		r->state[i] = splitmix(&state);
}

uint64_t random_u64(struct random *r)
{
	uint64_t *s = r->state, result = rotate(s[1] * 5, 7) * 9, t = s[1] << 17;

	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= t;
	s[3] = rotate(s[3], 45);
	return result;
}

/* The modulo bias is below 2^-24 for every count in use, which no test can see. */
uint64_t random_below(struct random *r, uint64_t count)
{
	return random_u64(r) % count;
}

bool random_percent(struct random *r, unsigned percent)
{
	return random_below(r, 100) < percent;
}

uint64_t random_log_uniform(struct random *r, uint64_t low, uint64_t high)
{
	unsigned octaves = 1;

	while (low << octaves <= high && low << octaves > low)
		octaves++;
	uint64_t from = low << random_below(r, octaves), to = from * 2 - 1;

	if (to > high)
		to = high;
	return from + random_below(r, to - from + 1);
}

void random_fill(struct random *r, void *bytes, size_t len)
{
	unsigned char *p = bytes;
	uint64_t value;

	for (; len >= sizeof value; len -= sizeof value, p += sizeof value) {
		value = random_u64(r);
		memcpy(p, &value, sizeof value);
	}
	if (len > 0) {
		value = random_u64(r);
		memcpy(p, &value, len);
	}
}

void random_guid(struct random *r, unsigned char guid[16])
{
	random_fill(r, guid, 16);
	guid[6] = (unsigned char)(0x40 | (guid[6] & 0x0f));
	guid[8] = (unsigned char)(0x80 | (guid[8] & 0x3f));
}
