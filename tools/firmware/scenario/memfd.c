// SPDX-License-Identifier: GPL-2.0-only
/* memfd PROGRAM: copies a program into a file that exists in memory only, and runs it. */
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "outcome.h"

int main(int argc, char **argv)
{
	int from = argc > 1 ? open(argv[1], O_RDONLY) : -1;
	int memory = memfd_create("program", 0);
	struct stat file;

	if (from < 0 || memory < 0 || fstat(from, &file) ||
	    sendfile(memory, from, NULL, file.st_size) != file.st_size)
		failure();

	fexecve(memory, argv + 1, environ);
	failure();
}
