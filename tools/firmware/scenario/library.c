// SPDX-License-Identifier: GPL-2.0-only
/*
 * library.so: the library of the scenario. Its code runs as soon as it is loaded: it
 * prints its own word, and ends the program that loaded it.
 */
#include <link.h>
#include <unistd.h>

static void __attribute__((constructor)) loaded(void)
{
	static const char word[] = "loaded\n";

	/* No stdio: an auditing library has a C library of its own, not set up yet. */
	_exit(write(STDOUT_FILENO, word, sizeof(word) - 1) < 0);
}

/* The linker looks for this in a library that LD_AUDIT names. */
unsigned int la_version(unsigned int version)
{
	return version;
}
