/*
 * The generator's own random numbers (xoshiro256**, seeded with splitmix64), so that the same
 * arguments give the same bytes everywhere.  Never for secrets.
 */
#ifndef TOOLS_RANDOM_H
#define TOOLS_RANDOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct random {
	uint64_t state[4];
};

/* A stream of numbers that depends on both arguments: one seed gives many independent streams. */
void random_init(struct random *r, uint64_t seed, uint64_t stream) __attribute__((nonnull));

uint64_t random_u64(struct random *r) __attribute__((nonnull));

/* In [0, count); count is at least 1. */
uint64_t random_below(struct random *r, uint64_t count) __attribute__((nonnull));

/* True in percent of 100 cases. */
bool random_percent(struct random *r, unsigned percent) __attribute__((nonnull));

/* In [low, high], every power of two equally likely (low >= 1): sizes of files look like this. */
uint64_t random_log_uniform(struct random *r, uint64_t low, uint64_t high) __attribute__((nonnull));

void random_fill(struct random *r, void *bytes, size_t len) __attribute__((nonnull));

/* A version 4 GUID in the order of its text. */
void random_guid(struct random *r, unsigned char guid[16]) __attribute__((nonnull));

#endif
