/* Shared by the files of this component. */
#ifndef SANDBOX_SANDBOX_INTERNAL_H
#define SANDBOX_SANDBOX_INTERNAL_H

#include "lib/sandbox/sandbox.h"

#include <stdbool.h>

/*
 * What sanitizers and coverage counters need besides.  Decided when compiling: nobody can ask a
 * finished program for it.
 */
#if defined(__SANITIZE_ADDRESS__)
#define SANDBOX_INSTRUMENTED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANDBOX_INSTRUMENTED 1
#endif
#endif
#if !defined(SANDBOX_INSTRUMENTED) && defined(SANDBOX_COVERAGE)
#define SANDBOX_INSTRUMENTED 1
#endif
#ifndef SANDBOX_INSTRUMENTED
#define SANDBOX_INSTRUMENTED 0
#endif

int sandbox_landlock_enter(enum sandbox_role role, const struct sandbox_place *places, size_t count,
			   struct error *err) __attribute__((nonnull(4), warn_unused_result));
int sandbox_filter_enter(enum sandbox_role role, struct error *err)
	__attribute__((nonnull, warn_unused_result));
int sandbox_roles_limit(enum sandbox_role role, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* Whether the role has files at all. */
bool sandbox_roles_writes(enum sandbox_role role);

#endif
