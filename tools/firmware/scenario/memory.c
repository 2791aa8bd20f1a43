// SPDX-License-Identifier: GPL-2.0-only
/*
 * memory mmap             asks for memory that is writable and executable
 * memory mprotect         makes memory executable after writing into it
 * memory mmap FILE        asks for a private copy of a file that is writable and executable
 * memory mprotect FILE    makes a private copy of a file executable after writing into it
 *
 * It writes code, and calls it in the end.
 */
#include <fcntl.h>
#include <sys/mman.h>

#include "code.h"
#include "outcome.h"

#define LENGTH 4096

int main(int argc, char **argv)
{
	int late = argc > 1 && !strcmp(argv[1], "mprotect");
	int flags = MAP_PRIVATE | (argc > 2 ? 0 : MAP_ANONYMOUS);
	int fd = argc > 2 ? open(argv[2], O_RDONLY) : -1;
	unsigned char *page;

	page = mmap(NULL, LENGTH, PROT_READ | PROT_WRITE | (late ? 0 : PROT_EXEC), flags, fd, 0);
	if (page == MAP_FAILED)
		failure();
	write_code(page);
	if (late && mprotect(page, LENGTH, PROT_READ | PROT_EXEC))
		failure();
	((void (*)(void))page)();
	outcome("executable");
}
