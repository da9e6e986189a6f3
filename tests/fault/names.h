/*
 * Names under which the C library offers what shim.c has: one function, several symbols.  A second
 * declaration under the true names would collide with those of the headers, hence assembler names.
 */
#ifndef FAULT_NAMES_H
#define FAULT_NAMES_H

#define FAULT_ALIAS(FUNCTION, NAME) __asm__(".globl " #NAME "\n.set " #NAME ", " #FUNCTION)

FAULT_ALIAS(shim_open, open);
FAULT_ALIAS(shim_open, open64);
FAULT_ALIAS(shim_open_2, __open_2);
FAULT_ALIAS(shim_open_2, __open64_2);
FAULT_ALIAS(shim_openat, openat);
FAULT_ALIAS(shim_openat, openat64);
FAULT_ALIAS(shim_openat_2, __openat_2);
FAULT_ALIAS(shim_openat_2, __openat64_2);
FAULT_ALIAS(shim_read, read);
FAULT_ALIAS(shim_read_chk, __read_chk);
FAULT_ALIAS(shim_pread, pread);
FAULT_ALIAS(shim_pread, pread64);
FAULT_ALIAS(shim_pread_chk, __pread_chk);
FAULT_ALIAS(shim_pread_chk, __pread64_chk);
FAULT_ALIAS(shim_write, write);
FAULT_ALIAS(shim_pwrite, pwrite);
FAULT_ALIAS(shim_pwrite, pwrite64);
FAULT_ALIAS(shim_ftruncate, ftruncate);
FAULT_ALIAS(shim_ftruncate, ftruncate64);
FAULT_ALIAS(shim_fallocate, fallocate);
FAULT_ALIAS(shim_fallocate, fallocate64);
FAULT_ALIAS(shim_mmap, mmap);
FAULT_ALIAS(shim_mmap, mmap64);

#endif
