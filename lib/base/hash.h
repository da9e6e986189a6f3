/*
 * Hashes for tables in memory whose keys come from input.  The seed is drawn anew for every
 * table, so nobody can prepare keys that fall into one slot.  Never visible in any output: what
 * a table gives back must not depend on the order of its slots.
 */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

/* A random seed (getrandom); aborts when the kernel has none to give. */
uint64_t hash_seed(void) __attribute__((warn_unused_result));

/* Every bit of the result depends on every bit of both. */
uint64_t hash_number(uint64_t seed, uint64_t value) __attribute__((const));
uint64_t hash_bytes(uint64_t seed, const void *bytes, size_t len) __attribute__((nonnull, pure));

#endif
