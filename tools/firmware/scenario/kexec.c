// SPDX-License-Identifier: GPL-2.0-only
/*
 * kexec file FILE    makes a file the next kernel
 * kexec memory       makes bytes from memory the next kernel
 */
#include <fcntl.h>
#include <linux/kexec.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "outcome.h"

int main(int argc, char **argv)
{
	if (argc > 2) {
		int fd = open(argv[2], O_RDONLY);

		if (fd < 0 || syscall(SYS_kexec_file_load, fd, -1, 1, "", KEXEC_FILE_NO_INITRAMFS))
			failure();
	} else if (syscall(SYS_kexec_load, 0, 0, NULL, 0)) {
		failure();
	}
	outcome("loaded");
}
