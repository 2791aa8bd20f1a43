// SPDX-License-Identifier: GPL-2.0-only
/*
 * ask-not PROGRAM [ARGUMENT...]: clears the securebits that tell programs to ask about
 * scripts, as every program may, and starts a program.
 */
#include <sys/prctl.h>
#include <unistd.h>

#include "outcome.h"

int main(int argc, char **argv)
{
	if (argc < 2 || prctl(PR_SET_SECUREBITS, 0))
		failure();
	execv(argv[1], argv + 1);
	failure();
}
