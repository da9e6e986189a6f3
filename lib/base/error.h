/*
 * The one way a function says why it failed.
 *
 * A fallible function takes `struct error *err` last and returns 0 or -1 (or a
 * pointer or NULL; look-ups and iterators return 1, 0 or -1).  It fills *err
 * exactly once, where the problem is found; callers may only add context in
 * front with error_wrap().  Nothing is allocated, so failing cannot fail and
 * there is nothing to free.
 *
 * Every failure carries an id from lib/base/error.def.  The id fixes three
 * things that never change between releases: the stable name printed with the
 * message (GF-1301), the class that decides the exit status, and the next step
 * for the person who reads it.
 */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include <stddef.h>

/* Each class has one exit status and one paragraph in docs/OPERATIONS.md. */
enum error_class {
	ERROR_CLASS_NONE = 0,
	ERROR_CLASS_USAGE,       /* exit 1: the operator asked for something impossible */
	ERROR_CLASS_INTEGRITY,   /* exit 3: bytes do not follow their format or digest */
	ERROR_CLASS_TRUST,       /* exit 4: signature, key, role or trust root */
	ERROR_CLASS_REPLAY,      /* exit 5: sequence, channel, expiry, fork */
	ERROR_CLASS_MISSING,     /* exit 6: a volume, file or payload cannot be had */
	ERROR_CLASS_SPACE,       /* exit 7: no space or memory */
	ERROR_CLASS_BUSY,        /* exit 8: somebody else holds the lock */
	ERROR_CLASS_INTERRUPTED, /* exit 9: stopped half way; start again to resume */
	ERROR_CLASS_INTERNAL,    /* exit 70: a defect in this program */
	ERROR_CLASSES_
};

enum error_id {
	ERROR_NONE = 0,
#define ERROR_ID(name, class, text, next) ERROR_##name,
#include "lib/base/error.def"
#undef ERROR_ID
	ERROR_IDS_
};

struct error {
	enum error_id id;
	enum error_class class; /* of id, except that errno can refine it: ENOSPC is SPACE */
	int sys;                /* errno at the time, or 0 */
	char message[512];      /* one line of printable ASCII, without id and next step */
};

#define ERROR_INIT               \
	{                        \
		.id = ERROR_NONE \
	}

/* Record a failure.  *err must be clear.  Always returns -1. */
int error_set(struct error *err, enum error_id id, const char *fmt, ...)
	__attribute__((format(printf, 3, 4), nonnull));

/*
 * As error_set(), appending strerror(errno).  ENOSPC, EDQUOT, EFBIG and ENOMEM
 * turn the class into SPACE whatever the id says.  Always returns -1.
 */
int error_set_errno(struct error *err, enum error_id id, const char *fmt, ...)
	__attribute__((format(printf, 3, 4), nonnull));

/* Prefix "context: " to a recorded failure.  Always returns -1. */
int error_wrap(struct error *err, const char *fmt, ...)
	__attribute__((format(printf, 2, 3), nonnull));

/* Forget a recorded failure, for a caller that dealt with it. */
void error_clear(struct error *err) __attribute__((nonnull));

/* The stable name ("GF-1301") and the next step of an id. */
const char *error_id_text(enum error_id id);
const char *error_next_step(enum error_id id);

/* The process exit status that stands for a class (docs/OPERATIONS.md). */
int error_exit_status(enum error_class class);

#endif
