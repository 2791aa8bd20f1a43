// SPDX-License-Identifier: GPL-2.0-only
/* implies-exec PROGRAM: starts it so that its readable memory is executable, too. */
#include <sys/personality.h>
#include <unistd.h>

#include "outcome.h"

int main(int argc, char **argv)
{
	if (argc != 2 || personality(READ_IMPLIES_EXEC) < 0)
		failure();
	execv(argv[1], argv + 1);
	failure();
}
