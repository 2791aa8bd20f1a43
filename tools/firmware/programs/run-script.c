// SPDX-License-Identifier: GPL-2.0-only
/*
 * run-script SCRIPT [ARGUMENT...]
 *
 * Runs a shell script, after asking the kernel whether it would execute that file.
 * An ordinary shell reads a script as data, which no policy sees.
 */
#include <err.h>
#include <fcntl.h>
#include <linux/securebits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Headers older than Linux 6.14 do not have these. */
#ifndef AT_EXECVE_CHECK
#define AT_EXECVE_CHECK			0x10000
#endif
#ifndef SECBIT_EXEC_RESTRICT_FILE
#define SECBIT_EXEC_RESTRICT_FILE	(1 << 8)
#endif

#define REFUSED 126 /* a shell's status for a command that may not be executed */

int main(int argc, char **argv)
{
	char script[32];
	int bits, fd;

	/* No commands from arguments or standard input: the kernel cannot judge them. */
	if (argc < 2 || argv[1][0] == '-')
		errx(REFUSED, "usage: run-script SCRIPT [ARGUMENT...]");

	fd = open(argv[1], O_RDONLY);
	if (fd < 0)
		err(REFUSED, "%s", argv[1]);

	/* Always ask, so that the question is audited; obey if this process must. */
	bits = prctl(PR_GET_SECUREBITS);
	if (syscall(SYS_execveat, fd, "", argv, environ, AT_EMPTY_PATH | AT_EXECVE_CHECK) &&
	    (bits < 0 || bits & SECBIT_EXEC_RESTRICT_FILE))
		err(REFUSED, "%s", argv[1]);

	/* The shell gets the file that was judged, not a name that may change. */
	snprintf(script, sizeof(script), "/proc/self/fd/%d", fd);
	argv[0] = "sh";
	argv[1] = script;
	execv("/bin/sh", argv);
	err(REFUSED, "/bin/sh");
}
