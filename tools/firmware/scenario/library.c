// SPDX-License-Identifier: GPL-2.0-only
/*
 * library.so: the library of the scenario. Its code runs as soon as it is loaded,
 * and ends the program that loaded it with its own word.
 */
#include <link.h>
#include <unistd.h>

static void __attribute__((constructor)) loaded(void)
{
	static const char word[] = "loaded\n";

	/* No stdio: an auditing library has a C library of its own, not set up yet. */
	_exit(write(STDOUT_FILENO, word, sizeof(word) - 1) < 0);
}

/* What the linker looks for in a library named by LD_AUDIT. */
unsigned int la_version(unsigned int version)
{
	return version;
}
