// SPDX-License-Identifier: GPL-2.0-only
/* load LIBRARY: a trusted program that opens a library while it runs. */
#include <dlfcn.h>

#include "outcome.h"

int main(int argc, char **argv)
{
	if (argc > 1 && dlopen(argv[1], RTLD_NOW))
		outcome("loaded");
	outcome("refused");
}
