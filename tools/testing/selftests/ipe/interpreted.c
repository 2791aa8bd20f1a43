// SPDX-License-Identifier: GPL-2.0-only
/*
 * IPE tests - a program that the kernel starts through an interpreter
 *
 * Usually the tests choose the program "probe" as its interpreter, which exits
 * before this program runs. A forged interpreter has no code; its headers lead
 * back to this program. That stands for a program in which an attacker has
 * found instructions to write and to jump: it does both, and works only if the
 * memory is executable.
 */
#include "interpreted.h"
#include "probe.h"

/* A section of this name becomes the program header PT_INTERP. */
const char interpreter[] __attribute__((section(".interp"), used)) =
	INTERPRETER_PATH;

/* More than the size of the function below. */
#define CODE_SIZE 64

static __attribute__((noinline)) int ran(void)
{
	return PROBE_RAN;
}

int main(void)
{
	char *memory = (char *)INTERPRETER_MEMORY;
	int (*copy)(void) = (int (*)(void))memory;

	memcpy(memory, (const void *)ran, CODE_SIZE);
	__builtin___clear_cache(memory, memory + CODE_SIZE);
	return copy();
}
