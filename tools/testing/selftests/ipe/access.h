/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * IPE tests - accesses that IPE judges: executing and mapping files
 *
 * Each try_*() returns 0 if the kernel allowed it, else a negative errno;
 * try_run() returns the exit code of the program.
 */
#ifndef IPE_SELFTEST_ACCESS_H
#define IPE_SELFTEST_ACCESS_H

#include <stddef.h>

#include "common.h"

#ifndef AT_EXECVE_CHECK
#define AT_EXECVE_CHECK 0x10000
#endif

int run_program_with(const char *word, int fd, const char *path, int flags,
		     int (*prepare)(void *argument), void *argument);
int run_program(int fd, const char *path, int flags,
		int (*prepare)(void *argument), void *argument);
int program_ran(int code);
int read_implies_exec(bool on);
/* Grows the heap, with the personality READ_IMPLIES_EXEC or without, and shrinks it again. */
int try_grow_heap(bool with_personality);
int set_read_implies_exec(void *unused);
int try_run(const char *path);
int try_execve(const char *path);
int try_execveat(int fd);
bool kernel_checks_execve(void);
int try_execve_check(int fd);
int try_mmap(int fd, int flags);
int try_mprotect(int fd);
int try_execve_check_path(const char *path);
int try_mmap_path(const char *path);
int try_mprotect_path(const char *path);
int try_mmap_anonymous(void);
int try_mprotect_anonymous(void);

int write_script(const char *path, const char *interpreter);
int subject_copy_probe(const char *dir, char *path, size_t size);
int subject_memfd(void);

#define NO_EXECVE_CHECK "no AT_EXECVE_CHECK before Linux 6.14"

/* Skips a test about AT_EXECVE_CHECK where the kernel has none. */
#define NEEDS_EXECVE_CHECK()                           \
	do {                                           \
		if (!kernel_checks_execve())           \
			SKIP(return, NO_EXECVE_CHECK); \
	} while (0)

#endif /* IPE_SELFTEST_ACCESS_H */
