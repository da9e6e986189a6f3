/*
 * What the shim (shim.c, loaded into a program before its main()) and who drives it (faults.c,
 * crash.c) share: one page of memory, and a log.  Both are files that the driver made; the shim
 * maps them while the program starts, so that nothing needs a descriptor or a system call of its
 * own once a process has taken on its role.  Children inherit the page, so their calls count too.
 */
#ifndef FAULT_FAULT_H
#define FAULT_FAULT_H

#include <stdint.h>

enum fault_class {
	FAULT_OPEN,
	FAULT_READ,
	FAULT_WRITE,
	FAULT_SYNC,
	FAULT_RENAME,
	FAULT_UNLINK,
	FAULT_MKDIR,
	FAULT_TRUNCATE,
	FAULT_MALLOC,
	FAULT_MMAP,
	FAULT_CLASSES_
};

/* Instead of an errno: fewer bytes than asked for. */
enum { FAULT_SHORT = 10000, FAULT_PROCESSES = 8, FAULT_LOG_BYTES = 1 << 28 };

struct fault_page {
	/* the plan: call `index` (from 1) of `class` in process `process` (0 the program, then its
	 * children in order of their start) ends with `how`; index 0: none */
	uint32_t process, class;
	uint64_t index;
	uint32_t how;
	uint32_t persistent; /* and all that follow */
	int64_t now;         /* what the clock says, 0: the time of day */
	uint32_t skip; /* flushes that are left out and said to be done, as bits of FAULT_SKIP_* */
	uint32_t record; /* the main process writes the log */
	uint64_t device; /* of files below it */
	/* what happened */
	_Atomic uint32_t started; /* processes */
	_Atomic uint32_t hit;
	_Atomic uint64_t count[FAULT_PROCESSES][FAULT_CLASSES_];
	_Atomic uint64_t logged; /* bytes of the log */
	_Atomic uint32_t overflow;
	char caller[64]; /* library whose allocation failed */
};

enum { FAULT_SKIP_SYNCFS = 1, FAULT_SKIP_FILE = 2, FAULT_SKIP_DIR = 4 };

/* A record of the log, followed by `first` and `second` bytes of names and `length` bytes of data.
 */
enum fault_op {
	FAULT_LOG_CREATE, /* dir, name; inode */
	FAULT_LOG_MKDIR,  /* dir, name; inode */
	FAULT_LOG_DATA,   /* inode, offset, data */
	FAULT_LOG_SIZE,   /* inode, offset: its size from here on */
	FAULT_LOG_MOVE,   /* dir, name, to, second name */
	FAULT_LOG_LINK,   /* the same, and the first name stays */
	FAULT_LOG_REMOVE, /* dir, name */
	FAULT_LOG_SYNC,   /* inode: a file or a directory */
	FAULT_LOG_SYNCFS, /* everything */
};

struct fault_record {
	uint32_t op, first, second, length;
	uint64_t inode, dir, to, offset;
};

#endif
