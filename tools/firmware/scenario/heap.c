// SPDX-License-Identifier: GPL-2.0-only
/* heap: writes code into allocated memory, and calls it. */
#include <signal.h>
#include <unistd.h>

#include "outcome.h"

#define RET 0xc3

static void denied(int signal)
{
	(void)signal;
	outcome("SIGSEGV");
}

int main(void)
{
	unsigned char *memory = sbrk(4096);

	signal(SIGSEGV, denied);
	memory[0] = RET;
	((void (*)(void))memory)();
	outcome("executable");
}
