// SPDX-License-Identifier: GPL-2.0-only
/*
 * confine [-m] PROGRAM [ARGUMENT...]
 *
 * Runs a program so that script runners below it, however deep, refuse files that
 * the kernel would not execute (Documentation/userspace-api/check_exec.rst). With
 * -m it also loses CAP_MAC_ADMIN, and with that every way to change the policy.
 */
#include <err.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

/* Headers older than Linux 6.14 do not have these. */
#ifndef SECBIT_EXEC_RESTRICT_FILE
#define SECBIT_EXEC_RESTRICT_FILE		(1 << 8)
#define SECBIT_EXEC_RESTRICT_FILE_LOCKED	(1 << 9)
#endif

int main(int argc, char **argv)
{
	int bits = prctl(PR_GET_SECUREBITS);

	if (bits < 0 || prctl(PR_SET_SECUREBITS, bits | SECBIT_EXEC_RESTRICT_FILE |
			      SECBIT_EXEC_RESTRICT_FILE_LOCKED))
		err(1, "securebits");

	if (argc > 1 && !strcmp(argv[1], "-m")) {
		/* The bounding set limits the capabilities that execve() gives to root. */
		if (prctl(PR_CAPBSET_DROP, CAP_MAC_ADMIN))
			err(1, "CAP_MAC_ADMIN");
		argv++;
		argc--;
	}
	if (argc < 2)
		errx(1, "usage: confine [-m] PROGRAM [ARGUMENT...]");

	execvp(argv[1], argv + 1);
	err(1, "%s", argv[1]);
}
