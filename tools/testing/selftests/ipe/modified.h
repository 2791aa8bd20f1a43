/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * IPE tests - ways to executable mappings of a file, which may have the code of the
 * file or not
 */
#ifndef IPE_SELFTEST_MODIFIED_H
#define IPE_SELFTEST_MODIFIED_H

#include <sys/mman.h>

#include "access.h"
#include "audit.h"
#include "harness.h"
#include "stage.h"

#define PAGE 4096UL
#define PAGES (2 * PAGE)

#define RX (PROT_READ | PROT_EXEC)
#define RW (PROT_READ | PROT_WRITE)
#define RWX (PROT_READ | PROT_WRITE | PROT_EXEC)

/* Maps the file, calls prepare(), and changes the protection. */
static inline int change(int fd, int before, int flags,
			 void (*prepare)(char *at), int after)
{
	char *at = mmap(NULL, PAGES, before, flags, fd, 0);
	int err = 0;

	if (at == MAP_FAILED)
		return -errno;
	if (prepare)
		prepare(at);
	if (mprotect(at, PAGE, after))
		err = -errno;
	munmap(at, PAGES);
	return err;
}

static inline int map(int fd, int prot, int flags)
{
	void *at = mmap(NULL, PAGES, prot, flags, fd, 0);

	if (at == MAP_FAILED)
		return -errno;
	munmap(at, PAGES);
	return 0;
}

static inline void do_read(char *at)
{
	(void)*(volatile char *)at;
}

static inline void do_write(char *at)
{
	*(volatile char *)at = *(volatile char *)at;
}

static inline int mapped(int fd)
{
	return map(fd, RX, MAP_PRIVATE);
}

static inline int read_only(int fd)
{
	return change(fd, PROT_READ, MAP_PRIVATE, do_read, RX);
}

/* As the dynamic linker does for a library with text relocations. */
static inline int written(int fd)
{
	return change(fd, RW, MAP_PRIVATE, do_write, RX);
}

static inline int at_once(int fd)
{
	return map(fd, RWX, MAP_PRIVATE);
}

/* The mapping was judged as an unmodified one, and then becomes writable, too. */
static inline int writable_later(int fd)
{
	return change(fd, RX, MAP_PRIVATE, NULL, RWX);
}

static inline int checked(int fd)
{
	return try_execve_check(fd);
}

#endif /* IPE_SELFTEST_MODIFIED_H */
