// SPDX-License-Identifier: GPL-2.0-only
/* heap: writes code into allocated memory, and calls it. */
#include <signal.h>
#include <unistd.h>

#include "code.h"
#include "outcome.h"

static void denied(int signal)
{
	(void)signal;
	outcome("SIGSEGV");
}

int main(void)
{
	unsigned char *memory = sbrk(4096);

	signal(SIGSEGV, denied);
	write_code(memory);
	((void (*)(void))memory)();
	outcome("executable");
}
