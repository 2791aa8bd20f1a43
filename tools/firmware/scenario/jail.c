// SPDX-License-Identifier: GPL-2.0-only
/*
 * jail ROOT PROGRAM: a plain user, in their own user namespace, makes ROOT the root
 * directory and starts a program there. The kernel looks up its dynamic linker there, too.
 */
#include <sched.h>
#include <unistd.h>

#include "outcome.h"

int main(int argc, char **argv)
{
	if (argc != 3 || setresgid(65534, 65534, 65534) || setresuid(65534, 65534, 65534) ||
	    unshare(CLONE_NEWUSER) || chroot(argv[1]) || chdir("/"))
		failure();
	execv(argv[2], argv + 2);
	failure();
}
