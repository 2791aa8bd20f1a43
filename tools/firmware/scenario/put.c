// SPDX-License-Identifier: GPL-2.0-only
/*
 * put TARGET: writes standard input into an existing file, in one write, and checks
 * the result of close(). Shells do neither.
 */
#include <fcntl.h>
#include <unistd.h>

#include "outcome.h"

int main(int argc, char **argv)
{
	static char bytes[128 * 1024];
	size_t length;
	int fd;

	length = fread(bytes, 1, sizeof(bytes), stdin);
	fd = argc > 1 ? open(argv[1], O_WRONLY) : -1;
	if (fd < 0 || write(fd, bytes, length) != (ssize_t)length)
		failure();
	if (close(fd))
		failure();
	outcome("written");
}
