// SPDX-License-Identifier: GPL-2.0-only
/*
 * rewrite FILE DISK: finds the first page of a file on the disk and changes a byte
 * of it there, below dm-verity. Filesystems of dm-verity volumes are aligned to
 * pages, so only those need to be looked at.
 */
#include <fcntl.h>
#include <unistd.h>

#include "outcome.h"

#define PAGE 4096
#define VICTIM 24 /* in the header of a program: the address where it starts */

int main(int argc, char **argv)
{
	static char wanted[PAGE], page[PAGE];
	off_t offset = 0;
	int file, disk;

	file = argc > 2 ? open(argv[1], O_RDONLY) : -1;
	disk = argc > 2 ? open(argv[2], O_RDWR) : -1;
	if (file < 0 || disk < 0 || read(file, wanted, PAGE) != PAGE)
		failure();

	while (pread(disk, page, PAGE, offset) == PAGE) {
		if (!memcmp(page, wanted, PAGE)) {
			page[VICTIM] ^= 1;
			if (pwrite(disk, page, PAGE, offset) != PAGE || fsync(disk))
				failure();
			outcome("written");
		}
		offset += PAGE;
	}
	outcome("not found");
}
