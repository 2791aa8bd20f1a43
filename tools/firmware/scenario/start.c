// SPDX-License-Identifier: GPL-2.0-only
/* start FILE [ARGUMENT...]: executes that program, or prints the error. */
#include <unistd.h>

#include "outcome.h"

int main(int argc, char **argv)
{
	if (argc > 1)
		execv(argv[1], argv + 1);
	failure();
}
