/*
 * Scope-bound release of resources.
 *
 * DEFINE_CLEANUP(struct foo *, foo_free) makes CLEANUP(foo_free) usable on a
 * local variable of that type, which must be initialised where it is declared.
 * STEAL() hands the value to somebody else and disarms the clean-up.
 * A clean-up only ever abandons; whatever must succeed is an explicit call.
 */
#ifndef BASE_CLEANUP_H
#define BASE_CLEANUP_H

/* Marked unused: clang warns of a variable that exists only to be released. */
#define CLEANUP(fn) __attribute__((unused, cleanup(fn##_cleanup_)))

#define DEFINE_CLEANUP(type, fn)                                             \
	__attribute__((unused)) static inline void fn##_cleanup_(type *var_) \
	{                                                                    \
		fn(*var_);                                                   \
	}                                                                    \
	struct cleanup_wants_a_semicolon_

/* For objects that live in the caller's storage: fn takes their address. */
#define DEFINE_CLEANUP_IN_PLACE(type, fn)                                    \
	__attribute__((unused)) static inline void fn##_cleanup_(type *var_) \
	{                                                                    \
		fn(var_);                                                    \
	}                                                                    \
	struct cleanup_wants_a_semicolon_

#define STEAL(ptr)                               \
	__extension__({                          \
		__typeof__(ptr) stolen_ = (ptr); \
		(ptr) = NULL;                    \
		stolen_;                         \
	})

#endif
