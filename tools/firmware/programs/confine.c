// SPDX-License-Identifier: GPL-2.0-only
/*
 * confine PROGRAM [ARGUMENT...]
 *
 * Runs a program that has lost CAP_MAC_ADMIN, and with that every way to change the
 * policy, for itself and for all that it starts.
 */
#include <err.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	if (argc < 2)
		errx(1, "usage: confine PROGRAM [ARGUMENT...]");
	/* The bounding set limits the capabilities that execve() gives to root. */
	if (prctl(PR_CAPBSET_DROP, CAP_MAC_ADMIN))
		err(1, "CAP_MAC_ADMIN");
	execvp(argv[1], argv + 1);
	err(1, "%s", argv[1]);
}
