// SPDX-License-Identifier: GPL-2.0-only
/*
 * IPE tests - a program that the kernel starts by way of an interpreter
 *
 * The interpreter that the tests usually choose is the program "probe": it ends
 * before anything here runs. A forged one has no code, and its headers lead back to
 * this program. That stands for one in which an attacker has found the instructions
 * to write and to jump with: it does so, and runs only if the memory is executable.
 */
#include "interpreted.h"
#include "probe.h"

/* A section of this name becomes the program header PT_INTERP. */
const char interpreter[] __attribute__((section(".interp"), used)) =
	INTERPRETER_PATH;

/* More than the function below has instructions. */
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
