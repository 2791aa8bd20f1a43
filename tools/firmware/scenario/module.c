// SPDX-License-Identifier: GPL-2.0-only
/*
 * module file FILE      loads a kernel module from its file
 * module memory FILE    reads the file itself and passes the bytes, so that the
 *                       kernel cannot know where they come from
 */
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "outcome.h"

int main(int argc, char **argv)
{
	struct stat file;
	void *bytes;
	int fd;

	fd = argc > 2 ? open(argv[2], O_RDONLY) : -1;
	if (fd < 0 || fstat(fd, &file))
		failure();

	if (!strcmp(argv[1], "file")) {
		if (syscall(SYS_finit_module, fd, "", 0))
			failure();
	} else {
		bytes = mmap(NULL, file.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
		if (bytes == MAP_FAILED || syscall(SYS_init_module, bytes, file.st_size, ""))
			failure();
	}
	outcome("loaded");
}
